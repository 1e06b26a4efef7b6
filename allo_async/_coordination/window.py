"""The arithmetic of a rate limit, and the line of members that wait for the same thing."""

import attrs

from allo_async._wire.hints import RateLimit

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


#: Seconds: the limit's own, and a little for requests that reach the server closer together than they left.
WINDOW = 1.0 + 0.03


@attrs.define
class Window:
    """An exact sliding window: in no span of a second do more than *limit* requests leave.

    All moments are seconds on one clock.

    Attributes:
        limit: Requests per second.
        departures: When requests left, those of strangers included, in order.
    """

    limit: int = attrs.field(validator=attrs.validators.ge(1))
    departures: list[float] = attrs.field(factory=list[float])

    def next_departure(self, behind: int, *, now: float, not_before: float) -> float:
        """Return when a request that comes *now* may leave, behind so many others that leave as soon as they may."""
        rounds, place = divmod(behind, self.limit)
        place += max(0, len(self.departures) - self.limit) - max(0, self.limit - len(self.departures))
        held_by = self.departures[place] + WINDOW if place >= 0 else now
        # Each round of `limit` requests leaves one window after the round before.
        return max(now, not_before, held_by) + rounds * WINDOW

    def depart(self, moment: float) -> None:
        """Count a request that leaves at *moment*."""
        self.departures.append(moment)
        old = sum(1 for departure in self.departures[: -self.limit] if departure < moment - 2 * WINDOW)
        del self.departures[:old]

    def give_back(self, moment: float) -> bool:
        """Stop counting a request that was to leave at *moment* and did not; return whether it was counted."""
        if moment not in self.departures:
            return False
        self.departures.remove(moment)
        return True

    def update(self, told: RateLimit, *, since: float, now: float) -> None:
        """Follow a reply's limit. Its request left at *since*.

        The server's count beyond our own requests of that time belongs to strangers, whose requests take places as
        ours do.
        """
        self.limit = told.limit
        if told.remaining is None:
            return
        own = sum(moment > since - 1.0 for moment in self.departures)
        for _ in range(told.limit - told.remaining - own):
            self.depart(now)

    def shift(self, seconds: float) -> None:
        """Move all moments."""
        self.departures = [moment + seconds for moment in self.departures]
