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
    JournalError,
    PendingContact,
    SkippedNumber,
    SpreadRun,
    Strategy,
)
from allo_async.cli.interrupt import calling_once_set
from allo_async.cli.job import Lead, Progress, RepLoad
from allo_async.cli.options import LoadOptions

_Row = TypeVar("_Row", AddedNumber, SkippedNumber, PendingContact)

NO_QUEUE = "(no queue)"

#: What a spread is called in the journal.
SPREAD = "spread"


async def spread_all(
    allo: AlloClient,
    reps: Sequence[str],
    leads: Sequence[Lead],
    strategy: Strategy,
    options: LoadOptions,
    progress: Progress,
    stop: asyncio.Event,
) -> tuple[list[RepLoad], bool]:
    """Spread *leads* over the queues of *reps*.

    Returns:
        Each rep's part, then the rows that went to nobody; and whether the user let it finish.

    Raises:
        AlloError: A rep or an option of no use; nothing was sent.
    """
    runs: list[SpreadRun] = []
    settled = 0

    def on_progress(run: SpreadRun) -> None:
        nonlocal settled
        runs[:] = [run]
        progress(run.settled - settled)
        settled = run.settled
        if stop.is_set():
            run.stop()

    def stop_runs() -> None:
        for run in runs:
            run.stop()

    spread = allo.spread(
        (lead.row for lead in leads),
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
        return _loads(result, reps, leads, None, interrupted=True), False
    except AlloError as failed:
        error, result = failed, failed.result
        if not result.totals.rows and not isinstance(error, JournalError):
            raise
    interrupted = stop.is_set() and bool(result.pending)
    return _loads(result, reps, leads, error, interrupted=interrupted), not interrupted


def _loads(
    result: AppendResult, reps: Sequence[str], leads: Sequence[Lead], error: AlloError | None, *, interrupted: bool
) -> list[RepLoad]:
    placed: dict[int, int] = getattr(result, "placed", {})
    shares = getattr(result, "shares", [None] * len(reps))
    loads = [
        _part(rep, [index for index in range(len(leads)) if placed.get(index) == place], result, leads)
        for place, rep in enumerate(reps)
    ]
    for load, share in zip(loads, shares, strict=True):
        load.error = share.error if share is not None else None
    rest = _part(NO_QUEUE, [index for index in range(len(leads)) if index not in placed], result, leads)
    rest.error, rest.interrupted = error, interrupted
    return [*loads, rest] if rest.leads else loads


def _part(rep: str, indexes: Sequence[int], result: AppendResult, leads: Sequence[Lead]) -> RepLoad:
    """Cut the rows at *indexes* out of *result*, counted anew."""
    places = {index: place for place, index in enumerate(indexes)}

    def own(rows: Sequence[_Row]) -> list[_Row]:
        return [attrs.evolve(row, index=places[row.index]) for row in rows if row.index in places]

    part = AppendResult(own(result.added), own(result.skipped), own(result.pending), own(result.in_doubt))
    return RepLoad(rep, [leads[index] for index in indexes], results=[part])
