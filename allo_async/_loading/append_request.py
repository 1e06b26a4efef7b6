"""One append request, until the outcomes of its rows say how it ended."""

import asyncio
import logging
from collections.abc import Sequence

from allo_async._loading.account import NO_ANSWER
from allo_async._loading.capacity import Capacity
from allo_async._loading.correlate import Correlation, correlate
from allo_async._loading.load_log import Batch
from allo_async._loading.overflow import Overflow, read_overflow
from allo_async._loading.pending_append import MergedRows, limits_of
from allo_async._loading.prepared_rows import PreparedRow, PreparedRows
from allo_async._loading.reconcile import reconcile
from allo_async._loading.tail import QueueTail
from allo_async._sending.call_limits import StoppedError
from allo_async._sending.in_flight import InFlightRequest
from allo_async._sending.instrumentation import BatchEvents
from allo_async._sending.rate_limiter import Slot
from allo_async._sending.session import LoopSession
from allo_async._sending.verdict import Stage, Timestamp, in_brief
from allo_async._wire.answers import AppendReply, QueueEnd, read_append
from allo_async._wire.requests import Request, append_request
from allo_async.errors import (
    AlloError,
    AppendConflictError,
    BadRequestError,
    QueueFullError,
    RequestTooLargeError,
)
from allo_async.events import QueueFull

_log = logging.getLogger(__name__)

# So many rows make an append short, which seldom loses to another writer.
_SHORT = 50

# So many conflicts are an accident; after them, an append is cut.
_MOST_CONFLICTS = 3

_UNREAD = "the queue was full, and could not be read to see which rows it took"


