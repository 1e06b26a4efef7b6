"""Reading the queue back: whether a batch whose answer was lost stands in it.

An append is carried out whole or not at all, at the end of the queue. So entries behind the tail that was known before
the batch are evidence: one run of its numbers in their order, and it landed; none of them, and it did not. Anything
else is in doubt, since others write to the queue too, repeat numbers, and take entries off. An entry that was made or
called before the first attempt is not ours.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import attrs

from allo_async._loading.load_log import BY_CLIENT, Batch
from allo_async._loading.prepared_rows import PreparedRow
from allo_async._loading.tail import LONG_BEFORE, read_whole
from allo_async._numbers.plans import is_likely, tail
from allo_async._sending.call_limits import CallLimits
from allo_async._sending.session import LoopSession
from allo_async._sending.verdict import Timestamp
from allo_async._wire.answers import AppendReply, Entry, KnownEnd, QueueEnd, seconds_of
from allo_async.models import QueueSettings

# A rep calls one number after the other, and none is called in less than a second.
_MOST_CALLS_PER_SECOND = 1.0

_E164 = re.compile(r"\+[0-9]{6,15}")

_CALLED = ("call_id", "call_start_date", "routing_result")

_KEPT_MOVING = "its answer was lost, and entries were taken off the queue faster than it could be read back"
_UNLIKE_AN_APPEND = (
    "its answer was lost, and numbers of its chunk stand in the queue, but not as this append would have put them there"
)
_MAYBE_MEANWHILE = (
    "its answer was lost, and numbers of its chunk stand in the queue, which others may have added between the look at"
    " the queue and the attempt"
)
_TWICE = "its answer was lost, and numbers of its chunk stand in the queue more than once: others may have added them"
_MAYBE_BEFORE = (
    "its answer was lost, and numbers of its chunk stand in the queue, which may have stood there before: what stood"
    " last in the queue when it was sent is not known, or not there any more"
)
_ANYONES = (
    "its answer was lost, and numbers of its chunk stand in the queue and were called: others may have added them"
)
_GONE = (
    "its answer was lost, and the queue has been worked off since: whether it held this chunk cannot be seen any more"
)
_UNLIKE_NUMBERS = "its answer was lost, and the queue holds entries that cannot be compared with this row"
_MISSING = "its chunk stands in the queue, but not this row: the server skipped it, or it was taken off"


@attrs.frozen
class ServerTimes:
    """Moments by the clock that dates entries.

    Attributes:
        looked: The least that it can have shown when the tail was read.
        began: The least that it can have shown when the first attempt began.
        began_by: The most that it can have shown then.
    """

    looked: float
    began: float
    began_by: float

    @classmethod
    def of(cls, before: KnownEnd | None, since: Timestamp) -> "ServerTimes | None":
        """Return the moments for a batch that was sent after *before*; `None` if the server's clock is not known."""
        if before is None or before.clock is None or since.monotonic is None:
            return None
        clock, began = before.clock, since.monotonic
        return cls(clock.at_least(before.at), clock.at_least(began), clock.at_most(began))

    def fit(self, entries: Sequence[Entry]) -> bool:
        """Return whether *entries*, which stand behind the tail, are dated after it, as they must be."""
        dates = [seconds_of(entry.get("created_at")) for entry in entries]
        return all(date is None or date + 1 >= self.looked for date in dates)

    def precede(self, entry: Entry) -> bool:
        """Return whether *entry* was made or called before the first attempt; dates are of whole seconds."""
        dates = (seconds_of(entry.get(field)) for field in ("created_at", "call_start_date"))
        return any(date is not None and date + 1 <= self.began for date in dates)

    def follows(self, entry: Entry) -> bool:
        """Return whether *entry* was surely made after the first attempt began."""
        date = seconds_of(entry.get("created_at"))
        return date is not None and date >= self.began_by


@attrs.frozen
class QueueSnapshot:
    """A queue as it was read back.

    Attributes:
        end: The last entries before the batch, `None` if they are unknown.
        exists: Whether there is a queue.
        entries: All of its entries, in order.
        seconds: For how long entries may have been called and taken off, `None` where that does not matter.
        queue_id: The queue's id, `None` where it is not known.
        times: The moments that entries are compared with, `None` where the server's clock is not known.
        is_old: Whether others may have written between the look at the tail and the first attempt, without a date.
    """

    end: QueueEnd | None
    exists: bool
    entries: Sequence[Entry]
    seconds: float | None
    queue_id: str | None = None
    times: ServerTimes | None = None
    is_old: bool = False

    @classmethod
    def of(
        cls,
        batch: Batch,
        settings: QueueSettings | None,
        entries: Sequence[Entry],
        *,
        since: Timestamp | None,
        seconds: float | None = None,
    ) -> "QueueSnapshot":
        """Take what was read back after *batch* was sent, which may have landed from *since* on."""
        return cls(
            batch.before.end if batch.before is not None else None,
            settings is not None,
            entries,
            seconds,
            settings.id if settings is not None else None,
            None if since is None else ServerTimes.of(batch.before, since),
            _is_old(batch.before, since),
        )

    @cached_property
    def begin(self) -> int | None:
        """The place from which on entries came in after the tail was read; `None` if nothing shows it."""
        if self.end is None or None is not self.end.queue_id != self.queue_id:
            return None
        if self.end.number_to is None:
            return 0
        place = self.end.place_in(self.entries)
        return None if place is None else place + 1

    @cached_property
    def surely_before(self) -> int:
        """How many entries surely stood there before the first attempt; those behind the tail come after it."""
        begin = self.begin or 0
        behind = self.entries[begin:]
        if self.times is None or self.begin is None or not self.times.fit(behind):
            return begin
        return begin + max((place for place, entry in enumerate(behind, 1) if self.times.precede(entry)), default=0)


