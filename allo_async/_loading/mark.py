"""The mark behind which a chunk must stand, if it landed: what stood last in its queue before."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from math import inf
from typing import Any, Self

from allo_async._sending.call_limits import cancel_and_wait
from allo_async._sending.idempotency import Timestamp
from allo_async._wire.queue_end import QueueEnd
from allo_async.errors import AlloError


class Mark:
    """What stood last in a queue before a chunk was sent.

    Where nobody knows, it is looked at while the chunk is already under way: hardly ever is it asked for, and no append
    need take twice as long for it. What is seen then may be the chunk itself.

    Args:
        end: What stood last, where that is known.

    Attributes:
        end: The same; `None` as long as nobody knows.
    """

    def __init__(self, end: QueueEnd | None = None) -> None:
        self.end = end
        self._seen_at = -inf
        self._looking: asyncio.Task[None] | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def looked_for(
        cls, look: Callable[[], Coroutine[Any, Any, QueueEnd]], now: Callable[[], float]
    ) -> AsyncGenerator[Self]:
        """Look for it for as long as a block lasts; a *look* that fails leaves it unknown."""
        mark = cls()

        async def see() -> None:
            with contextlib.suppress(AlloError):
                mark.end = await look()
                mark._seen_at = now()

        looking = mark._looking = asyncio.create_task(see())
        try:
            # So that the look leaves before the chunk.
            await asyncio.sleep(0)
            yield mark
        finally:
            await cancel_and_wait(looking)

    async def seen(self) -> None:
        """Wait until the look is over."""
        if self._looking is not None:
            await asyncio.wait({self._looking})

    def seconds_after(self, moment: Timestamp) -> float:
        """Tell how long after *moment* it was seen: 0 for before, infinite where nobody knows it."""
        if self.end is None:
            return inf
        return 0.0 if moment.monotonic is None else max(0.0, self._seen_at - moment.monotonic)