class AppendRequest:
    """A request with the rows of one caller or of several; its sender holds the queue's lock.

    Args:
        session: Carries it.
        merged: Its rows.
        batch: The same rows as they are recorded; what an earlier process was sending has its request with it.

    Attributes:
        merged: The same.
        present: The callers that have not left.
        in_doubt: Whether it ended without showing whether its rows arrived.
    """

    def __init__(self, session: LoopSession, merged: MergedRows, batch: Batch) -> None:
        self._session = session
        self._batch = batch
        self._limits = limits_of(merged.jobs)
        # Several callers never have a log.
        self._log = merged.jobs[0].call.log
        self._tail = QueueTail(session, batch.assignee, self._limits)
        self._overflow: Overflow | None = None
        self._request = InFlightRequest(
            batch.request or append_request(batch.assignee, PreparedRows.of(batch.rows).entries),
            read_append,
            self._look,
            self._announce,
            batch.first_used,
            after_refusal=self._after_refusal,
            most_conflicts=_MOST_CONFLICTS if len(batch.rows) > _SHORT else None,
            # A server may add what fits and refuse the request. Under the same key, it would do so again.
            replays=_surely_fits(batch, session.server_limits.queue_capacity),
        )
        self._looks = False
        self.merged = merged
        self.present = set(merged.jobs)
        self.in_doubt = False

    @property
    def on_its_way(self) -> bool:
        """Whether the rows may arrive even if nothing more is sent."""
        return self._request.on_its_way or self._looks

    def stop(self) -> None:
        """End it as soon as it is known not to have arrived, and send nothing again."""
        self._limits.stop.want()

    async def send(self, slot: Slot | None = None) -> None:
        """Send the rows until they are settled.

        Args:
            slot: The slot of the first attempt.

        Raises:
            AlloError: They were refused, or could not be settled.
        """
        events = BatchEvents(self._session.observers, str(self._batch.assignee), len(self._batch.rows))
        try:
            with events.within():
                reply = await self._session.sender.send(self._request, self._limits, slot=slot)
        except BaseException as error:
            events.failed(error, in_doubt=self._request.in_doubt, attempts=self._request.attempts)
            await self._record_failure(error)
            raise
        finally:
            for job in self.merged.jobs:
                job.call.requests += self._request.attempts
        self._session.server_limits.took(len(self._batch.rows))
        try:
            # Reading the reply has taken its stretch of the loop already.
            await asyncio.sleep(0)
        finally:
            # A cancellation here does not undo a reply that came.
            correlation = self._settle(self._batch.rows, reply)
            events.settled(
                added=len(correlation.added),
                skipped=len(correlation.skipped),
                in_doubt=len(correlation.unanswered),
                recovered=correlation.recovered,
                attempts=self._request.attempts,
            )
            await self._log.record_outcome(self._batch, self.merged.outcomes())

    async def settle_unsent(self) -> None:
        """Settle the batch of an earlier process, which must not be sent again, by what stands in the queue."""
        reply = await self._session.sender.look(self._request)
        if reply is None:
            await self._log.record_refusal(self._batch)
            return
        self._settle(self._batch.rows, reply)
        await self._log.record_outcome(self._batch, self.merged.outcomes())

    def helps_to_go_on(self, error: Exception) -> bool:
        """Return whether the rows may go in otherwise after *error*, and record how."""
        rows = len(self.merged.rows)
        if self.in_doubt:
            return False
        if self._overflow is not None and isinstance(error, QueueFullError):
            capacity = Capacity.after(error, rows=rows - self._overflow.rows, room=self._overflow.room)
            for job in self.merged.jobs:
                job.call.capacity = capacity
        elif isinstance(error, RequestTooLargeError):
            self._session.server_limits.too_large(rows)
            _log.info("%d rows are too many for one request", rows)
            return rows > 1
        elif isinstance(error, AppendConflictError) and rows > _SHORT:
            self._shorten(max(_SHORT, rows // 2))
        elif isinstance(error, BadRequestError) and len(self.merged.jobs) > 1:
            # No caller's row may cost another caller anything.
            for job in self.merged.jobs:
                job.most_together = (len(self.merged.jobs) + 1) // 2
        else:
            return isinstance(error, StoppedError)
        return True

    def _shorten(self, rows: int) -> None:
        for job in self.merged.jobs:
            job.call.conflict_limit = rows
        _log.info("a long append keeps losing to another writer: going on with %d rows", rows)

    async def _record_failure(self, error: BaseException) -> None:
        # A cancellation too leaves rows behind that a caller will ask for.
        on_its_way = self._request.on_its_way or self._request.state.stage is Stage.SETTLED
        if self._request.in_doubt if isinstance(error, AlloError) else on_its_way:
            # It may arrive yet.
            self._tail.forget()
            self._doubt(_why(error))
        elif isinstance(error, QueueFullError) and await self._took_some(error):
            await self._log.record_outcome(self._batch, self.merged.outcomes())
        elif isinstance(error, AlloError):
            await self._log.record_refusal(self._batch)
        else:
            self._log.withdraw(self._batch)

    async def _took_some(self, error: QueueFullError) -> bool:
        """Return whether the queue took some of the first rows, although it refused the request."""
        self._session.server_limits.queue_refused(error.message, len(self._batch.rows))
        since = self._request.state.unclear_since or self._request.began
        self._looks = True
        try:
            # The rows may be in the queue, so that a caller that asks to end waits for the look.
            found = await read_overflow(self._session, self._batch, since, self._limits.unstoppable)
        except BaseException:
            self._doubt(_UNREAD)
            raise
        finally:
            self._looks = False
        if found.reply is not None:
            self._settle(self._batch.rows[: found.rows], found.reply)
            # The read is over, and others may stand behind these rows by now.
            self._tail.forget()
        self._overflow = found
        self._session.observers.emit(QueueFull(queue=str(self._batch.assignee), room=found.room))
        return found.rows > 0

    async def _look(self, since: Timestamp, seconds: float | None) -> AppendReply | None:
        return await reconcile(
            self._session, self._batch, since=since, seconds=seconds, limits=self._limits.unstoppable
        )

    async def _announce(self, request: Request, first_used: Timestamp) -> None:
        await self._log.record_intent(self._batch, request, first_used)

    async def _after_refusal(self) -> None:
        # Another writer has won, or had the time of a pause: what stands last now may be theirs.
        self._tail.forget()
        self._batch.before = await self._tail.known()

    def _settle(self, rows: Sequence[PreparedRow], reply: AppendReply) -> Correlation:
        correlation = correlate(rows, reply)
        self.merged.settle(correlation)
        # Callers in one request share what is known of the capacity.
        capacity = self.merged.jobs[0].call.capacity
        if capacity is not None:
            capacity.added(len(correlation.added))
        for job in self.merged.jobs:
            job.call.conflict_limit *= 2
        added = correlation.added.entries
        before = self._batch.before
        end = QueueEnd.behind(added, before.end.queue_id if before is not None else None)
        self._session.server_limits.queue_grew(max(len(added), (end and end.following) or 0))
        self._tail.appended(before, reply, self._request, added, end)
        if reply.recovered:
            _log.info("the lost reply to an append of %d rows was recovered", len(rows))
        if correlation.surplus:
            _log.warning("the reply names %d numbers that were not sent", correlation.surplus)
        return correlation

    def _doubt(self, reason: str) -> None:
        self.in_doubt = True
        self.merged.doubt(reason)


def _surely_fits(batch: Batch, capacity: int) -> bool:
    """Return whether the queue has room for all rows, by what stood last in it before."""
    size = None if batch.before is None else batch.before.end.following
    return size is not None and size + len(batch.rows) <= capacity


def _why(error: BaseException) -> str:
    return (
        f"no answer told whether it arrived; the last attempt ended with: {in_brief(error)}"
        if isinstance(error, AlloError)
        else NO_ANSWER
    )
