"""For tests of code that uses this library: time that passes faster."""

import asyncio
import time
from contextlib import AbstractAsyncContextManager

import attrs


@attrs.frozen
class FastClock:
    """A clock that runs *speed* times as fast as the machine's: a wait of a second takes 1/*speed* seconds.

    Pass the same clock to the client and to the sandbox, so that their seconds agree.

    Attributes:
        speed: How many of its seconds pass in one.

    Example:
        ```python
        clock = FastClock(50)
        async with Sandbox(clock=clock) as sandbox:
            allo = AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock)
        ```
    """

    speed: float = 50.0

    def monotonic(self) -> float:
        """Return the fast monotonic time, in seconds."""
        return time.monotonic() * self.speed

    def time(self) -> float:
        """Return a Unix time that passes as fast, counted from the start of the machine."""
        return time.time() + time.monotonic() * (self.speed - 1)

    async def sleep(self, seconds: float) -> None:
        """Sleep for *seconds* of this clock."""
        await asyncio.sleep(seconds / self.speed)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Bound a block to *seconds* of this clock."""
        return asyncio.timeout(None if seconds is None else seconds / self.speed)
