"""A caller's wish to end in order: waits end at once, and whatever is on its way is heard out."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

from allo_async.errors import AlloError


class StoppedError(AlloError):
    """A wait ended because the caller asked for it; no caller ever sees this."""


class Stop:
    """Ends the waits of one load.

    Attributes:
        wanted: Whether the caller has asked to end.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._waits: dict[asyncio.Timeout, tuple[asyncio.AbstractEventLoop, Callable[[], bool]]] = {}

    def want(self) -> None:
        """Ask to end; may be called from any thread."""
        self.wanted = True
        for scope, (loop, _) in list(self._waits.items()):
            loop.call_soon_threadsafe(self._cut, scope)

    @contextlib.asynccontextmanager
    async def ends(self, unless: Callable[[], bool] = lambda: False) -> AsyncGenerator[None]:
        """End a block as soon as the caller asks to, *unless* something is on its way by then.

        Raises:
            StoppedError: The caller has asked.
        """
        if self.wanted and not unless():
            raise StoppedError("the caller asked to end")
        scope = asyncio.timeout(None)
        self._waits[scope] = (asyncio.get_running_loop(), unless)
        try:
            async with scope:
                yield
        except TimeoutError as error:
            if not scope.expired() or isinstance(error, AlloError):
                raise
            raise StoppedError("the caller asked to end") from None
        finally:
            del self._waits[scope]

    def _cut(self, scope: asyncio.Timeout) -> None:
        if scope not in self._waits:
            return
        loop, unless = self._waits[scope]
        if not unless():
            scope.reschedule(loop.time())
