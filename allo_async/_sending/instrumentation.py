"""The observers of a client, and the events of its loads, batches, attempts and waits."""

import asyncio
import contextlib
import inspect
import itertools
import logging
from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Literal

import attrs

from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError
from allo_async.events import (
    CURRENT_BATCH,
    CURRENT_LOAD,
    AttemptEnded,
    AttemptStarted,
    BatchFailed,
    BatchSettled,
    BatchStarted,
    Event,
    LoadEnded,
    LoadStarted,
    Observer,
    Waited,
    Waiting,
    WaitReason,
)
from allo_async.models import Totals
from allo_async.validators import FOREIGN_ERRORS, is_async

_log = logging.getLogger(__name__)

_numbers = itertools.count(1)

# Seconds that are worth an event, once they are over, and while they last.
_SHORTEST_WAIT = 0.001
_NOTICEABLE_WAIT = 0.2


def new_number() -> int:
    """Return a number that is unique in this process."""
    return next(_numbers)


@contextlib.contextmanager
def within(place: ContextVar[int | None], number: int) -> Generator[None]:
    """Record the events of a block as part of *number*."""
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

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self._observers)

    def now(self) -> float:
        """Return the monotonic time, for measuring spans."""
        return self._clock.monotonic()

    def emit(self, event: Event) -> None:
        """Call each of them with *event*."""
        for observer in self._observers:
            try:
                _refuse_a_coroutine(observer(event))
            except FOREIGN_ERRORS:  # a load does not end for it
                _log.exception("an observer failed at a %s", type(event).__name__)

    def timed_wait(self, reason: WaitReason) -> "TimedWait":
        """Return what measures a wait, and reports it if it takes a while."""
        return TimedWait(self, reason)


class TimedWait:
    """Reports that a block waits, if that takes a while, and how long it waited, however it ends.

    Args:
        observers: Get the events.
        reason: The cause of the wait.
    """

    def __init__(self, observers: Observers, reason: WaitReason) -> None:
        self._observers = observers
        self._reason: WaitReason = reason
        self._begun = 0.0
        self._noticed = False
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        self.begin()

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Measure from now on."""
        self._begun = self._observers.now()
        if self._observers.any:
            self._timer = asyncio.get_running_loop().call_later(_NOTICEABLE_WAIT, self._notice)

    def end(self) -> None:
        """Report how long it took."""
        if self._timer is None:
            return
        self._timer.cancel()
        seconds = self._observers.now() - self._begun
        if self._noticed or seconds >= _SHORTEST_WAIT:
            self._observers.emit(Waited(reason=self._reason, seconds=seconds))

    def _notice(self) -> None:
        self._noticed = True
        self._observers.emit(Waiting(reason=self._reason))


def _refuse_a_coroutine(outcome: object) -> None:
    # A plain function may still return the coroutine of an async one.
    if inspect.iscoroutine(outcome):
        outcome.close()
        raise TypeError("the observer returned a coroutine, which nothing awaits")


@attrs.define
class Attempt:
    """The outcome of an attempt, as far as it is known.

    Attributes:
        status: The HTTP status, `None` as long as there is no answer.
    """

    status: int | None = None


@contextlib.contextmanager
def observed(
    observers: Observers, clock: Clock, server: str, request: Request, *, resends: int, request_id: str
) -> Generator[Attempt]:
    """Report the attempt that a block makes, when it begins and however it ends."""
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


class LoadEvents:
    """The events of one append, stream or spread.

    Args:
        observers: Get the events.
        kind: Whether it is an append or a spread.
        queues: The names of its queues.
    """

    def __init__(self, observers: Observers, kind: Literal["append", "spread"], queues: Iterable[object]) -> None:
        self._observers = observers
        self._begun = observers.now()
        self._load = new_number()
        if observers.any:
            with self.within():
                observers.emit(LoadStarted(kind=kind, queues=tuple(map(str, queues))))

    def within(self) -> AbstractContextManager[None]:
        """Record the events of a block as part of the load."""
        return within(CURRENT_LOAD, self._load) if self._observers.any else contextlib.nullcontext()

    def ended(self, totals: Totals, requests: int, error: BaseException | None) -> None:
        """Report how it ended."""
        if self._observers.any:
            seconds = self._observers.now() - self._begun
            with self.within():
                self._observers.emit(LoadEnded(totals=totals, requests=requests, seconds=seconds, error=error))


class BatchEvents:
    """The events of one batch.

    Args:
        observers: Get the events.
        queue: The name of its queue.
        rows: How many rows it has.
    """

    def __init__(self, observers: Observers, queue: str, rows: int) -> None:
        self._observers = observers
        self._begun = observers.now()
        self._queue = queue
        self._rows = rows
        self._batch = new_number()
        with self.within():
            observers.emit(BatchStarted(queue=self._queue, rows=rows))

    def within(self) -> AbstractContextManager[None]:
        """Record the events of a block as part of the batch."""
        return within(CURRENT_BATCH, self._batch)

    def settled(self, *, added: int, skipped: int, in_doubt: int, recovered: bool, attempts: int) -> None:
        """Report what the reply says."""
        with self.within():
            self._observers.emit(
                BatchSettled(
                    queue=self._queue,
                    added=added,
                    skipped=skipped,
                    in_doubt=in_doubt,
                    recovered=recovered,
                    attempts=attempts,
                    seconds=self._observers.now() - self._begun,
                )
            )

    def failed(self, error: BaseException, *, in_doubt: bool, attempts: int) -> None:
        """Report that there is no reply, or a refusal."""
        with self.within():
            self._observers.emit(
                BatchFailed(
                    queue=self._queue,
                    rows=self._rows,
                    in_doubt=in_doubt,
                    attempts=attempts,
                    seconds=self._observers.now() - self._begun,
                    error=error,
                )
            )
