"""What observers are told of loads and of their chunks."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Literal

from allo_async._loading.correlate import Correlation
from allo_async._sending.in_flight import InFlightRequest
from allo_async._sending.instrumentation import Observers, new_number, within
from allo_async._wire.assignee import Assignee
from allo_async.events import (
    CURRENT_BATCH,
    CURRENT_LOAD,
    BatchFailed,
    BatchSettled,
    BatchStarted,
    LoadEnded,
    LoadStarted,
)
from allo_async.models import Totals


class LoadEvents:
    """Tells of one append, stream or spread, from its beginning on.

    Args:
        observers: Whom to tell.
        kind: What it is.
        assignees: Whose queues it is for.
    """

    def __init__(self, observers: Observers, kind: Literal["append", "spread"], assignees: Iterable[Assignee]) -> None:
        self._observers = observers
        self._begun = observers.now()
        self._load = new_number()
        with self.within():
            observers.emit(LoadStarted(kind=kind, queues=tuple(map(str, assignees))))

    def within(self) -> AbstractContextManager[None]:
        """Let a block be told as a part of the load."""
        return within(CURRENT_LOAD, self._load)

    def ended(self, totals: Totals, requests: int, error: BaseException | None) -> None:
        """Tell how it ended."""
        seconds = self._observers.now() - self._begun
        with self.within():
            self._observers.emit(LoadEnded(totals=totals, requests=requests, seconds=seconds, error=error))


class BatchEvents:
    """Tells of one chunk, from its turn on.

    Args:
        observers: Whom to tell.
        assignee: Whose queue it is for.
        rows: How many rows it has.
    """

    def __init__(self, observers: Observers, assignee: Assignee, rows: int) -> None:
        self._observers = observers
        self._begun = observers.now()
        self._queue = str(assignee)
        self._rows = rows
        self._chunk = new_number()
        with self.within():
            observers.emit(BatchStarted(queue=self._queue, rows=rows))

    def within(self) -> AbstractContextManager[None]:
        """Let a block be told as a part of the chunk."""
        return within(CURRENT_BATCH, self._chunk)

    def settled(self, correlation: Correlation, attempts: int) -> None:
        """Tell what the server's answer says."""
        with self.within():
            self._observers.emit(
                BatchSettled(
                    queue=self._queue,
                    added=len(correlation.added),
                    skipped=len(correlation.skipped),
                    in_doubt=len(correlation.unanswered),
                    recovered=correlation.recovered,
                    attempts=attempts,
                    seconds=self._observers.now() - self._begun,
                )
            )

    def failed(self, delivery: InFlightRequest[Any], error: BaseException) -> None:
        """Tell that there is no answer, or a refusal."""
        with self.within():
            self._observers.emit(
                BatchFailed(
                    queue=self._queue,
                    rows=self._rows,
                    in_doubt=delivery.in_doubt,
                    attempts=delivery.attempts,
                    seconds=self._observers.now() - self._begun,
                    error=error,
                )
            )