async def reconcile(
    session: LoopSession, batch: Batch, *, since: Timestamp, seconds: float | None, limits: CallLimits
) -> AppendReply | None:
    """Read the queue back, and return the answer to the append of *batch*; `None` where it did not land.

    Args:
        session: Carries the reads.
        batch: The rows that were sent.
        since: From when on it may have landed.
        seconds: For how long entries may have been called and taken off, `None` where that does not matter.
        limits: How long it may take.

    Raises:
        AlloError: The queue could not be read.
    """
    found = await read_whole(session, batch.assignee, limits)
    if found is None:
        return _doubt(_KEPT_MOVING)
    seen = QueueSnapshot.of(batch, *found, since=since, seconds=seconds)
    return find_append(batch.rows, seen)


def find_append(rows: Sequence[PreparedRow], seen: QueueSnapshot) -> AppendReply | None:
    """Return the reply to the append of *rows* by *seen*: one in doubt, or `None` if they did not land."""
    if seen.begin is None:
        if _longest_run(rows, seen.entries):
            return _doubt(_MAYBE_BEFORE)
        return _doubt(_GONE) if _may_be_gone(rows, seen) else None
    behind = seen.entries[seen.surely_before :]
    run = _longest_run(rows, behind)
    if not run:
        if not all(map(is_spelled_out, behind)):
            return _doubt(_UNLIKE_NUMBERS)
        return _doubt(_GONE) if _may_be_gone(rows, seen) else None
    queued = {entry["number_to"] for entry in seen.entries[: seen.surely_before]}
    needed = {at for at, row in enumerate(rows) if _must_be_there(row, queued)}
    doubt = _why_not_ours(rows, run, needed, seen)
    if doubt is not None:
        return _doubt(doubt)
    known = [_already_queued(row) for at, row in enumerate(rows) if at not in run and row.e164 in queued]
    return AppendReply(list(run.values()), known, recovered=True, doubt=_MISSING)


def _why_not_ours(
    rows: Sequence[PreparedRow], run: dict[int, Entry], needed: set[int], seen: QueueSnapshot
) -> str | None:
    """Return why the longest *run* behind the tail may be somebody else's; `None` if it must be ours."""
    found = len(needed & run.keys())
    if needed and 2 * found <= len(needed):
        return _UNLIKE_AN_APPEND
    if seen.is_old and (seen.times is None or not all(map(seen.times.follows, run.values()))):
        return _MAYBE_MEANWHILE
    earlier = seen.entries[seen.begin : seen.surely_before]
    if len(run) < len(rows) and _longest_run(rows, earlier):
        # Entries from before the first attempt may reach beyond those that are surely from before it.
        return _UNLIKE_AN_APPEND
    ours = {id(entry) for entry in run.values()}
    others = [entry for entry in seen.entries[seen.surely_before :] if id(entry) not in ours]
    if len(_longest_run(rows, others)) >= len(run):
        return _TWICE
    # A rep that has called entries may have queued them: uncalled ones beside them show that the run is one append's.
    called = [entry for entry in run.values() if any(entry.get(field) for field in _CALLED)]
    surely_of_now = seen.times is not None and all(map(seen.times.follows, called))
    return _ANYONES if called and (len(called) == len(run) or not surely_of_now) else None


def _is_old(before: KnownEnd | None, since: Timestamp | None) -> bool:
    if before is None or before.is_dated or since is None or since.monotonic is None:
        return False
    return since.monotonic - before.at > LONG_BEFORE


def _may_be_gone(rows: Sequence[PreparedRow], seen: QueueSnapshot) -> bool:
    """Return whether a batch that landed may have been called and taken off, or cleared, since."""
    if seen.end is not None and seen.begin is None:
        # Whatever took off the tail, or the whole queue, may have taken off more.
        return True
    if not seen.exists or seen.seconds is None:
        return seen.end is not None and seen.end.exists and not seen.exists
    stood_behind = seen.end is not None and seen.end.number_to is not None
    return not stood_behind and len(rows) <= seen.seconds * _MOST_CALLS_PER_SECOND


def _longest_run(rows: Sequence[PreparedRow], entries: Sequence[Entry]) -> dict[int, Entry]:
    """Find the longest run of consecutive *entries* that answer *rows* in order: each row's place with its entry."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        for key in (row.e164, spelling(row.e164) if row.e164 is not None else tail(row.wire)):
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
    for key in (number, spelling(number), tail(number)):
        found = places.get(key, ())
        nearest = bisect_right(found, last)
        if nearest < len(found):
            return found[nearest]
    return None


def spelling(number: str) -> str:
    """Return what two spellings of one number in E.164 have in common: some plans have a digit that comes and goes."""
    return f"{number[:3]}…{number[-9:]}"


def is_spelled_out(entry: Entry) -> bool:
    """Return whether the number of *entry* is in E.164 [spec]; any other may be that of any row."""
    return _E164.fullmatch(entry["number_to"]) is not None


def _must_be_there(row: PreparedRow, queued: set[str]) -> bool:
    """Return whether no server would skip *row*: it reads as a number, and stands in the queue no earlier."""
    return row.e164 is not None and row.e164 not in queued and is_likely(row.e164)


def _already_queued(row: PreparedRow) -> Entry:
    """Say what this client saw itself: the number of *row* stood in the queue before, and not again."""
    return {"number": row.wire, "reason": "ALREADY_QUEUED", BY_CLIENT: True}


def _doubt(why: str) -> AppendReply:
    return AppendReply((), (), doubt=why)
