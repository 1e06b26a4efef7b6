"""Pace: at most so many requests in any second, first come first served."""

import asyncio
from collections import deque
from math import inf

from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.errors import RateLimitedError
from allo_async.models.team import READS_PER_SECOND, WRITES_PER_SECOND

# The limit's second, and a little for requests that reach the server closer together than they left.
_WINDOW = 1.0 + 0.03


class Pace:
    """An exact sliding window: no span of a second ever sees more than *limit* requests leave.

    Waiting is fair and cancellable: whoever gives up leaves no gap behind.

    Args:
        limit: Requests per second.
        clock: Where time comes from.
    """

    def __init__(self, limit: int, *, clock: Clock) -> None:
        self._clock = clock
        self._line = asyncio.Lock()
        self._admitted = deque[float](maxlen=limit)
        self._not_before = clock.monotonic()
        self._waiting = 0

    async def admit(self, patience: float = inf) -> None:
        """Wait until one more request may leave, and count it.

        Raises:
            RateLimitedError: It would take more than *patience* seconds.
        """
        if patience < inf and (wait := self._wait_in_line()) > patience:
            raise RateLimitedError(
                f"the rate limit of the key leaves no room for {wait:.1f} s, and the patience is {patience:g} s",
                status=429,
                code="RATE_LIMIT_EXCEEDED",
                retry_after=wait,
            )
        self._waiting += 1
        try:
            async with self._line:
                while (wait := self._next_moment() - self._clock.monotonic()) > 0:
                    await self._clock.sleep(wait)
                self._admitted.append(self._clock.monotonic())
        finally:
            self._waiting -= 1

    def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*; an earlier, longer hold stays in force."""
        self._not_before = max(self._not_before, self._clock.monotonic() + seconds)

    def _next_moment(self) -> float:
        full = len(self._admitted) == self._admitted.maxlen
        return max(self._not_before, self._admitted[0] + _WINDOW if full else self._not_before)

    def _wait_in_line(self) -> float:
        """Tell how long one who comes now will wait, behind all who wait already."""
        now = self._clock.monotonic()
        moments = deque(self._admitted, maxlen=self._admitted.maxlen)
        for _ in range(self._waiting + 1):
            full = len(moments) == moments.maxlen
            moments.append(max(now, self._not_before, moments[0] + _WINDOW if full else now))
        return moments[-1] - now


class Paces:
    """A key's two limits [guide]: reads (GET) and writes (everything else), apart.

    Args:
        clock: Where time comes from.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._reads = Pace(READS_PER_SECOND, clock=clock)
        self._writes = Pace(WRITES_PER_SECOND, clock=clock)

    def of(self, request: Request) -> Pace:
        """Give the pace that *request* counts against."""
        return self._reads if request.reads else self._writes

    def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*: a 429 is the key's, whichever limit it was."""
        self._reads.hold(seconds)
        self._writes.hold(seconds)
