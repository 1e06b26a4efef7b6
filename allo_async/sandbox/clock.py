"""Time, as one thing the sandbox can be given: windows, expiry, latency and timestamps all ask it."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """The sandbox's source of time; pass your own to move time by hand."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        ...

    def time(self) -> float:
        """Seconds since the Unix epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once *seconds* have passed on this clock; must be cancellable."""
        ...


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Return once *seconds* have passed."""
        await asyncio.sleep(seconds)
