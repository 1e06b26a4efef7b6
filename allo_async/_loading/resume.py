"""The remains of earlier runs of a load: requests without a reply, and numbers in the queue."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence

from allo_async._loading.append_request import AppendRequest
from allo_async._loading.outcomes import Outcomes
from allo_async._loading.pending_append import AppendCall, MergedRows, PendingAppend
from allo_async._loading.prepared_rows import PreparedRow, PreparedRows
from allo_async._loading.rows import Chunk
from allo_async._loading.tail import read_queued
from allo_async._sending.session import LoopSession
from allo_async.errors import QueueFullError, RequestTooLargeError


async def resume(
    session: LoopSession, call: AppendCall, bars: Callable[[Sequence[PreparedRow]], Awaitable[bool]]
) -> int:
    """Settle what an earlier run of the load was sending, and return how many lost replies came back.

    Args:
        session: Carries the requests.
        call: The load's part in one queue.
        bars: Returns whether some of the rows must not be sent any more. If so, nothing is sent again, and reading
            the queue back settles whether they arrived.

    Raises:
        AlloError: It could not be settled; its rows are in doubt.
    """
    recovered, batches = 0, call.log.in_flight(call.assignee)
    if not batches:
        return 0
    barred = [await bars(batch.rows) for batch in batches]
    async with session.locks.of(call.assignee):
        for batch, is_barred in zip(batches, barred, strict=True):
            outcomes = Outcomes(Chunk(PreparedRows.of(batch.rows)))
            merged = MergedRows([(PendingAppend(call, batch.rows, outcomes), batch.rows)])
            request = AppendRequest(session, merged, batch)
            with contextlib.suppress(QueueFullError, RequestTooLargeError):
                await (request.settle_unsent() if is_barred else request.send())
            recovered += outcomes.result().recovered
    return recovered


async def queued_by_others(session: LoopSession, call: AppendCall) -> set[str]:
    """Read the numbers in the queue, in E.164, but for those that earlier runs of this load put there."""
    queued = await read_queued(session, call.assignee, call.limits)
    sent = call.log.sent_numbers()
    return {number for number in queued if number not in sent}
