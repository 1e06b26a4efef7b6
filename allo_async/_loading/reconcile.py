"""Reading the queue back: whether a chunk whose answer was lost stands in it.

An append is carried out whole or not at all, at the end of the queue. So what stands behind the end that was known
before the chunk tells: one run of its numbers in their order, and it landed; none of them, and it did not; anything
else is for no one to tell, since others write to the queue too, repeat numbers, and take entries off. Where the end was
seen only when the chunk was under way, its numbers in front of the end may be the chunk, or have stood there before.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from math import inf

import attrs

from allo_async._loading.load_log import Batch
from allo_async._loading.prepare import PreparedRow
from allo_async._loading.queue_reads import read_whole
from allo_async._numbers.plans import is_likely, tail
from allo_async._sending.call_limits import CallLimits
from allo_async._sending.idempotency import Timestamp
from allo_async._sending.session import LoopSession
from allo_async._wire.answers import AppendReply
from allo_async._wire.queue_end import Entry, QueueEnd

# A rep calls one number after the other, and none is called in less than a second.
_MOST_CALLS_PER_SECOND = 1.0

_KEPT_MOVING = "its answer was lost, and entries were taken off the queue faster than it could be read back"
_UNLIKE_AN_APPEND = (
    "its answer was lost, and numbers of its chunk stand in the queue, but not as this append would have put them there"
)
_SEEN_LATE = (
    "its answer was lost, and numbers of its chunk stand in the queue, which may have stood there before: how the queue"
    " ended was not known when it was sent"
)
_GONE = (
    "its answer was lost, and the queue has been worked off since: whether it held this chunk cannot be seen any more"
)
_MISSING = "its chunk stands in the queue, but not this row: the server skipped it, or it was taken off"


@attrs.frozen
class QueueSnapshot:
    """A queue as it was read back.

    Attributes:
        end: What stood last before the chunk, `None` where nobody knows.
        late: For how many seconds the chunk may have stood there when that was seen; infinite where nobody knows.
        exists: Whether there is a queue.
        entries: All of its entries, in order.
        seconds: For how long entries may have been called and taken off, `None` where that does not matter.
    """

    end: QueueEnd | None
    exists: bool
    entries: Sequence[Entry]
    seconds: float | None
    late: float = 0.0

    @cached_property
    def place(self) -> int | None:
        """Where the end is among the entries, `None` where it is gone, or nobody knows."""
        return None if self.end is None else self.end.place_in(self.entries)


async def reconcile(
    session: LoopSession, batch: Batch, *, since: Timestamp, seconds: float | None, limits: CallLimits
) -> AppendReply | None:
    """Read the queue back, and give the answer to the append of *batch*; `None` where it did not land.

    Args:
        session: Carries the reads.
        batch: What was sent.
        since: From when on it may have landed.
        seconds: For how long entries may have been called and taken off, `None` where that does not matter.
        limits: How long it may take.

    Raises:
        AlloError: The queue could not be read.
    """
    found = await read_whole(session, batch.assignee, limits)
    if found is None:
        return _doubt(_KEPT_MOVING)
    exists, entries = found
    seen = QueueSnapshot(batch.mark.end, exists, entries, seconds, late=batch.mark.seconds_after(since))
    return find_append(batch.rows, seen)


def find_append(rows: Sequence[PreparedRow], seen: QueueSnapshot) -> AppendReply | None:
    """Tell from *seen* whether *rows* landed: their answer, one in doubt, or `None` where they did not."""
    begin = _begin(seen)
    run = _longest_run(rows, seen.entries[begin:])
    if seen.late and len(run) < len(rows) and _longest_run(rows, seen.entries[:begin]):
        return _doubt(_SEEN_LATE)
    queued = {entry["number_to"] for entry in seen.entries[:begin]}
    needed = {at for at, row in enumerate(rows) if _must_be_there(row, queued)}
    if run and (not needed or 2 * len(needed & run.keys()) > len(needed)):
        skipped = [_skipped(row, queued) for at, row in enumerate(rows) if at not in run and at not in needed]
        return AppendReply(list(run.values()), [row for row in skipped if row], recovered=True, doubt=_MISSING)
    if run:
        return _doubt(_UNLIKE_AN_APPEND)
    return _doubt(_GONE) if len(rows) <= _most_gone(seen) else None


def _most_gone(seen: QueueSnapshot) -> float:
    """Tell how many rows of a chunk that landed may have been called and taken off since."""
    if not seen.exists or seen.seconds is None:
        return 0
    most = seen.seconds * _MOST_CALLS_PER_SECOND
    if seen.end is None or seen.place is None:
        return most
    if not seen.late:
        # They stood behind an entry that is still there.
        return 0
    # They stood in front of it: what was taken off since has moved it up.
    moved_up = inf if seen.end.position is None else seen.end.position - seen.place
    return min(most, moved_up + seen.late * _MOST_CALLS_PER_SECOND)


def _begin(seen: QueueSnapshot) -> int:
    """Tell from which place on entries surely came in after the end was seen."""
    if seen.place is not None:
        return seen.place + 1
    was_empty = seen.end is not None and seen.end.number_to is None
    return len(seen.entries) if seen.late and not was_empty else 0


def _longest_run(rows: Sequence[PreparedRow], entries: Sequence[Entry]) -> dict[int, Entry]:
    """Find the longest run of consecutive *entries* that answer *rows* in order: each row's place with its entry."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        for key in (row.e164, _spelling(row.e164) if row.e164 is not None else tail(row.wire)):
            if key:
                places[key].append(at)
    longest: dict[int, Entry] = {}
    run: dict[int, Entry] = {}
    last = -1
    for entry in entries:
        place = _next_place(places, entry, last)
        if place is None and run and last + 1 < len(rows) and rows[last + 1].e164 is None:
            # It may be this row, as only the server could read it.
            last += 1
            continue
        if place is None:
            run = {}
            place = _next_place(places, entry, -1)
        if place is not None:
            run[place], last = entry, place
        longest = max(longest, run, key=len)
    return longest


def _next_place(places: dict[str, list[int]], entry: Entry, last: int) -> int | None:
    number = entry["number_to"]
    for key in (number, _spelling(number), tail(number)):
        found = places.get(key, ())
        nearest = bisect_right(found, last)
        if nearest < len(found):
            return found[nearest]
    return None


def _spelling(number: str) -> str:
    """Give what two spellings of one number in E.164 have in common: some plans have a digit that comes and goes."""
    return f"{number[:3]}…{number[-9:]}"


def _must_be_there(row: PreparedRow, queued: set[str]) -> bool:
    """Tell whether no server would skip *row*: it reads as a number, and stands in the queue no earlier."""
    return row.e164 is not None and row.e164 not in queued and is_likely(row.e164)


def _skipped(row: PreparedRow, queued: set[str]) -> Entry | None:
    """Say why the server skipped a row of a chunk that landed; `None` where it may be there in another spelling."""
    if row.e164 is None:
        return None
    return {"number": row.wire, "reason": "ALREADY_QUEUED" if row.e164 in queued else "INVALID_PHONE_NUMBER"}


def _doubt(why: str) -> AppendReply:
    return AppendReply((), (), doubt=why)
