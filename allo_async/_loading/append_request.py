"""One append request, until the outcomes of its rows say how it ended."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from allo_async._loading.capacity import Capacity
from allo_async._loading.correlate import Correlation, correlate
from allo_async._loading.load_events import BatchEvents
from allo_async._loading.load_log import Batch
from allo_async._loading.outcomes import NO_ANSWER
from allo_async._loading.overflow import Overflow, read_overflow
from allo_async._loading.pending_append import MergedRows, limits_of
from allo_async._loading.prepare import PreparedRow
from allo_async._loading.reconcile import reconcile
from allo_async._loading.tail import QueueTail
from allo_async._sending.idempotency import Timestamp
from allo_async._sending.in_flight import InFlightRequest
from allo_async._sending.rate_limiter import Slot
from allo_async._sending.session import LoopSession
from allo_async._sending.stop import StoppedError
from allo_async._wire.answers import AppendReply, read_append
from allo_async._wire.assignee import Assignee
from allo_async._wire.queue_end import KnownEnd
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
_PATIENT = 3

_UNREAD = "the queue was full, and could not be read to see which rows it took"


class AppendRequest:
    """A request with the rows of one caller or of several; whoever sends it has the queue's lock.

    Args:
        session: Carries it.
        assignee: Whose queue it is.
        merged: Its rows.
        batch: What an earlier process was sending; by default, a new batch.

    Attributes:
        merged: The same.
        present: The callers who have not left.
        in_doubt: Whether it ended without telling whether its rows arrived.
    """

    def __init__(
        self, session: LoopSession, assignee: Assignee, merged: MergedRows, batch: Batch | None = None
    ) -> None:
        self._session = session
        self._assignee = assignee
        self._limits = limits_of(merged.jobs)
        # Several callers never have a log.
        self._load_log = merged.jobs[0].call.log
        self._batch = batch
        self._delivery: InFlightRequest[AppendReply] | None = None
        self._overflow: Overflow | None = None
        self._tail = QueueTail(session, assignee, self._limits)
        self.merged = merged
        self.present = set(merged.jobs)
        self.in_doubt = False

    @property
    def on_its_way(self) -> bool:
        """Whether the rows may arrive even if nothing more is sent."""
        return self._delivery is not None and self._delivery.on_its_way

    def stop(self) -> None:
        """End it as soon as it is known not to have arrived, and send nothing again."""
        self._limits.stop.want()

    async def send(self, slot: Slot | None = None, before: KnownEnd | None = None) -> None:
        """Send the rows until they are settled.

        Args:
            slot: What the first attempt leaves with.
            before: What stands last in the queue, `None` where nobody knows.

        Raises:
            AlloError: They were refused, or could not be settled.
        """
        if self._batch is not None:
            await self._exchange(self._batch)
            return
        await self._exchange(Batch(self._assignee, self.merged.rows, before), slot)

    async def settle_unsent(self) -> None:
        """Settle the batch of an earlier process, which must not be sent again, by what stands in the queue."""
        assert self._batch is not None  # noqa: S101 - for the type checker
        delivery = self._in_flight(self._batch)
        reply = await self._session.sender.look(delivery)
        if reply is None:
            await self._load_log.record_refusal(self._batch)
            return
        self._settle(self._batch, self._batch.rows, delivery, reply)
        await self._load_log.record_outcome(self._batch, self.merged.outcomes())

    async def identify(self) -> None:
        """Find out whose queue it is, once it exists: callers under another name wait for the lock to learn that."""
        if not self._tail.identified:
            with contextlib.suppress(AlloError):
                await self._tail.identify()

    def helps_to_go_on(self, error: Exception) -> bool:
        """Return whether the rows may go in otherwise after *error*, and record how."""
        rows = len(self.merged.rows)
        if self.in_doubt:
            return False
        if self._overflow is not None and isinstance(error, QueueFullError):
            self._share(Capacity.after(error, rows=rows - self._overflow.rows, room=self._overflow.room))
        elif isinstance(error, RequestTooLargeError):
            return self._cut(rows)
        elif isinstance(error, AppendConflictError) and rows > _SHORT:
            self._shorten(max(_SHORT, rows // 2))
        elif isinstance(error, BadRequestError) and len(self.merged.jobs) > 1:
            # No caller's row may cost another caller anything.
            for job in self.merged.jobs:
                job.most_together = (len(self.merged.jobs) + 1) // 2
        else:
            return isinstance(error, StoppedError)
        return True

    def _share(self, capacity: Capacity) -> None:
        for job in self.merged.jobs:
            job.call.capacity = capacity

    def _cut(self, rows: int) -> bool:
        self._session.server_limits.too_large(rows)
        _log.info("%d rows are too many for one request", rows)
        return rows > 1

    def _shorten(self, rows: int) -> None:
        for job in self.merged.jobs:
            job.call.conflict_limit = rows
        _log.info("a long append keeps losing to another writer: going on with %d rows", rows)

    async def _exchange(self, batch: Batch, slot: Slot | None = None) -> None:
        telling = BatchEvents(self._session.observers, self._assignee, len(batch.rows))
        delivery = self._delivery = self._in_flight(batch)
        try:
            with telling.within():
                reply = await self._session.sender.send(delivery, self._limits, slot=slot)
        except BaseException as error:
            telling.failed(delivery, error)
            # A cancellation too leaves rows behind that a caller will ask for.
            if delivery.in_doubt if isinstance(error, AlloError) else delivery.on_its_way:
                # It may arrive yet.
                self._tail.forget()
                self._doubt(_why(error))
            elif isinstance(error, AlloError):
                await self._record_refusal(batch, delivery, error)
            else:
                self._load_log.withdraw(batch)
            raise
        finally:
            for job in self.merged.jobs:
                job.call.requests += delivery.attempts
        try:
            # Reading the reply has taken its stretch of the loop already.
            await asyncio.sleep(0)
        finally:
            # A cancellation here does not make a reply that came unheard.
            telling.settled(self._settle(batch, batch.rows, delivery, reply), delivery.attempts)
            await self._load_log.record_outcome(batch, self.merged.outcomes())

    async def _record_refusal(self, batch: Batch, delivery: InFlightRequest[AppendReply], error: AlloError) -> None:
        if isinstance(error, QueueFullError):
            overflow = await self._look_at_overflow(batch, delivery, error)
            if overflow.rows:
                await self._load_log.record_outcome(batch, self.merged.outcomes())
                return
        await self._load_log.record_refusal(batch)

    async def _look_at_overflow(
        self, batch: Batch, delivery: InFlightRequest[AppendReply], error: QueueFullError
    ) -> Overflow:
        """See which of the first rows the queue has taken, although it refused the request."""
        self._session.server_limits.queue_refused(error.message)
        try:
            # The rows may be in the queue, so that a caller who asks to end waits for the look.
            overflow = await read_overflow(self._session, batch, delivery.first_used, self._limits.unstoppable)
        except BaseException:
            self._doubt(_UNREAD)
            raise
        if overflow.reply is not None:
            self._settle(batch, batch.rows[: overflow.rows], delivery, overflow.reply)
            # The read is over, and others may stand behind these rows by now.
            self._tail.forget()
        self._overflow = overflow
        self._session.observers.emit(QueueFull(queue=str(self._assignee), room=overflow.room))
        return overflow

    def _in_flight(self, batch: Batch) -> InFlightRequest[AppendReply]:
        async def look(since: Timestamp, seconds: float | None) -> AppendReply | None:
            return await reconcile(self._session, batch, since=since, seconds=seconds, limits=self._limits.unstoppable)

        async def announce(request: Request, first_used: Timestamp) -> None:
            await self._load_log.record_intent(batch, request, first_used)

        async def renew() -> None:
            # Another writer has won: what stands last now is theirs.
            self._tail.forget()
            batch.before = await self._tail.known()

        request = batch.request or append_request(self._assignee, [row.entry for row in batch.rows])
        return InFlightRequest(
            request,
            read_append,
            look,
            announce,
            batch.first_used,
            after_conflict=renew,
            most_conflicts=_PATIENT if len(batch.rows) > _SHORT else None,
        )

    def _settle(
        self, batch: Batch, rows: Sequence[PreparedRow], delivery: InFlightRequest[AppendReply], reply: AppendReply
    ) -> Correlation:
        correlation = correlate(rows, reply)
        self.merged.settle(correlation)
        # Callers in one request share what is known of the capacity.
        capacity = self.merged.jobs[0].call.capacity
        if capacity is not None:
            capacity.added(len(correlation.added))
        for job in self.merged.jobs:
            job.call.conflict_limit *= 2
        self._tail.appended(batch.before, reply, delivery, [entry for _, entry in correlation.added])
        if reply.recovered:
            _log.info("the lost answer to an append of %d rows was recovered", len(rows))
        if correlation.surplus:
            _log.warning("the reply names %d numbers that were not sent", correlation.surplus)
        return correlation

    def _doubt(self, reason: str) -> None:
        self.in_doubt = True
        self.merged.doubt(reason)


def _why(error: BaseException) -> str:
    return (
        f"no answer told whether it arrived; the last attempt ended with: {error}"
        if isinstance(error, AlloError)
        else NO_ANSWER
    )
