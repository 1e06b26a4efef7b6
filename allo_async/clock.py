"""Time, as something that can be handed in."""

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import attrs


class Clock(Protocol):
    """Where the client takes its time from; tests hand in one that they move.

    All moments and spans are seconds.
    """

    def monotonic(self) -> float:
        """Tell the time on a clock that never goes back, for measuring spans."""
        ...

    def time(self) -> float:
        """Tell the Unix time, for what servers write as dates."""
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
        """Tell the machine's monotonic time."""
        return time.monotonic()

    def time(self) -> float:
        """Tell the machine's Unix time."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running loop."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Bound a block on the running loop."""
        return asyncio.timeout(seconds)
