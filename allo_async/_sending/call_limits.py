"""How long a call may take: its limits, and the end of calls under way."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from math import inf
from typing import Any

import attrs

from allo_async._sending.stop import Stop
from allo_async.clock import Clock
from allo_async.errors import AlloError, ClientClosedError, DeadlineExceededError


@attrs.frozen
class CallLimits:
    """What a caller puts up with.

    Attributes:
        give_up_at: The moment of the clock after which no retry begins, `None` for no such moment.
        retry_until: The moment after which no failure but a rate limit is retried, `None` for no such moment.
        patience: Seconds that a rate limit may hold up one request.
        stop: Ends waits early.
    """

    give_up_at: float | None = None
    retry_until: float | None = attrs.field(default=None, kw_only=True)
    patience: float = inf
    stop: Stop = attrs.field(factory=Stop, eq=False)

    @property
    def unstoppable(self) -> "CallLimits":
        """The same limits, for what must be known even where the caller asks to end."""
        return CallLimits(self.give_up_at, self.patience)


UNLIMITED = CallLimits()


# Real seconds within which a call that is told to end has ended.
_ENDING = 1.0


class CallScopes:
    """Bounds the calls of one event loop.

    Args:
        clock: Measures their deadlines.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scopes: dict[asyncio.Timeout, asyncio.Future[None]] = {}

    @contextlib.asynccontextmanager
    async def bounded(self, seconds: float | None = None) -> AsyncGenerator[None]:
        """Bound a block to *seconds* of the clock, `None` for no bound, and to the time until `close`.

        Raises:
            DeadlineExceededError: The seconds passed; the block was cancelled.
            ClientClosedError: `close` was called; the block was cancelled.
        """
        scope = asyncio.timeout(None)
        ended = self._scopes[scope] = asyncio.get_running_loop().create_future()
        try:
            async with scope, self._within(seconds):
                yield
        except TimeoutError as error:
            if not scope.expired() or isinstance(error, AlloError):
                raise
            raise ClientClosedError("the client was closed during the call") from error
        finally:
            del self._scopes[scope]
            ended.set_result(None)

    async def close(self) -> None:
        """End all calls that are under way, and wait until they have ended."""
        for scope in self._scopes:
            scope.reschedule(asyncio.get_running_loop().time())
        if self._scopes:
            # Whoever closes the client from within a call does not wait for that for ever.
            await asyncio.wait(self._scopes.values(), timeout=_ENDING)

    @contextlib.asynccontextmanager
    async def _within(self, seconds: float | None) -> AsyncGenerator[None]:
        try:
            async with self._clock.timeout(seconds):
                yield
        except AlloError:
            # Some of ours are TimeoutErrors too, of an attempt and not of the call.
            raise
        except TimeoutError as error:
            raise DeadlineExceededError("the deadline of the call passed") from error


async def cancel_and_wait(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel those of *tasks* that there are, and wait until each has ended."""
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)
