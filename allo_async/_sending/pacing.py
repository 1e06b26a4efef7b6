"""Pace: at most so many requests in any second, first come first served."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from math import inf

from allo_async._sending.patience import HeldUp, Patience
from allo_async._sending.waiters import Waiters
from allo_async._sending.window import Window
from allo_async._wire.hints import RateLimit
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.models.team import READS_PER_SECOND, WRITES_PER_SECOND

# Seconds after which one whose patience is over looks again whether it is the limit that holds it up.
_AGAIN = 0.05


class Pace:
    """Lets at most *limit* requests leave in any span of a second, first come first served.

    Whoever gives up waiting leaves no gap behind. Requests of strangers, of whom the server's count tells, take places
    as our own do.

    Args:
        limit: Requests per second, until the server says otherwise.
        clock: Where time comes from.
    """

    def __init__(self, limit: int, *, clock: Clock) -> None:
        self._window = Window(limit)
        self._clock = clock
        self._waiters = Waiters()
        self._held_up = HeldUp(clock)

    async def check(self, patience: float) -> None:
        """Tell at once whoever would wait too long even if nobody of this process waited before.

        Raises:
            RateLimitedError: A request that comes now would wait for more than *patience* seconds.
        """
        if patience < inf:
            wait = await self._wait_behind(0)
            Patience(patience, self._held_up).check(wait)

    async def admit(self, patience: float = inf) -> float:
        """Wait until one more request may leave, count it, and tell the moment.

        Raises:
            RateLimitedError: The limit would hold it up for more than *patience* seconds.
        """
        async with self._in_line(patience) as bound:
            await self._until_gone(bound)
            moment = self._clock.monotonic()
            self._window.depart(moment)
            return moment

    async def opening(self, patience: float = inf) -> int:
        """Wait until a request could leave at once, without counting one; give what to hand to `leave` in the end.

        Raises:
            RateLimitedError: As for `admit`.
        """
        async with self._in_line(patience) as bound:
            await self._until_open(bound)
        return 0

    def leave(self, opening: int) -> None:
        """Give up what an *opening* has kept, if no request has left from there; within one process nothing is kept."""

    def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*; an earlier, longer hold stays in force."""
        self._window.not_before = max(self._window.not_before, self._clock.monotonic() + seconds)

    def heard(self, told: RateLimit, *, since: float) -> None:
        """Follow what an answer *told* of the limit; its request left at *since*."""
        self._window.heard(told, since=since, now=self._clock.monotonic())

    @contextlib.asynccontextmanager
    async def _in_line(self, seconds: float) -> AsyncGenerator[Patience]:
        """Come first for a block."""
        if seconds < inf:
            await self._check_behind(lambda: len(self._waiters), Patience(seconds, self._held_up))
        patience = Patience(seconds, self._held_up)
        place = self._waiters.join()
        try:
            await self._come_first(place, patience)
            yield patience
        finally:
            self._waiters.leave(place)

    async def _come_first(self, place: asyncio.Future[None], patience: Patience) -> None:
        while not place.done():
            # It may take longer than was to be expected: others are told to wait, or come in between.
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout(max(patience.left, _AGAIN) if patience.left < inf else None):
                    await asyncio.wait({place})
            if not place.done() and self._held_up.is_so:
                await self._check_behind(lambda: self._waiters.before(place), patience)

    async def _check_behind(self, ahead: Callable[[], int], patience: Patience) -> None:
        """Refuse a wait that is too long, unless somebody is just leaving: that one would count twice."""
        line = self._line()
        if line is not None:
            wait = await self._wait_behind(ahead())
            if self._line() == line:
                patience.check(wait)

    def _line(self) -> int | None:
        """Tell the line from the one that it was or will be; `None` while its first one is about to leave."""
        return self._waiters.gone if self._held_up.is_so or not len(self._waiters) else None

    async def _until_gone(self, patience: Patience) -> None:
        """Wait until a request may leave, which whoever else keeps the limit counts."""
        await self._until_open(patience)

    async def _until_open(self, patience: Patience) -> None:
        while (wait := self._own_wait(0)) > 0:
            with patience.spent_on(wait):
                await self._clock.sleep(wait)

    async def _wait_behind(self, others: int) -> float:
        """Tell how long one more request would wait behind so many others of this process."""
        return self._own_wait(others)

    def _own_wait(self, behind: int) -> float:
        now = self._clock.monotonic()
        return self._window.next_departure(behind, now=now) - now


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
