"""Whose queue a request is about."""

from typing import Final
from urllib.parse import quote

import attrs

from allo_async.errors import InvalidTeammateError


class NotGiven:
    """Tells a teammate that was not given from one given as `None`, which is an error."""

    def __repr__(self) -> str:
        return "…"


NOT_GIVEN: Final = NotGiven()


@attrs.frozen
class Assignee:
    """A teammate by id or by e-mail address, or, with neither, the key's owner."""

    user_id: str | None = None
    email: str | None = None

    @classmethod
    def of(cls, *, user_id: object = NOT_GIVEN, email: object = NOT_GIVEN) -> "Assignee":
        """Take what the caller gave for a teammate; nothing at all is the key's owner.

        Raises:
            InvalidTeammateError: It is `None`, empty, not a string, or both ways at once.
        """
        both = {"user_id": user_id, "email": email}
        given = {name: value for name, value in both.items() if value is not NOT_GIVEN}
        if len(given) > 1:
            raise InvalidTeammateError("give user_id or email, not both: the API would silently ignore the email")
        for name, value in given.items():
            if not isinstance(value, str) or not value.strip():
                raise InvalidTeammateError(
                    f"{name} must be a teammate's, not {value!r}: the key owner's own queue is queue() without it"
                )
        return cls(**{name: str(value).strip() for name, value in given.items()})

    @classmethod
    def of_one(cls, *, user_id: str | None, email: str | None) -> "Assignee":
        """Take a teammate who must be given, by one of the two.

        Raises:
            InvalidTeammateError: Neither is, or both are, or the one is empty.
        """
        if user_id is None and email is None:
            raise InvalidTeammateError("give a teammate, by user id or by e-mail")
        return cls.of(user_id=NOT_GIVEN if user_id is None else user_id, email=NOT_GIVEN if email is None else email)

    @property
    def segment(self) -> str:
        """The user id as one segment of a path.

        Raises:
            InvalidTeammateError: It would lead to another path.
        """
        user_id = self.user_id or ""
        if user_id in {"", ".", ".."} or "/" in user_id or "\\" in user_id:
            raise InvalidTeammateError(f"{user_id[:40]!r} is not a user id")
        return quote(user_id, safe="")

    def fields(self) -> dict[str, str]:
        """Tell how a request names this teammate."""
        if self.user_id is not None:
            return {"user_id": self.user_id}
        return {"email": self.email} if self.email is not None else {}

    @property
    def identity(self) -> tuple[str, str]:
        """What two ways of writing the same teammate have in common."""
        if self.user_id is not None:
            return ("user_id", self.user_id)
        return ("email", (self.email or "").casefold())

    def __str__(self) -> str:
        # For logs: an e-mail address names a person, an id does not.
        if self.user_id is not None:
            return self.user_id
        return f"a teammate at {self.email.rpartition('@')[2]}" if self.email else "the key owner"
