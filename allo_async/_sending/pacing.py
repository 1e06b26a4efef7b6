"""Pace: at most so many requests in any second, first come first served."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Generator
from math import inf

from allo_async._sending.patience import Patience
from allo_async._sending.window import Window
from allo_async._wire.hints import RateLimit
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.models.team import READS_PER_SECOND, WRITES_PER_SECOND

# Seconds after which one who has lost patience looks again whether the limit is what it waits for.
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
        self._line = asyncio.Lock()
        self._waiting = 0
        self._held_up = False

    async def admit(self, patience: float = inf) -> float:
        """Wait until one more request may leave, count it, and tell the moment.

        Raises:
            RateLimitedError: It would take more than *patience* seconds.
        """
        async with self._in_line(patience) as bound:
            await self._until_gone(bound)
            moment = self._clock.monotonic()
            self._window.depart(moment)
            return moment

    async def opening(self, patience: float = inf) -> None:
        """Wait until a request could leave at once, without counting one; whoever sends none says so to `leave`.

        Raises:
            RateLimitedError: As for `admit`.
        """
        async with self._in_line(patience) as bound:
            await self._until_open(bound)

    def leave(self) -> None:
        """Give up what an opening has kept, if no request has left from there; within one process nothing is kept."""

    def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*; an earlier, longer hold stays in force."""
        self._window.not_before = max(self._window.not_before, self._clock.monotonic() + seconds)

    def heard(self, told: RateLimit, *, since: float) -> None:
        """Follow what an answer *told* of the limit; its request left at *since*."""
        self._window.heard(told, since=since, now=self._clock.monotonic())

    @contextlib.asynccontextmanager
    async def _in_line(self, patience: float) -> AsyncGenerator[Patience]:
        """Come first in the line for a block."""
        if patience < inf and (wait := await self._wait_in_line()) > patience:
            raise Patience(patience, clock=self._clock).refusal(wait)
        # It may take longer than was to be expected: others are told to wait, or come in between.
        bound = Patience(patience, clock=self._clock)
        self._waiting += 1
        try:
            await self._come_first(bound)
            try:
                yield bound
            finally:
                self._line.release()
        finally:
            self._waiting -= 1

    async def _come_first(self, patience: Patience) -> None:
        seconds = patience.left
        while True:
            try:
                async with self._clock.timeout(seconds if seconds < inf else None):
                    await self._line.acquire()
            except TimeoutError as error:
                if self._held_up:
                    raise patience.refusal(await self._wait_in_line()) from error
                seconds = _AGAIN
            else:
                return

    async def _until_gone(self, patience: Patience) -> None:
        """Wait until a request may leave, which whoever else keeps the limit counts."""
        await self._until_open(patience)

    async def _until_open(self, patience: Patience) -> None:
        while (wait := self._wait_behind(0)) > 0:
            with self._holding_up(wait, patience):
                await self._clock.sleep(wait)

    @contextlib.contextmanager
    def _holding_up(self, wait: float, patience: Patience) -> Generator[None]:
        """Let a block wait for the limit, which holds up those behind as well."""
        patience.check(wait)
        self._held_up = True
        try:
            yield
        finally:
            self._held_up = False

    async def _wait_in_line(self) -> float:
        """Tell how long one who comes now will wait, behind all who wait already."""
        return self._wait_behind(self._waiting)

    def _wait_behind(self, others: int) -> float:
        now = self._clock.monotonic()
        return self._window.next_departure(others, now=now) - now


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
