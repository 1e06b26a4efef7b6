"""Rows that callers wait for, and what several callers share: a request's rows and its limits."""

import asyncio
import contextvars
import copy
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import TypeVar

import attrs

from allo_async._loading.account import NO_ANSWER
from allo_async._loading.capacity import Capacity
from allo_async._loading.correlate import Correlation, Pairs
from allo_async._loading.load_log import LoadLog, Outcome
from allo_async._loading.outcomes import Outcomes
from allo_async._loading.prepared_rows import PreparedRow
from allo_async._sending.call_limits import UNLIMITED, CallLimits
from allo_async._sending.instrumentation import Observers, TimedWait
from allo_async.clock import FewAtOnce
from allo_async.errors import AlloError
from allo_async.models import QUEUE_CAPACITY, Assignee

_Item = TypeVar("_Item")

_numbers = itertools.count()


@attrs.define(eq=False)
class AppendCall:
    """One caller's terms, and the limits that the replies to that caller's requests named.

    Attributes:
        assignee: Whose queue it is.
        limits: How long a request may take.
        log: Where the call is written down.
        chunk_size: The most rows of one request.
        alone: Whether the rows leave without those of other callers.
        waits_for_room: Whether to wait for room in a full queue.
        poll_interval: Seconds before the first look for room.
        capacity: How many more rows the queue takes; `None` until it has refused some.
        conflict_limit: How many rows to send at once while others write to the queue, because a long append loses to
            short ones.
        requests: How many attempts to append were made.
    """

    assignee: Assignee
    limits: CallLimits = UNLIMITED
    log: LoadLog = attrs.field(factory=LoadLog)
    chunk_size: int = QUEUE_CAPACITY
    alone: bool = False
    waits_for_room: bool = False
    poll_interval: float = 1.0
    capacity: Capacity | None = None
    conflict_limit: float = inf
    requests: int = 0

    @property
    def most_rows(self) -> float:
        """How many rows to send at once, by the replies so far."""
        return self.conflict_limit if self.capacity is None else min(self.conflict_limit, self.capacity.allows)


@attrs.define(eq=False)
class PendingAppend:
    """The rows that one caller waits for.

    Attributes:
        call: The caller's terms.
        rows: The rows that are not settled, in order.
        outcomes: Where the outcomes of the rows are recorded.
        waiter: Done when the caller goes on.
        context: The caller's context, for events.
        number: Grows from one to the next.
        stopping: Whether the caller asked to end.
        left: Whether the caller has left.
        most_together: How many callers may share a request, fewer each time that a shared one is refused.
    """

    call: AppendCall
    rows: Sequence[PreparedRow] = attrs.field(repr=False)
    outcomes: Outcomes = attrs.field(repr=False)
    waiter: asyncio.Future[None] = attrs.field(factory=lambda: asyncio.get_running_loop().create_future(), init=False)
    context: contextvars.Context = attrs.field(factory=contextvars.copy_context, init=False, repr=False)
    number: int = attrs.field(factory=lambda: next(_numbers), init=False)
    stopping: bool = attrs.field(default=False, init=False)
    left: bool = attrs.field(default=False, init=False)
    most_together: float = attrs.field(default=inf, init=False)
    _turn: TimedWait | None = attrs.field(default=None, init=False, repr=False)
    _ended: bool = attrs.field(default=False, init=False, repr=False)
    _error: Exception | None = attrs.field(default=None, init=False, repr=False)
    _shares_error: bool = attrs.field(default=False, init=False, repr=False)

    def goes_with(self, other: "PendingAppend") -> bool:
        """Return whether the rows of both may share a request: one refusal must mean the same to both."""
        one, two = self.call, other.call
        same = one.limits.max_rate_limit_wait == two.limits.max_rate_limit_wait and one.capacity is two.capacity
        return same and self.most_together == other.most_together and not (one.alone or two.alone)

    def wait_for_turn(self, observers: Observers) -> None:
        """Report the wait behind other appends, until `taken`."""
        if observers.any:
            self._turn = observers.timed_wait("turn")
            self._turn.begin()

    def taken(self) -> None:
        """End the wait behind other appends."""
        if self._turn is not None:
            self.context.copy().run(self._turn.end)
            self._turn = None

    def succeed(self, resuming: FewAtOnce) -> None:
        """End the wait; *resuming* resumes the caller."""
        self._end(resuming)

    def fail(self, error: Exception, resuming: FewAtOnce, *, shared: bool = False) -> None:
        """End the wait with *error*, of which the caller gets a copy where others raise it too."""
        if not self._ended:
            self._error, self._shares_error = error, shared
        self._end(resuming)

    def leave(self) -> None:
        """Record nothing more, because the caller has left with what was known."""
        self.taken()
        self.left = not self._ended
        self._ended, self._error = True, None

    def raise_error(self) -> None:
        """Raise the error that ended the wait, if there was one."""
        try:
            if self._error is not None:
                raise own_copy(self._error) if self._shares_error else self._error
        finally:
            # Its traceback holds this.
            self._error = None

    def _end(self, resuming: FewAtOnce) -> None:
        self.taken()
        if not self._ended:
            self._ended = True
            resuming.resume(self.waiter)


