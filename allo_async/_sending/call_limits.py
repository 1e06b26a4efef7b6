"""How long a call may take and wait: its limits, its wish to end, and the end of calls under way."""

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager
from math import inf
from types import TracebackType
from typing import Any

import attrs

from allo_async.clock import Clock
from allo_async.errors import AlloError, ClientClosedError, DeadlineExceededError, RateLimitWaitError


class StoppedError(AlloError):
    """A wait ended because the caller asked for it; no caller ever sees this."""


class Scope:
    """A block that can be ended from outside, with an error that says why.

    Args:
        error: Makes the error.
        left: Called with this as the block is left, however it ends.
    """

    def __init__(self, error: Callable[[], AlloError], left: "Callable[[Scope], object]") -> None:
        self._error = error
        self._left = left
        self._timeout = asyncio.timeout(None)

    def end(self) -> None:
        """End the block."""
        self._timeout.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._left(self)
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        except TimeoutError as ended:
            raise self._error() from ended
        # Some of ours are TimeoutErrors too, of an attempt and not of the block.
        if isinstance(error, TimeoutError) and not isinstance(error, AlloError) and self._timeout.expired():
            raise self._error() from error


class Stop:
    """Ends the waits of one load.

    Attributes:
        wanted: Whether the caller has asked to end.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._acts: dict[object, tuple[asyncio.AbstractEventLoop, Callable[[], None]]] = {}

    def want(self) -> None:
        """Ask to end; may be called from any thread."""
        self.wanted = True
        for key, (loop, _) in list(self._acts.items()):
            loop.call_soon_threadsafe(self._act, key)

    def add(self, act: Callable[[], None]) -> None:
        """Run *act* on the running loop as soon as the caller asks to end, unless it is removed by then."""
        self._acts[act] = (asyncio.get_running_loop(), act)
        if self.wanted:
            act()

    def remove(self, act: Callable[[], None]) -> None:
        """Run *act* no more."""
        del self._acts[act]

    def ends(self, unless: Callable[[], bool] = lambda: False) -> Scope:
        """End a block as soon as the caller asks to, *unless* something is on its way by then.

        Raises:
            StoppedError: The caller has asked.
        """
        if self.wanted and not unless():
            raise _stopped()
        scope = Scope(_stopped, self._acts.pop)

        def end() -> None:
            if not unless():
                scope.end()

        self._acts[scope] = (asyncio.get_running_loop(), end)
        return scope

    def _act(self, key: object) -> None:
        if key in self._acts:
            self._acts[key][1]()


def _stopped() -> StoppedError:
    return StoppedError("the caller asked to end")


class HeldUp:
    """Measures for how long the first waiter of a line has been held up, in all.

    Args:
        clock: Where time comes from.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._before = 0.0
        self._since: float | None = None

    @property
    def is_so(self) -> bool:
        """Whether the first waiter is held up now."""
        return self._since is not None

    @property
    def seconds(self) -> float:
        """For how long that has been so."""
        return self._before + (0.0 if self._since is None else self._clock.monotonic() - self._since)

    @contextlib.contextmanager
    def during(self) -> Generator[None]:
        """Measure a block."""
        self._since = self._clock.monotonic()
        try:
            yield
        finally:
            self._before, self._since = self.seconds, None


