"""The line of members that wait for the same thing, first come first served."""

import attrs

#: Seconds after which a member that does not ask again counts as dead.
ALIVE = 4.0


@attrs.define
class WaitingMembers:
    """Each member is one event loop or one process. A member that does not ask again in time loses its place.

    Attributes:
        alive_until: When each member counts as dead, in the order in which they came.
    """

    alive_until: dict[str, float] = attrs.field(factory=dict[str, float])

    def before(self, member: str) -> int:
        """Return how many stand before *member*; a member without a place comes last."""
        return list(self.alive_until).index(member) if member in self.alive_until else len(self.alive_until)

    def behind(self, member: str, ahead: int) -> int:
        """Return how many requests leave before one more of *member*, of whose own *ahead* leave before."""
        if not ahead:
            return self.before(member)
        return len(self.alive_until) + ahead - (member in self.alive_until)

    def stand(self, member: str, *, now: float) -> None:
        """Put *member* at the end of the line, or keep its place."""
        self.alive_until[member] = now + ALIVE

    def leave(self, member: str) -> bool:
        """Take *member* out, and return whether it stood there."""
        return self.alive_until.pop(member, None) is not None

    def forget(self, now: float) -> bool:
        """Take the dead out, and return whether there were any."""
        alive = {member: until for member, until in self.alive_until.items() if until > now}
        died = len(alive) < len(self.alive_until)
        self.alive_until = alive
        return died

    def shift(self, seconds: float) -> None:
        """Move all moments."""
        self.alive_until = {member: until + seconds for member, until in self.alive_until.items()}
