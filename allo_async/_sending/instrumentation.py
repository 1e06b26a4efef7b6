"""The observers of a client, and the events of its attempts and waits."""

import asyncio
import contextlib
import inspect
import itertools
import logging
from collections.abc import Generator, Sequence
from contextvars import ContextVar

import attrs

from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError
from allo_async.events import AttemptEnded, AttemptStarted, Event, Observer, Waited, Waiting, WaitReason
from allo_async.validators import is_async

_log = logging.getLogger(__name__)

_numbers = itertools.count(1)

# Seconds that are worth telling, once they are over, and while they last.
_SHORTEST_WAIT = 0.001
_NOTICEABLE_WAIT = 0.2


def new_number() -> int:
    """Give a number that is nobody else's in this process."""
    return next(_numbers)


@contextlib.contextmanager
def within(place: ContextVar[int | None], number: int) -> Generator[None]:
    """Let the events of a block be told as happening within *number*."""
    token = place.set(number)
    try:
        yield
    finally:
        place.reset(token)


def checked(observers: Sequence[Observer]) -> Sequence[Observer]:
    """Return *observers* if each can be called with an event.

    Raises:
        ConfigurationError: One of them cannot be called, or is async and would never run.
    """
    for observer in observers:
        if not callable(observer):
            raise ConfigurationError(f"an observer must be a function of one event, not {type(observer).__name__}")
        if is_async(observer):
            raise ConfigurationError(
                "an observer must be a plain function: nothing awaits an async one."
                " Put the event into an asyncio.Queue, and await there"
            )
    return tuple(observers)


class Observers:
    """The observers of one client.

    Args:
        observers: Each is called with every event.
        clock: Measures waits.
    """

    def __init__(self, observers: Sequence[Observer], clock: Clock) -> None:
        self._observers = tuple(observers)
        self._clock = clock

    def now(self) -> float:
        """Tell the time, for measuring spans."""
        return self._clock.monotonic()

    def emit(self, event: Event) -> None:
        """Tell every one of them of *event*."""
        for observer in self._observers:
            try:
                _refuse_a_coroutine(observer(event))
            except Exception:  # noqa: BLE001 - a load does not end for what observes it
                _log.exception("an observer failed at a %s", type(event).__name__)

    @contextlib.contextmanager
    def timed_wait(self, reason: WaitReason) -> Generator[None]:
        """Tell that a block waits, if that takes a while, and how long it waited, however it ends."""
        begun, noticed = self.now(), False

        def notice() -> None:
            nonlocal noticed
            noticed = True
            self.emit(Waiting(reason=reason))

        timer = asyncio.get_running_loop().call_later(_NOTICEABLE_WAIT, notice) if self._observers else None
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            seconds = self.now() - begun
            if noticed or seconds >= _SHORTEST_WAIT:
                self.emit(Waited(reason=reason, seconds=seconds))


def _refuse_a_coroutine(outcome: object) -> None:
    # A plain function may still return the coroutine of an async one.
    if inspect.iscoroutine(outcome):
        outcome.close()
        raise TypeError("the observer returned a coroutine, which nothing awaits")


@attrs.define
class Attempt:
    """What is known of an attempt.

    Attributes:
        status: The HTTP status, `None` as long as there is no answer.
    """

    status: int | None = None


@contextlib.contextmanager
def observed(
    observers: Observers, clock: Clock, server: str, request: Request, *, resends: int, request_id: str
) -> Generator[Attempt]:
    """Tell *observers* of the attempt that a block makes, when it begins and however it ends."""
    number, attempt, error = new_number(), Attempt(), None
    url = server + request.target.partition("?")[0]
    observers.emit(
        AttemptStarted(attempt=number, method=request.method, url=url, resends=resends, request_id=request_id)
    )
    begun = clock.monotonic()
    try:
        yield attempt
    except BaseException as caught:
        error = caught
        raise
    finally:
        seconds = clock.monotonic() - begun
        observers.emit(AttemptEnded(attempt=number, status=attempt.status, seconds=seconds, error=error))
        # The error's traceback holds this frame.
        error = None
