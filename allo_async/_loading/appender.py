"""One chunk, until the outcomes of its rows say how it ended."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from math import inf

from allo_async._loading.capacity import Capacity
from allo_async._loading.correlate import Correlation, correlate
from allo_async._loading.group import Ticket, group_of
from allo_async._loading.load_events import BatchEvents
from allo_async._loading.load_log import Batch, LoadLog
from allo_async._loading.outcomes import NO_ANSWER, Fates, Outcomes
from allo_async._loading.prepare import PreparedRow
from allo_async._loading.queue_reads import read_queued
from allo_async._loading.reconcile import reconcile
from allo_async._loading.rows import Chunk
from allo_async._loading.target import Target
from allo_async._sending.call_limits import CallLimits
from allo_async._sending.idempotency import Timestamp
from allo_async._sending.in_flight import InFlightRequest
from allo_async._sending.session import LoopSession
from allo_async._wire.answers import AppendReply, read_append
from allo_async._wire.assignee import Assignee
from allo_async._wire.requests import Request, append_request
from allo_async.errors import AlloError, AppendConflictError, QueueFullError, RequestTooLargeError

_log = logging.getLogger(__name__)

# So many rows make an append short, which seldom loses to another writer.
_SHORT = 50

# So many conflicts are an accident; after them, an append is cut.
_PATIENT = 3


class Appender:
    """Delivers the chunks of one call to one queue, in order.

    Args:
        session: Carries one request until it is settled, and keeps appends to the same queue apart.
        assignee: Whose queue it is.
        capacity: Tells how much goes in once the queue has refused.
        waits: Whether to wait for room in a full queue, for as long as it takes.
        limits: How long a request may take.
        log: Is told before a batch is sent, and after its answer.
        merges: Whether the rows may leave together with those of other calls that wait for the queue's turn.

    Attributes:
        session: The session.
        largest: How many rows the server takes at once, as far as it has told by refusing more.
        careful: How many rows to send at once while others write to the queue: a long append loses to short ones.
        requests: How many attempts to append were made.
    """

    def __init__(
        self,
        session: LoopSession,
        assignee: Assignee,
        capacity: Capacity,
        *,
        waits: bool = False,
        limits: CallLimits,
        log: LoadLog | None = None,
        merges: bool = False,
    ) -> None:
        self.session = session
        self._assignee = assignee
        self._capacity = capacity
        self._waits = waits
        self._limits = limits
        self._target = Target(session, assignee, limits)
        self._log = log or LoadLog()
        # What is written down keeps its key, and so is sent by itself.
        self._merges = merges and not self._log.writes
        self._batch: Batch | None = None
        self.largest: float = inf
        self.careful: float = inf
        self.requests = 0

    async def deliver(self, rows: Sequence[PreparedRow], outcomes: Outcomes) -> None:
        """Send *rows* and note their fates in *outcomes*, which is right at every await.

        Raises:
            QueueFullError: The queue is filled to the capacity, and there are rows left.
            AlloError: The server refused, or could not be reached in time; *outcomes* tells what became of the rows.
        """
        rows = await self._fill(outcomes.wanted(rows), outcomes)
        while rows:
            if self._capacity.refusal is not None:
                if not self._waits:
                    raise self._capacity.refusal
                # Others may have their turn meanwhile: who does not wait learns at once that the queue is full.
                await self._capacity.wait_for_room(self._limits)
            # What is left without a refusal waits for the turn that the queue is known to have by now.
            rows = await self._fill(rows, outcomes)

    async def look(self) -> int:
        """Tell how much room there is, and remember what stands last in the queue."""
        return await self._target.look()

    async def queued_by_others(self) -> set[str]:
        """Read the numbers in the queue, in E.164, but for those that earlier runs of this load put there."""
        return set(await read_queued(self.session, self._assignee, self._limits)).difference(self._log.sent_numbers())

    @property
    def on_its_way(self) -> Sequence[PreparedRow]:
        """The rows of the request that is on its way, or will be."""
        return self._batch.rows if self._batch is not None else ()

    @property
    def refusal(self) -> QueueFullError | None:
        """Why the queue took no more."""
        return self._capacity.refusal

    async def carry(self, rows: Sequence[PreparedRow], outcomes: Fates) -> Sequence[PreparedRow]:
        """Send *rows*, having the queue's turn, until they are settled or the queue is full; give those that are left.

        Raises:
            AlloError: As for `deliver`.
        """
        while rows and self._capacity.allows >= 1:
            async with self._target.marked() as mark:
                # Of those whose rows they are, some may have gone meanwhile.
                rows = outcomes.wanted(rows)
                if not rows:
                    break
                batch = rows[: int(min(len(rows), self.largest, self.careful, self._capacity.allows))]
                self._batch = Batch(self._assignee, batch, mark)
                try:
                    settled = await self._settles(self._batch, outcomes)
                finally:
                    self._batch = None
            rows = rows[len(batch) :] if settled else rows
            if settled and not self._target.identified:
                # By now there is a queue; whoever waits for this name's turn learns with it whose that is.
                with contextlib.suppress(AlloError):
                    await self._target.identify()
                break
        return rows

    async def _fill(self, rows: Sequence[PreparedRow], outcomes: Outcomes) -> Sequence[PreparedRow]:
        """Wait for the queue's turn, and send *rows* as `carry` does."""
        if not rows:
            return rows
        await self._target.come_to_know()
        await self.session.key_state.paces.writes.check(self._limits.patience)
        if not self._merges:
            turn = self.session.locks.of(self._assignee)
            async with self._limits.stop.ends():
                with self.session.observers.timed_wait("turn"):
                    await turn.acquire()
            try:
                renamed = turn is not self.session.locks.of(self._assignee)
                return rows if renamed else await self.carry(rows, outcomes)
            finally:
                turn.release()
        ticket = Ticket(rows, outcomes, self._limits)
        group = group_of(self.session, self._assignee)
        left = await group.deliver(ticket, self.session, self._assignee, alone=self, together=self._together)
        self.requests += ticket.requests
        if ticket.refusal is not None and left:
            self._capacity.full(ticket.refusal)
        return left

    def _together(self, limits: CallLimits) -> "Appender":
        appender = Appender(self.session, self._assignee, self._capacity.fresh(), limits=limits)
        appender.largest = self.largest
        return appender

    async def resume(self, bars: Callable[[Sequence[PreparedRow]], Awaitable[bool]] | None = None) -> int:
        """Settle what an earlier run of the load was sending when it ended, and tell how many lost answers came back.

        Args:
            bars: Returns whether some of the rows must not be sent any more. If so, nothing is sent again, and reading
                the queue back settles whether they arrived.

        Raises:
            AlloError: It could not be settled; its rows are in doubt.
        """
        recovered, batches = 0, self._log.in_flight(self._assignee)
        if not batches:
            return 0
        barred = [bars is not None and await bars(batch.rows) for batch in batches]
        async with self.session.locks.of(self._assignee):
            for batch, is_barred in zip(batches, barred, strict=True):
                outcomes = Outcomes(Chunk(list(batch.rows)))
                with contextlib.suppress(QueueFullError, RequestTooLargeError):
                    await (self._settle_unsent if is_barred else self._settles)(batch, outcomes)
                recovered += outcomes.result().recovered
        return recovered

    async def _settles(self, batch: Batch, outcomes: Fates) -> bool:
        """Send *batch*; a definite refusal that leaves something to be sent in its stead settles nothing."""
        telling, delivery = BatchEvents(self.session.observers, self._assignee, len(batch.rows)), self._delivery(batch)
        try:
            with telling.within():
                reply = await self.session.sender.send(delivery, self._limits)
        except BaseException as error:
            telling.failed(delivery, error)
            if delivery.in_doubt:
                # A cancellation too leaves rows behind that someone will ask for.
                outcomes.doubt(batch.rows, _why(error))
                raise
            await self._cut(batch, error)
            return False
        finally:
            self.requests += delivery.attempts
        try:
            # Reading the reply has taken its stretch of the loop already.
            await asyncio.sleep(0)
        finally:
            # A cancellation here does not make an answer that came unheard.
            correlation = self._settle(batch.rows, reply, outcomes)
            telling.settled(correlation, delivery.attempts)
            await self._log.record_outcome(batch, outcomes.outcomes(batch.rows))
        return True

    async def _settle_unsent(self, batch: Batch, outcomes: Fates) -> None:
        """Settle *batch*, which must not be sent again, by what stands in the queue."""
        reply = await self.session.sender.look(self._delivery(batch))
        if reply is None:
            await self._log.record_refusal(batch)
            return
        self._settle(batch.rows, reply, outcomes)
        await self._log.record_outcome(batch, outcomes.outcomes(batch.rows))

    def _delivery(self, batch: Batch) -> InFlightRequest[AppendReply]:
        async def look(since: Timestamp, seconds: float | None) -> AppendReply | None:
            return await reconcile(self.session, batch, since=since, seconds=seconds, limits=self._limits.unstoppable)

        async def announce(request: Request, first_used: Timestamp) -> None:
            if self._log.writes:
                # Another process may have to know it, long after.
                async with self._limits.stop.ends(unless=lambda: delivery.on_its_way):
                    await batch.mark.seen()
            await self._log.record_intent(batch, request, first_used)

        request = batch.request or append_request(self._assignee, [row.entry for row in batch.rows])
        delivery = InFlightRequest(
            request,
            read_append,
            look,
            announce,
            batch.first_used,
            # What an earlier run was sending may have arrived.
            unclear_since=batch.first_used,
            most_conflicts=_PATIENT if len(batch.rows) > _SHORT else None,
        )
        return delivery

    async def _cut(self, batch: Batch, error: BaseException) -> None:
        """Learn from a refusal of *batch* how much to send in its stead, or raise it."""
        if isinstance(error, AlloError):
            await self._log.record_refusal(batch)
        else:
            self._log.withdraw(batch)
        rows = len(batch.rows)
        if isinstance(error, QueueFullError):
            await self._capacity.refused(rows, error, self._limits)
        elif isinstance(error, RequestTooLargeError) and rows > 1:
            self.largest = (rows + 1) // 2
            _log.info("%d rows are too many for one request: going on with %d", rows, self.largest)
        elif isinstance(error, AppendConflictError) and rows > _SHORT:
            self.careful = max(_SHORT, rows // 2)
            _log.info("%d rows keep losing to another writer: going on with %d", rows, self.careful)
        else:
            raise error

    def _settle(self, rows: Sequence[PreparedRow], reply: AppendReply, outcomes: Fates) -> Correlation:
        correlation = correlate(rows, reply)
        outcomes.settle(correlation)
        self._capacity.added(len(correlation.added))
        self.careful *= 2
        self._target.added(entry for _, entry in correlation.added)
        if reply.recovered:
            _log.info("the lost answer to an append of %d rows was recovered", len(rows))
        if correlation.surplus:
            _log.warning("the reply names %d numbers that were not sent", correlation.surplus)
        return correlation


def _why(error: BaseException) -> str:
    return (
        f"no answer told whether it arrived; the last attempt ended with: {error}"
        if isinstance(error, AlloError)
        else NO_ANSWER
    )