class WaitBudget:
    """How long the rate limit may hold up one request. The way to a shared store takes none of it.

    Args:
        max_wait: Seconds that the request may be held up.
        longest_pause: Seconds of a pause that the server asked for; an ordinary line may take longer.
    """

    def __init__(self, max_wait: float = inf, *, longest_pause: float = inf) -> None:
        self.max_wait = max_wait
        self.longest_pause = longest_pause
        self._held_up: HeldUp | None = None
        self._begun = 0.0

    def begin(self, held_up: HeldUp) -> None:
        """Measure from now on: a waiter is held up as long as the first of its line is."""
        self._held_up, self._begun = held_up, held_up.seconds

    @property
    def waited(self) -> float:
        """Seconds for which the request has been held up."""
        return 0.0 if self._held_up is None else self._held_up.seconds - self._begun

    @property
    def left(self) -> float:
        """Seconds of the longest wait that are left."""
        return max(self.max_wait - self.waited, 0.0)

    def check(self, wait: float, paused: float) -> None:
        """Allow a wait, or raise. A subclass may judge for itself.

        Args:
            wait: Seconds until the request may leave.
            paused: Seconds of it that the server asked for.

        Raises:
            RateLimitWaitError: The wait is longer than the budget allows.
        """
        if wait > self.left:
            raise _too_long(
                wait,
                f"the rate limit of the key leaves no room for {_up(wait)} s",
                f"max_rate_limit_wait leaves {_down(self.left)} s",
            )
        if paused > self.longest_pause:
            told = f"the server wants no request of this key for {_up(paused)} s"
            raise _too_long(paused, told, f"{_down(max(self.longest_pause, 0.0))} s are left for this one")


def _too_long(seconds: float, told: str, left: str) -> RateLimitWaitError:
    return RateLimitWaitError(f"{told}, and {left}", status=None, retry_after=seconds)


def _up(seconds: float) -> str:
    return f"{math.ceil(seconds * 10) / 10:g}"


def _down(seconds: float) -> str:
    return f"{math.floor(seconds * 10) / 10:g}"


@attrs.frozen
class CallLimits:
    """The limits of a call.

    Attributes:
        give_up_at: The moment of the clock after which no retry begins, `None` for no such moment.
        retry_until: The moment after which no failure but a rate limit is retried, `None` for no such moment.
        max_rate_limit_wait: Seconds that a rate limit may hold up one request.
        stop: Ends waits early.
    """

    give_up_at: float | None = None
    retry_until: float | None = attrs.field(default=None, kw_only=True)
    max_rate_limit_wait: float = inf
    stop: Stop = attrs.field(factory=Stop, eq=False)

    @property
    def unstoppable(self) -> "CallLimits":
        """The same limits, for what must be known even where the caller asks to end."""
        return CallLimits(self.give_up_at, max_rate_limit_wait=self.max_rate_limit_wait)


UNLIMITED = CallLimits()


# Real seconds within which a call that is asked to end has ended.
_ENDING = 1.0


class CallScopes:
    """Bounds the calls of one event loop.

    Args:
        clock: Measures their deadlines.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scopes = set[Scope]()
        self._ended = asyncio.Event()

    def bounded(self, seconds: float | None = None) -> AbstractAsyncContextManager[None]:
        """Bound a block to *seconds* of the clock, `None` for no bound, and to the time until `close`.

        Raises:
            DeadlineExceededError: The seconds passed; the block was cancelled.
            ClientClosedError: `close` was called; the block was cancelled.
        """
        scope = Scope(_closed, self._left)
        self._scopes.add(scope)
        return scope if seconds is None else self._within(seconds, scope)

    async def close(self) -> None:
        """End all calls that are under way, and wait until they have ended."""
        for scope in self._scopes:
            scope.end()
        if self._scopes:
            self._ended.clear()
            # A call that closes its own client does not wait for itself for ever.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ENDING):
                    await self._ended.wait()

    def _left(self, scope: Scope) -> None:
        self._scopes.remove(scope)
        if not self._scopes:
            self._ended.set()

    @contextlib.asynccontextmanager
    async def _within(self, seconds: float, scope: Scope) -> AsyncGenerator[None]:
        async with scope:
            try:
                async with self._clock.timeout(seconds):
                    yield
            except AlloError:
                # Some of ours are TimeoutErrors too, of an attempt and not of the call.
                raise
            except TimeoutError as error:
                raise DeadlineExceededError("the deadline of the call passed") from error


def _closed() -> ClientClosedError:
    return ClientClosedError("the client was closed during the call")


async def cancel_and_wait(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel those of *tasks* that there are, and wait until each has ended."""
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)