#: Callers, each with the rows that go into a request.
Parts = Sequence[tuple[PendingAppend, Sequence[PreparedRow]]]


def collect(waiting: Iterable[PendingAppend], most: float) -> Parts:
    """Take whole callers in order, as long as they fit into one request, and of their rows no more than *most*."""
    jobs = list[PendingAppend]()
    rows, size = 0, QUEUE_CAPACITY
    for job in waiting:
        rows, size = rows + len(job.rows), min(size, job.call.chunk_size)
        if jobs and (rows > size or len(jobs) >= job.most_together or not job.goes_with(jobs[0])):
            break
        jobs.append(job)
        most = min(most, job.call.chunk_size, job.call.most_rows)
    return _cut(jobs, most)


def _cut(jobs: Iterable[PendingAppend], most: float) -> Parts:
    parts = list[tuple[PendingAppend, Sequence[PreparedRow]]]()
    for job in jobs:
        if most >= 1:
            rows = job.rows[: int(min(most, len(job.rows)))]
            parts.append((job, rows))
            most -= len(rows)
    return parts


class MergedRows:
    """The rows of one request, whose outcomes go to the callers that they belong to.

    Args:
        parts: The callers, each with the first of their rows.

    Attributes:
        jobs: The callers.
        rows: The rows, with indexes of their own where there are several callers.
    """

    def __init__(self, parts: Parts) -> None:
        self.jobs = [job for job, _ in parts]
        self._parts = parts
        # Whose row each is, and which, by its index here; of one caller alone, all are as they were.
        self._owners: Sequence[tuple[PendingAppend, PreparedRow]] = ()
        if len(parts) == 1:
            ((_, self.rows),) = parts
        else:
            self._owners = [(job, row) for job, rows in parts for row in rows]
            self.rows = [attrs.evolve(row, index=index) for index, (_, row) in enumerate(self._owners)]

    def settle(self, correlation: Correlation) -> None:
        """Record a reply that mentions the first rows, or all of them; they need not be sent any more."""
        if len(self.jobs) == 1:
            self._settle(self.jobs[0], correlation)
            return
        added, skipped = self._by_job(correlation.added), self._by_job(correlation.skipped)
        unanswered = self._by_job((row, None) for row in correlation.unanswered)
        for job in self.jobs:
            own = Correlation(
                added=Pairs.of(added.get(job, ())),
                skipped=skipped.get(job, ()),
                unanswered=[row for row, _ in unanswered.get(job, ())],
                doubt=correlation.doubt,
                recovered=correlation.recovered,
                surplus=0,
            )
            self._settle(job, own)

    def _settle(self, job: PendingAppend, own: Correlation) -> None:
        settled = len(own.added) + len(own.skipped) + len(own.unanswered)
        job.rows = job.rows[settled:]
        if settled and not job.left:
            job.outcomes.settle(own)

    def doubt(self, reason: str) -> None:
        """Record that every row is in doubt."""
        for job in self.jobs:
            self.doubt_of(job, reason)

    def doubt_of(self, job: PendingAppend, reason: str = NO_ANSWER) -> None:
        """Record the same of the rows of *job* that have no outcome."""
        rows = (row for owner, own in self._parts if owner is job for row in own)
        own = [row for row in rows if job.outcomes.is_pending(row)]
        if not job.left:
            job.outcomes.doubt(own, reason)

    def outcomes(self) -> Mapping[int, Outcome]:
        """Return the outcomes to write down; what is written down is one caller's alone."""
        is_written = len(self.jobs) == 1 and self.jobs[0].call.log.writes
        return self.jobs[0].outcomes.outcomes(self.rows) if is_written else {}

    def _by_job(
        self, pairs: Iterable[tuple[PreparedRow, _Item]]
    ) -> dict[PendingAppend, list[tuple[PreparedRow, _Item]]]:
        found: dict[PendingAppend, list[tuple[PreparedRow, _Item]]] = defaultdict(list)
        for row, item in pairs:
            job, own = self._owners[row.index]
            found[job].append((own, item))
        return found


def limits_of(jobs: Sequence[PendingAppend]) -> CallLimits:
    """Return the limits of a request: the longest deadline, because each caller's own ends that caller's wait."""
    ends = [job.call.limits.give_up_at for job in jobs]
    latest = None if None in ends else max(end for end in ends if end is not None)
    return CallLimits(latest, jobs[0].call.limits.max_rate_limit_wait)


_Error = TypeVar("_Error", bound=Exception)


def own_copy(error: _Error) -> _Error:
    """Copy an error that several callers get, because each of them attaches a result."""
    if not isinstance(error, AlloError):
        return error
    own = copy.copy(error)
    own.__cause__ = error
    return own
