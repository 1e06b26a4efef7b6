"""Whose queue it is."""

import attrs


@attrs.frozen
class Assignee:
    """A rep, as the API names one: a teammate by user id or by e-mail address, or, with neither, the key's owner.

    Attributes:
        user_id: The teammate's id, `usr-…`.
        email: The teammate's e-mail address.
    """

    user_id: str | None = None
    email: str | None = None

    def fields(self) -> dict[str, str]:
        """Return how a request names this teammate."""
        if self.user_id is not None:
            return {"user_id": self.user_id}
        return {"email": self.email} if self.email is not None else {}

    @property
    def identity(self) -> tuple[str, str]:
        """The same value for each way of writing the same teammate."""
        if self.user_id is not None:
            return ("user_id", self.user_id)
        return ("email", (self.email or "").casefold())

    def __str__(self) -> str:
        # For logs: an e-mail address names a person, an id does not.
        if self.user_id is not None:
            return self.user_id
        return f"a teammate at {self.email.rpartition('@')[2]}" if self.email else "the key owner"
