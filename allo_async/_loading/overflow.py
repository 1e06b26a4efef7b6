"""Which rows of a request a queue has taken, although it refused the request for lack of room."""

from collections.abc import Sequence

import attrs

from allo_async._loading.load_log import Batch
from allo_async._loading.prepared_rows import PreparedRow
from allo_async._loading.reconcile import QueueSnapshot, find_append, is_spelled_out, spelling
from allo_async._loading.tail import read_last, read_whole
from allo_async._numbers.plans import is_likely, tail
from allo_async._sending.call_limits import CallLimits
from allo_async._sending.session import LoopSession
from allo_async._sending.verdict import Timestamp
from allo_async._wire.answers import AppendReply, Entry

_KEPT_MOVING = "the queue was full, and moved faster than it could be read to see which rows it took"
_UNKNOWN_TAIL = "the queue was full, and what it held before is not known, so that it may have taken this row"


@attrs.frozen
class Overflow:
    """The entries of a queue after a refusal for lack of room.

    Attributes:
        room: How many more numbers the queue holds by its own count.
        rows: How many of the first rows are settled.
        reply: The reply for those rows; `None` where the queue took none.
    """

    room: int
    rows: int = 0
    reply: AppendReply | None = None


async def read_overflow(session: LoopSession, batch: Batch, since: Timestamp | None, limits: CallLimits) -> Overflow:
    """Read what stands behind the entry that was last before *batch*: nothing, or the first rows of *batch*.

    It costs one read where nobody else writes to the queue, and nothing was taken.

    Raises:
        AlloError: The queue could not be read.
    """
    end = batch.before.end if batch.before is not None else None
    state, nothing_behind = await read_last(session, batch.assignee, end, limits)
    if nothing_behind:
        return Overflow(state.room)
    whole = await read_whole(session, batch.assignee, limits)
    if whole is None:
        return Overflow(state.room, len(batch.rows), AppendReply((), (), doubt=_KEPT_MOVING))
    seen = QueueSnapshot.of(batch, *whole, since=since)
    room = attrs.evolve(state, size=len(seen.entries)).room
    begin = seen.surely_before
    queued = {entry["number_to"] for entry in seen.entries[:begin]}
    taken = count_taken(batch.rows, seen.entries[begin:], queued)
    are_unlike = not all(map(is_spelled_out, seen.entries[begin:]))
    if seen.begin is None or are_unlike:
        # Whatever took the tail off, or the whole queue, may have taken off rows of this batch, too.
        unknown = taken if not are_unlike and (seen.end is None or taken) else len(batch.rows)
        return Overflow(room, unknown, AppendReply((), (), doubt=_UNKNOWN_TAIL) if unknown else None)
    if not taken:
        return Overflow(room)
    reply = find_append(batch.rows[:taken], seen)
    return Overflow(room) if reply is None else Overflow(room, taken, attrs.evolve(reply, recovered=False))


def count_taken(rows: Sequence[PreparedRow], entries: Sequence[Entry], queued: set[str]) -> int:
    """Count the first *rows* that stand one after another in *entries*, but for those that the server may skip."""
    return max((_count_from(rows, entries, start, queued) for start in range(len(entries))), default=0)


def _count_from(rows: Sequence[PreparedRow], entries: Sequence[Entry], start: int, queued: set[str]) -> int:
    count, place = 0, start
    for at, row in enumerate(rows):
        if place == len(entries):
            break
        if _is_of(entries[place], row):
            count, place = at + 1, place + 1
        elif row.e164 is not None and row.e164 not in queued and is_likely(row.e164):
            break
    return count


def _is_of(entry: Entry, row: PreparedRow) -> bool:
    number = entry["number_to"]
    return spelling(number) == spelling(row.e164) if row.e164 is not None else tail(number) == tail(row.wire)
