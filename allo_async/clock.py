"""Time: a clock that can be handed in, and short stretches of work that keep the event loop free."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

import attrs


class Clock(Protocol):
    """The client's source of time; tests pass one that they move.

    All moments and spans are seconds.
    """

    def monotonic(self) -> float:
        """Return the time on a clock that never goes back, for measuring spans."""
        ...

    def time(self) -> float:
        """Return the Unix time, for what servers write as dates."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for *seconds*."""
        ...

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Bound a block to *seconds* as `asyncio.timeout` does; `None` is no bound."""
        ...


@attrs.frozen
class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        """Return the machine's monotonic time."""
        return time.monotonic()

    def time(self) -> float:
        """Return the machine's Unix time."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running loop."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Bound a block on the running loop."""
        return asyncio.timeout(seconds)


_Item = TypeVar("_Item")

# Seconds. Opening a connection and sending take several steps, each of which waits for a stretch to end: a request that
# is ready is not to wait for the rows of the next.
_STRETCH = 0.0005


class TimeSlice:
    """Yields to other tasks whenever a stretch of work has taken its time.

    Example:
        ```python
        time_slice = TimeSlice()
        for row in rows:
            work(row)
            if time_slice.over:
                await time_slice.renew()
        ```

    Attributes:
        ends: The moment by `time.perf_counter` when the present stretch is over.
    """

    def __init__(self) -> None:
        self.ends = time.perf_counter() + _STRETCH

    @property
    def over(self) -> bool:
        """Whether it is time to let others run."""
        return time.perf_counter() >= self.ends

    async def renew(self) -> None:
        """Yield to other tasks, and begin the next stretch."""
        await asyncio.sleep(0)
        self.ends = time.perf_counter() + _STRETCH


# So many tasks go on in one turn of the event loop, because each has work to do and the loop has others to serve. Fewer
# go on if a turn takes longer, in seconds.
_AT_ONCE = 8
_TURN = 0.002


class FewAtOnce:
    """A line in which tasks go on first come first served, a few in one turn of the event loop."""

    def __init__(self) -> None:
        self._waiters = deque[asyncio.Future[None]]()
        self._most = self._places = _AT_ONCE
        self._taken_at = 0.0

    async def turn(self) -> None:
        """Return as soon as one more task may go on."""
        if self._places and not self._waiters:
            self._take()
        else:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def resume(self, waiter: asyncio.Future[None]) -> None:
        """Set the result of *waiter* as soon as one more task may go on, unless it is done by then."""
        self._waiters.append(waiter)
        self._resume_few()

    def _take(self) -> None:
        self._places -= 1
        if not self._places:
            self._taken_at = time.perf_counter()
            asyncio.get_running_loop().call_soon(self._renew)

    def _renew(self) -> None:
        is_long = time.perf_counter() - self._taken_at > _TURN
        self._most = max(1, self._most // 2) if is_long else min(_AT_ONCE, self._most + 1)
        self._places = self._most
        self._resume_few()

    def _resume_few(self) -> None:
        while self._places and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self._take()


async def in_slices(steps: Iterable[object]) -> None:
    """Take all *steps*, and let others run in between."""
    time_slice = TimeSlice()
    for _ in steps:
        if time_slice.over:
            await time_slice.renew()


def at_once(steps: Iterable[object]) -> None:
    """Take all *steps* without a pause, where a cancellation must not come in between."""
    deque(steps, maxlen=0)


# So many entries are freed in well below a millisecond.
_FREED_AT_ONCE = 2_000


def free_in_steps(dictionaries: list[dict[Any, Any]]) -> None:
    """Free *dictionaries*, some entries in each turn of the event loop."""

    def free_some() -> None:
        last = dictionaries[-1]
        for _ in range(min(len(last), _FREED_AT_ONCE)):
            last.popitem()
        if not last:
            dictionaries.pop()
        if dictionaries:
            loop.call_soon(free_some)

    loop = asyncio.get_running_loop()
    if dictionaries:
        loop.call_soon(free_some)


async def filtered(items: Iterable[_Item], keep: Callable[[_Item], bool]) -> list[_Item]:
    """Return those of *items* that are to *keep*, and let others run in between."""
    kept: list[_Item] = []
    time_slice = TimeSlice()
    for item in items:
        if keep(item):
            kept.append(item)
        if time_slice.over:
            await time_slice.renew()
    return kept
