"""Time that stands still until someone sleeps."""

import asyncio
from contextlib import AbstractAsyncContextManager


class ManualClock:
    """A clock whose sleepers move it; it remembers how long they slept."""

    def __init__(self, monotonic: float = 1_000.0, unix: float = 1_790_000_000.0) -> None:
        self._start = monotonic
        self._unix = unix
        self.now = monotonic
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self._unix + self.now - self._start

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        moment = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, moment)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return asyncio.timeout(None)


class StillClock(ManualClock):
    """A clock on which nobody's sleep ends until it goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._going = asyncio.Event()

    def go_on(self) -> None:
        self._going.set()

    async def sleep(self, seconds: float) -> None:
        await self._going.wait()
        await super().sleep(seconds)
