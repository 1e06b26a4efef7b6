"""The arithmetic of a pace: what has left of late, and when the next may leave."""

from collections import deque

import attrs

from allo_async._wire.hints import RateLimit

#: Seconds: the limit's own, and a little for requests that reach the server closer together than they left.
WINDOW = 1.0 + 0.03


@attrs.define
class Window:
    """An exact sliding window: no span of a second ever sees more than *limit* requests leave.

    All moments are seconds on one and the same monotonic clock.

    Attributes:
        limit: Requests per second.
        not_before: Before that moment nothing may leave.
        departures: When requests have left, those of strangers included, in order.
    """

    limit: int = attrs.field(validator=attrs.validators.ge(1))
    not_before: float = 0.0
    departures: deque[float] = attrs.field(factory=deque[float])

    def next_departure(self, behind: int = 0, *, now: float) -> float:
        """Tell when one who asks *now* may leave, behind so many others who leave as soon as they may."""
        departures = self.departures.copy() if behind else self.departures
        for _ in range(behind):
            departures.append(self._next(departures, now))
        return self._next(departures, now)

    def depart(self, moment: float) -> None:
        """Count a request that leaves at *moment*; forget those that count no more, whatever the limit becomes."""
        self.departures.append(moment)
        while len(self.departures) > self.limit and self.departures[0] < moment - 2 * WINDOW:
            self.departures.popleft()

    def heard(self, told: RateLimit, *, since: float, now: float) -> None:
        """Follow what an answer *told* of the limit; its request left at *since*.

        What the server has counted beyond our own requests of that time was others', and takes places as ours do.
        """
        self.limit = told.limit
        if told.remaining is None:
            return
        own = sum(moment > since - 1.0 for moment in self.departures)
        for _ in range(told.limit - told.remaining - own):
            self.depart(now)

    def _next(self, departures: deque[float], now: float) -> float:
        moment = max(now, self.not_before)
        return max(moment, departures[-self.limit] + WINDOW) if len(departures) >= self.limit else moment
