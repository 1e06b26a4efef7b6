"""A line of processes that wait, first come first served."""

import attrs

from allo_async._coordination.store import ALIVE


@attrs.define
class Line:
    """Who waits; who does not ask again in time has died, and loses the place.

    Attributes:
        alive_until: When each is taken for dead, in the order in which they came.
    """

    alive_until: dict[str, float] = attrs.field(factory=dict[str, float])

    def before(self, member: str) -> int:
        """Tell how many stand before *member*; who does not stand there comes last."""
        return list(self.alive_until).index(member) if member in self.alive_until else len(self.alive_until)

    def behind(self, member: str, ahead: int) -> int:
        """Tell how many will leave before one more of *member*'s, of whom *ahead* wait, the first in its place."""
        if not ahead:
            return self.before(member)
        return len(self.alive_until) + ahead - (member in self.alive_until)

    def has_lost_some_of(self, before: "Line") -> bool:
        """Tell whether somebody has left, or died, who stood there *before*."""
        return bool(before.alive_until.keys() - self.alive_until)

    def stand(self, member: str, *, now: float) -> None:
        """Give *member* a place, or keep it there."""
        self.alive_until[member] = now + ALIVE

    def leave(self, member: str) -> None:
        """Take *member* out."""
        self.alive_until.pop(member, None)

    def forget(self, now: float) -> None:
        """Take the dead out."""
        self.alive_until = {member: until for member, until in self.alive_until.items() if until > now}
