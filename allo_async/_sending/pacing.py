"""Pace: at most so many requests in any second, first come first served."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator
from math import inf

from allo_async._wire.hints import RateLimit
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.errors import RateLimitedError
from allo_async.models.team import READS_PER_SECOND, WRITES_PER_SECOND

#: Seconds: the limit's own, and a little for requests that reach the server closer together than they left.
WINDOW = 1.0 + 0.03

# Seconds for which departures are remembered; no answer is awaited longer on a server that is worth a pace.
_MEMORY = 30.0


class Pace:
    """An exact sliding window: no span of a second ever sees more than *limit* requests leave.

    Waiting is fair and cancellable: whoever gives up leaves no gap behind. Requests of strangers, of whom the server's
    count tells, take their places in the window as our own do.

    Args:
        limit: Requests per second, until the server says otherwise.
        clock: Where time comes from.
    """

    def __init__(self, limit: int, *, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._line = asyncio.Lock()
        self._departures = deque[float]()
        self._not_before = clock.monotonic()
        self._waiting = 0

    async def admit(self, patience: float = inf) -> float:
        """Wait until one more request may leave, count it, and tell the moment.

        Raises:
            RateLimitedError: It would take more than *patience* seconds.
        """
        await self._check(patience)
        self._waiting += 1
        try:
            async with self._within(patience), self._line:
                await self._until_gone()
                moment = self._clock.monotonic()
                self._depart(moment)
                return moment
        finally:
            self._waiting -= 1

    async def opening(self, patience: float = inf) -> None:
        """Wait until a request could leave at once, without counting one.

        Raises:
            RateLimitedError: As for `admit`.
        """
        await self._check(patience)
        async with self._within(patience), self._line:
            await self._until_open()

    def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*; an earlier, longer hold stays in force."""
        self._not_before = max(self._not_before, self._clock.monotonic() + seconds)

    def heard(self, told: RateLimit, *, since: float) -> None:
        """Follow what an answer *told* of the limit; its request left at *since*.

        What the server has counted beyond our own requests of that time was others'.
        """
        self._limit = told.limit
        if told.remaining is None:
            return
        now = self._clock.monotonic()
        own = sum(moment > since - 1.0 for moment in self._departures)
        for _ in range(told.limit - told.remaining - own):
            self._depart(now)

    async def _check(self, patience: float) -> None:
        if patience < inf and (wait := await self._wait_in_line()) > patience:
            raise _limited(wait, patience)

    @contextlib.asynccontextmanager
    async def _within(self, patience: float) -> AsyncGenerator[None]:
        # It may take longer than was to be expected: others are told to wait, or come in between.
        try:
            async with self._clock.timeout(patience if patience < inf else None):
                yield
        except TimeoutError as error:
            raise _limited(await self._wait_in_line(), patience) from error

    async def _until_gone(self) -> None:
        """Wait until a request may leave, which whoever else keeps the limit counts."""
        await self._until_open()

    async def _until_open(self) -> None:
        while (wait := self._next_moment(self._departures) - self._clock.monotonic()) > 0:
            await self._clock.sleep(wait)

    def _depart(self, moment: float) -> None:
        self._departures.append(moment)
        while self._departures[0] < moment - _MEMORY:
            self._departures.popleft()

    def _next_moment(self, departures: deque[float]) -> float:
        full = len(departures) >= self._limit
        return max(self._not_before, departures[-self._limit] + WINDOW if full else self._not_before)

    async def _wait_in_line(self) -> float:
        """Tell how long one who comes now will wait, behind all who wait already."""
        now = self._clock.monotonic()
        departures = self._departures.copy()
        for _ in range(self._waiting + 1):
            departures.append(max(now, self._next_moment(departures)))
        return departures[-1] - now


def _limited(wait: float, patience: float) -> RateLimitedError:
    return RateLimitedError(
        f"the rate limit of the key leaves no room for {wait:.1f} s, and the patience is {patience:g} s",
        status=429,
        code="RATE_LIMIT_EXCEEDED",
        retry_after=wait,
    )


class Paces:
    """A key's two limits [guide]: reads (GET) and writes (everything else), apart.

    Args:
        clock: Where time comes from.
        reads: The pace of reads, by default this process's own.
        writes: The pace of everything else.
    """

    def __init__(self, *, clock: Clock, reads: Pace | None = None, writes: Pace | None = None) -> None:
        self.reads = reads or Pace(READS_PER_SECOND, clock=clock)
        self.writes = writes or Pace(WRITES_PER_SECOND, clock=clock)

    def of(self, request: Request) -> Pace:
        """Give the pace that *request* counts against."""
        return self.reads if request.reads else self.writes

    def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*: a 429 is the key's, whichever limit it was."""
        self.reads.hold(seconds)
        self.writes.hold(seconds)
