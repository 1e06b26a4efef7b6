"""What a spread can be told, and the run that it makes of that."""

from collections.abc import Callable, Sequence
from math import inf
from typing import TypedDict

from allo_async._loading.allocate import Strategy
from allo_async._loading.prepare import Preparer
from allo_async._loading.spread import SpreadRun
from allo_async._loading.stream import check_chunk_size
from allo_async._loading.suppress_option import Suppress
from allo_async._sending.session import LoopSessions
from allo_async._wire.assignee import Assignee
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError
from allo_async.journal import Journal, OnChangedInput
from allo_async.journal.journal import log_of
from allo_async.models import QUEUE_CAPACITY, SpreadResult


class SpreadOptions(TypedDict, total=False):
    """What `AlloClient.spread` can be told.

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


def spread_run(
    assignees: Sequence[Assignee],
    sessions: LoopSessions,
    *,
    clock: Clock,
    strategy: Strategy = "even",
    region: str | None = None,
    chunk_size: int = QUEUE_CAPACITY,
    keep_duplicates: bool = False,
    skip_queued: bool = False,
    suppress: Suppress | None = None,
    deadline: float | None = None,
    patience: float = inf,
    journal: Journal | None = None,
    load_id: str | None = None,
    on_changed_input: OnChangedInput = "raise",
    on_progress: Callable[[SpreadRun], None] | None = None,
    into: SpreadResult | None = None,
) -> SpreadRun:
    """Make the run that deals rows to the queues of *assignees*.

    Raises:
        ConfigurationError: *assignees* are none or name one twice, or *strategy* or *chunk_size* is none.
    """
    check_spread(assignees, strategy, chunk_size)
    # Other queues, or another way to deal, go on with what is left; another region would read other numbers.
    terms = {"server": sessions.server, "region": region}
    return SpreadRun(
        sessions.current(),
        assignees,
        Preparer(region=region, keep_duplicates=keep_duplicates, suppress=suppress),
        strategy=strategy,
        chunk_size=chunk_size,
        skip_queued=skip_queued,
        merges=sessions.merges,
        clock=clock,
        deadline=deadline,
        patience=patience,
        log=log_of(journal, load_id, on_changed_input, terms, assignees, clock=clock),
        on_progress=on_progress,
        into=into,
    )


def check_spread(assignees: Sequence[Assignee], strategy: Strategy, chunk_size: int) -> None:
    """Refuse what cannot be spread.

    Raises:
        ConfigurationError: *assignees* are none or name one twice, or *strategy* or *chunk_size* is none.
    """
    check_chunk_size(chunk_size)
    if strategy not in {"even", "fill"}:
        raise ConfigurationError(f"strategy must be 'even' or 'fill', not {strategy!r}")
    if not assignees or len({assignee.identity for assignee in assignees}) < len(assignees):
        raise ConfigurationError("over must name at least one queue, and none of them twice")
