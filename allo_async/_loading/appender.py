"""The rows of one call to one queue, chunk by chunk."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence

from allo_async._loading.append_request import AppendRequest
from allo_async._loading.batcher import batcher_of
from allo_async._loading.load_log import LoadLog
from allo_async._loading.outcomes import Outcomes
from allo_async._loading.pending_append import AppendCall, MergedRows, PendingAppend
from allo_async._loading.prepare import PreparedRow
from allo_async._loading.queue_reads import read_queued
from allo_async._loading.room_wait import DEFAULT_POLL_INTERVAL
from allo_async._loading.rows import Chunk
from allo_async._loading.tail import QueueTail
from allo_async._sending.call_limits import CallLimits
from allo_async._sending.session import LoopSession
from allo_async._wire.assignee import Assignee
from allo_async.clock import Clock
from allo_async.errors import QueueFullError, RequestTooLargeError
from allo_async.models import QUEUE_CAPACITY


class Appender:
    """Delivers the chunks of one call to one queue, in order.

    Args:
        session: Carries the requests.
        assignee: Whose queue it is.
        clock: Waits for room.
        limits: How long a request may take.
        log: Where batches are recorded before they are sent, and after the reply.
        merges: Whether the rows may leave together with those of other calls.
        chunk_size: The most rows of one request.
        waits: Whether to wait for room in a full queue, for as long as it takes.
        poll_interval: Seconds before the first look for room.
    """

    def __init__(
        self,
        session: LoopSession,
        assignee: Assignee,
        *,
        clock: Clock,
        limits: CallLimits,
        log: LoadLog | None = None,
        merges: bool = False,
        chunk_size: int = QUEUE_CAPACITY,
        waits: bool = False,
        poll_interval: float = DEFAULT_POLL_INTERVAL,
    ) -> None:
        log = log or LoadLog()
        self._session = session
        self._clock = clock
        self._tail = QueueTail(session, assignee, limits)
        self._call = AppendCall(
            assignee,
            limits,
            log,
            chunk_size=chunk_size,
            # What is written down keeps its key, and so is sent by itself.
            alone=not merges or log.writes,
            waits_for_room=waits,
            poll_interval=poll_interval,
        )

    @property
    def requests(self) -> int:
        """How many attempts to append were made."""
        return self._call.requests

    async def deliver(self, rows: Sequence[PreparedRow], outcomes: Outcomes) -> None:
        """Send *rows* and record what becomes of them in *outcomes*, which is right at every await.

        Raises:
            QueueFullError: The queue is filled to the capacity, and there are rows left.
            AlloError: The server refused, or could not be reached in time; *outcomes* has what became of the rows.
        """
        rows = outcomes.wanted(rows)
        if not rows:
            return
        await self._session.key_state.limiters.writes.check(self._session.sender.budget(self._call.limits))
        batcher = batcher_of(self._session, self._call.assignee, self._clock)
        await batcher.append(PendingAppend(self._call, rows, outcomes))

    async def look(self) -> int:
        """Return how much room there is, and remember what stands last in the queue."""
        return await self._tail.look()

    async def queued_by_others(self) -> set[str]:
        """Read the numbers in the queue, in E.164, but for those that earlier runs of this load put there."""
        queued = await read_queued(self._session, self._call.assignee, self._call.limits)
        sent = self._call.log.sent_numbers()
        return {number for number in queued if number not in sent}

    async def resume(self, bars: Callable[[Sequence[PreparedRow]], Awaitable[bool]] | None = None) -> int:
        """Settle what an earlier run of the load was sending, and return how many lost replies came back.

        Args:
            bars: Returns whether some of the rows must not be sent any more. If so, nothing is sent again, and reading
                the queue back settles whether they arrived.

        Raises:
            AlloError: It could not be settled; its rows are in doubt.
        """
        assignee = self._call.assignee
        recovered, batches = 0, self._call.log.in_flight(assignee)
        if not batches:
            return 0
        barred = [bars is not None and await bars(batch.rows) for batch in batches]
        async with self._session.locks.of(assignee):
            for batch, is_barred in zip(batches, barred, strict=True):
                outcomes = Outcomes(Chunk(list(batch.rows)))
                merged = MergedRows([(PendingAppend(self._call, batch.rows, outcomes), batch.rows)])
                request = AppendRequest(self._session, assignee, merged, batch)
                with contextlib.suppress(QueueFullError, RequestTooLargeError):
                    await (request.settle_unsent() if is_barred else request.send())
                recovered += outcomes.result().recovered
        return recovered
