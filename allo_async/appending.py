"""What an append can be told, and the stream that it makes of that."""

from math import inf
from typing import TypedDict

from allo_async._loading.appender import Appender
from allo_async._loading.load_log import LoadLog
from allo_async._loading.prepare import Preparer
from allo_async._loading.room_wait import DEFAULT_POLL_INTERVAL
from allo_async._loading.rows import Rows
from allo_async._loading.stream import AppendStream, WhenFull
from allo_async._loading.suppress_option import Suppress
from allo_async._sending.call_limits import CallLimits
from allo_async._sending.session import LoopSession, LoopSessions
from allo_async._wire.assignee import Assignee
from allo_async.clock import Clock
from allo_async.journal import Journal, OnChangedInput
from allo_async.journal.journal import log_of
from allo_async.models import QUEUE_CAPACITY


class AppendOptions(TypedDict, total=False):
    """What `append` and `append_stream` can be told.

    Attributes:
        region: How to read a number written without its country code, as an ISO 3166 code such as `FR`. Without it,
            such a number is sent as written, for the server to read.
        chunk_size: Rows to send at once, 1 to 1,000; 1,000 by default.
        keep_duplicates: Send a number that came up before in this call, instead of skipping it as `DUPLICATE_NUMBER`.
        skip_queued: Read the queue first, and skip what stands in it already as `ALREADY_QUEUED`.
        suppress: Numbers that must not be called, in any format and read once: any sync or async iterable of them. Or
            an async function that is asked for at most 1,000 different numbers at once, as they would be sent, and
            returns those of them that are suppressed, or one bool for each; it is asked once for each chunk, whose
            request has fewer rows then, and not for rows that are left pending. Such rows are skipped as `SUPPRESSED`.
            Where a number has no country code and there is no *region*, the last digits decide, seven or more. If the
            list or the function fails, a `SuppressionError` ends the call, and nothing is sent unchecked.
        when_full: What to do with rows that the queue has no room for: `"raise"` a `QueueFullError`, which is the
            default, `"stop"` and return them as pending, or `"wait"` until the rep has made room.
        poll_interval: Seconds before the first look for room when waiting, 1 by default; each look that finds none
            makes the next come later by half, up to 30 seconds.
        deadline: Seconds for the whole call; an `append` of a list stops so much earlier that the fate of every row can
            be told by then, which takes 6 ms for each 1,000 rows that were not taken, or 15 ms with a suppression list.
        patience: Seconds that the key's rate limit may hold up a request; above it, a `RateLimitedError` is raised at
            once. The turn of another append to the same queue, and the way to other processes, take none of it.
        journal: Where to write the load down as it goes, so that it can be taken up again however it ended.
        load_id: What to take it up by: the same load has the same one.
        on_changed_input: What to do when a load is taken up with another input: `"raise"` an `InputChangedError`, which
            is the default, or `"append"` only the rows that are new.
    """

    region: str | None
    chunk_size: int
    keep_duplicates: bool
    skip_queued: bool
    suppress: Suppress | None
    when_full: WhenFull
    poll_interval: float
    deadline: float | None
    patience: float
    journal: Journal | None
    load_id: str | None
    on_changed_input: OnChangedInput


def append_stream(
    assignee: Assignee,
    sessions: LoopSessions,
    numbers: Rows,
    *,
    clock: Clock,
    region: str | None = None,
    chunk_size: int = QUEUE_CAPACITY,
    keep_duplicates: bool = False,
    skip_queued: bool = False,
    suppress: Suppress | None = None,
    when_full: WhenFull = "raise",
    poll_interval: float = DEFAULT_POLL_INTERVAL,
    deadline: float | None = None,
    patience: float = inf,
    journal: Journal | None = None,
    load_id: str | None = None,
    on_changed_input: OnChangedInput = "raise",
) -> AppendStream:
    """Make the stream that appends *numbers* to the queue of *assignee*."""
    terms = {
        "server": sessions.server,
        "queue": assignee.fields(),
        "region": region,
    }

    def open_appender(session: LoopSession, limits: CallLimits, log: LoadLog) -> Appender:
        return Appender(
            session,
            assignee,
            clock=clock,
            limits=limits,
            log=log,
            merges=sessions.merges,
            chunk_size=chunk_size,
            waits=when_full == "wait",
            poll_interval=poll_interval,
        )

    return AppendStream(
        numbers,
        assignee,
        Preparer(region=region, keep_duplicates=keep_duplicates, suppress=suppress),
        sessions.current,
        open_appender,
        clock=clock,
        chunk_size=chunk_size,
        deadline=deadline,
        patience=patience,
        when_full=when_full,
        skip_queued=skip_queued,
        log=log_of(journal, load_id, on_changed_input, terms, [assignee], clock=clock),
    )
