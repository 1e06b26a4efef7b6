"""The options of loads: how each is called and typed, and the checks that all of them pass."""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, TypedDict

import attrs

from allo_async._loading.allocate import Strategy
from allo_async._loading.load_log import NO_LOG, LogOpener
from allo_async._loading.prepare import Preparer
from allo_async._loading.room_wait import DEFAULT_POLL_INTERVAL
from allo_async._loading.spread import SpreadRun
from allo_async._loading.stream import WhenFull
from allo_async._loading.suppress_option import Suppress
from allo_async._wire.requests import Assignee
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError
from allo_async.journal import Journal, OnChangedInput
from allo_async.journal.journal import log_of
from allo_async.models import QUEUE_CAPACITY, SpreadResult
from allo_async.validators import flag, instance, one_of, seconds, text, whole

# A longer name is somebody's data.
_LONGEST_LOAD_ID = 1_000


class AppendOptions(TypedDict, total=False):
    """The options of `append` and `append_stream`.

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
            If that is more than half of the deadline, half of it is for sending, and the result comes later. Rows that
            an iterable without a length, such as a generator, has not given by the deadline are in no result.
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


class SpreadOptions(TypedDict, total=False):
    """The options of `AlloClient.spread`.

    Attributes:
        strategy: `"even"`, the default, keeps the queues' added counts within one of each other as far as room allows;
            `"fill"` fills one after another.
        region: As for `append`.
        chunk_size: As for `append`.
        keep_duplicates: Send a number that came up before in the whole list.
        skip_queued: Skip what stands in any of the queues already.
        suppress: As for `append`; a function is asked for all rows before any is sent.
        deadline: Seconds for the whole call.
        patience: As for `append`.
        journal: As for `append`.
        load_id: As for `append`.
        on_changed_input: As for `append`.
        on_progress: Called at the beginning and after each chunk with the run: how many rows are `settled`, `result()`
            so far, which is true also after a cancellation, and `stop()`, which ends it in order. If it raises, the
            load ends in order with a `CallbackError`.
        into: An empty result that is filled once the call has ended, however it ended: a cancellation, too.
    """

    strategy: Strategy
    region: str | None
    chunk_size: int
    keep_duplicates: bool
    skip_queued: bool
    suppress: Suppress | None
    deadline: float | None
    patience: float
    journal: Journal | None
    load_id: str | None
    on_changed_input: OnChangedInput
    on_progress: Callable[[SpreadRun], None] | None
    into: SpreadResult | None


class PlanOptions(TypedDict, total=False):
    """The options of `DialingQueue.plan`, as for `append`.

    Attributes:
        region: As for `append`.
        chunk_size: As for `append`.
        keep_duplicates: As for `append`.
        skip_queued: As for `append`.
        suppress: As for `append`.
    """

    region: str | None
    chunk_size: int
    keep_duplicates: bool
    skip_queued: bool
    suppress: Suppress | None


class SpreadPlanOptions(PlanOptions, total=False):
    """The options of `AlloClient.plan`, as for `spread`.

    Attributes:
        strategy: As for `spread`.
    """

    strategy: Strategy


@attrs.frozen(kw_only=True)
class Options:
    """The options of one call, checked; each is described where callers pass it.

    Raises:
        ConfigurationError: One is of another type, or out of its range.
    """

    region: str | None = None
    chunk_size: int = attrs.field(default=QUEUE_CAPACITY, validator=whole(most=QUEUE_CAPACITY))
    keep_duplicates: bool = attrs.field(default=False, validator=flag)
    skip_queued: bool = attrs.field(default=False, validator=flag)
    suppress: Suppress | None = None
    when_full: WhenFull = attrs.field(default="raise", validator=one_of("raise", "stop", "wait"))  # pyright: ignore[reportAssignmentType] - one of them
    poll_interval: float = attrs.field(default=DEFAULT_POLL_INTERVAL, validator=seconds(above_zero=True, finite=True))
    deadline: float | None = attrs.field(default=None, validator=seconds(optional=True))
    patience: float = attrs.field(default=inf, validator=seconds())
    journal: Journal | None = attrs.field(default=None, validator=instance(Journal))
    load_id: str | None = attrs.field(default=None, validator=text(_LONGEST_LOAD_ID))
    on_changed_input: OnChangedInput = attrs.field(default="raise", validator=one_of("raise", "append"))  # pyright: ignore[reportAssignmentType] - one of them
    strategy: Strategy = attrs.field(default="even", validator=one_of("even", "fill"))  # pyright: ignore[reportAssignmentType] - one of them
    on_progress: Callable[[SpreadRun], Any] | None = None
    into: SpreadResult | None = None

    def __attrs_post_init__(self) -> None:
        if (self.journal is None) != (self.load_id is None):
            raise ConfigurationError("journal and load_id go together: a load is taken up again by its load_id")

    def log(self, terms: Mapping[str, Any], queues: Sequence[Assignee], *, clock: Clock) -> LogOpener:
        """Return what opens the log of the load into *queues*; *terms* must be the same when it is taken up again."""
        if self.journal is None or self.load_id is None:
            return NO_LOG
        return log_of(self.journal, self.load_id, self.on_changed_input, terms, queues, clock=clock)

    def preparer(self) -> Preparer:
        """Return what prepares the rows of the call.

        Raises:
            InvalidRegionError: There is no such region.
            TypeError: *suppress* is of no use.
        """
        return Preparer(region=self.region, keep_duplicates=self.keep_duplicates, suppress=self.suppress)

    def bound(self) -> float | None:
        """Return the deadline, `None` if there is none."""
        return None if self.deadline == inf else self.deadline
