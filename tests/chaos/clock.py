"""A fast clock that can be moved, by as much in two processes."""

from contextlib import AbstractAsyncContextManager

from allo_async.testing import FastClock


class MovableClock:
    """A `FastClock` that runs *offset* seconds ahead."""

    def __init__(self, speed: float = 50.0, offset: float = 0.0) -> None:
        self._clock = FastClock(speed)
        self.offset = offset

    def monotonic(self) -> float:
        return self._clock.monotonic() + self.offset

    def time(self) -> float:
        return self._clock.time() + self.offset

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return self._clock.timeout(seconds)
