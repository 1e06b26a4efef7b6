"""`load` with several reps: one list, spread over their queues."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

import attrs

from allo_async import (
    AddedNumber,
    AlloClient,
    AlloError,
    AppendResult,
    InDoubtContact,
    JournalError,
    PendingContact,
    SkippedNumber,
    SpreadResult,
    SpreadRun,
    SpreadStrategy,
)
from allo_async.cli.interrupt import calling_once_set
from allo_async.cli.job import Progress, RepLoad
from allo_async.cli.journaling import SPREAD
from allo_async.cli.options import LoadOptions
from allo_async.journal.reading import queue_name_of

_Row = TypeVar("_Row", AddedNumber, SkippedNumber, PendingContact, InDoubtContact)

NO_QUEUE = "(no queue)"


async def spread_all(
    allo: AlloClient,
    reps: Sequence[str],
    whole: RepLoad,
    strategy: SpreadStrategy,
    options: LoadOptions,
    progress: Progress,
    stop: asyncio.Event,
) -> tuple[list[RepLoad], bool]:
    """Spread the rows of *whole* over the queues of *reps*.

    Returns:
        Each rep's part, then that of each rep that is not named any more and has rows of the list from an earlier run,
        then the rows that went to nobody; and whether the user let it finish.

    Raises:
        AlloError: A rep or an option of no use; nothing was sent.
    """
    runs: list[SpreadRun] = []
    # The bar counts what is to do.
    settled = len(whole.earlier)

    def on_progress(run: SpreadRun) -> None:
        nonlocal settled
        runs[:] = [run]
        progress(max(0, run.rows_settled - settled))
        settled = max(settled, run.rows_settled)
        if stop.is_set():
            run.stop()

    def stop_runs() -> None:
        for run in runs:
            run.stop()

    spread = allo.spread(
        [lead.row for lead in whole.leads],
        over=[allo.queue(email=rep) for rep in reps],
        strategy=strategy,
        region=options.region,
        chunk_size=options.chunk_size,
        keep_duplicates=options.keep_duplicates,
        skip_queued=options.skip_queued,
        suppress=options.suppress,
        deadline=options.deadline,
        journal=options.journal,
        load_id=None if options.journal is None else SPREAD,
        on_changed_input=options.on_changed_input,
        on_progress=on_progress,
    )
    error: AlloError | None = None
    try:
        async with calling_once_set(stop, stop_runs):
            result: AppendResult = await spread
    except asyncio.CancelledError:
        result = runs[0].result() if runs else AppendResult()
        return _loads(result, reps, whole, None, interrupted=True), False
    except AlloError as failed:
        error, result = failed, failed.result
        if not result.totals.rows and not isinstance(error, JournalError):
            raise
    interrupted = stop.is_set() and bool(result.pending)
    return _loads(result, reps, whole, error, interrupted=interrupted), not interrupted


def _loads(
    result: AppendResult, reps: Sequence[str], whole: RepLoad, error: AlloError | None, *, interrupted: bool
) -> list[RepLoad]:
    shares = result.shares if isinstance(result, SpreadResult) else []
    names = [*reps, *(share.name for share in shares[len(reps) :])]
    rep_of = _reps_of_earlier(whole, names)
    if isinstance(result, SpreadResult):
        rep_of |= {index: names[place] for index, place in result.placed.items()}
    dropped = [rep for rep in dict.fromkeys(rep_of.values()) if rep not in reps]
    loads = [
        _part(rep, [index for index in range(len(whole.leads)) if rep_of.get(index) == rep], result, whole)
        for rep in (*reps, *dropped)
    ]
    errors = {name: share.error for name, share in zip(names, shares, strict=False)}
    for load in loads:
        load.error = errors.get(load.name)
    rest = _part(NO_QUEUE, [index for index in range(len(whole.leads)) if index not in rep_of], result, whole)
    rest.error, rest.interrupted = error, interrupted
    if error is not None and not rest.leads:
        loads[0].error = error
    return [*loads, rest] if rest.leads else loads


def _reps_of_earlier(whole: RepLoad, names: Sequence[str]) -> dict[int, str]:
    """Return for each row that an earlier run sent in whose queue it stands, as this run calls the rep."""
    spelled = {name.casefold(): name for name in names}
    queues = {index: queue_name_of(row.queue) for index, row in whole.earlier.items()}
    return {index: spelled.get(name.casefold(), name) for index, name in queues.items()}


def _part(rep: str, indexes: Sequence[int], result: AppendResult, whole: RepLoad) -> RepLoad:
    """Cut the rows at *indexes* out of *result*, counted anew."""
    places = {index: place for place, index in enumerate(indexes)}

    def own(rows: Sequence[_Row]) -> list[_Row]:
        return [attrs.evolve(row, index=places[row.index]) for row in rows if row.index in places]

    return RepLoad(
        rep,
        [whole.leads[index] for index in indexes],
        results=[AppendResult(own(result.added), own(result.skipped), own(result.pending), own(result.in_doubt))],
        earlier={places[index]: row for index, row in whole.earlier.items() if index in places},
        skipped_earlier={places[index] for index in whole.skipped_earlier if index in places},
    )
