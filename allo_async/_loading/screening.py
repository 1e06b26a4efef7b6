"""Asking a predicate about the numbers of prepared rows."""

import itertools
from collections.abc import Iterable

from allo_async._loading.prepare import Preparer
from allo_async._loading.prepared_rows import PreparedRow, PreparedRows
from allo_async.clock import TimeSlice
from allo_async.models import SkippedNumber

# The most numbers that a predicate is asked for at once.
_MOST_ASKED = 1000


async def screened(
    rows: PreparedRows, skipped: list[SkippedNumber], preparer: Preparer
) -> tuple[PreparedRows, list[SkippedNumber]]:
    """Return the rows that may be called, and those that are skipped: *skipped*, and what the predicate suppresses.

    Raises:
        SuppressionError: The predicate raised, or returned something of another kind.
    """
    assert preparer.suppression is not None  # noqa: S101 - for the type checker
    numbers = list(await _numbers(rows, skipped, preparer))
    for start in range(0, len(numbers), _MOST_ASKED):
        await preparer.suppression.ask(numbers[start : start + _MOST_ASKED])
    kept, left_out = PreparedRows(), list[SkippedNumber]()
    every: Iterable[PreparedRow | SkippedNumber] = itertools.chain(rows, skipped)
    time_slice = TimeSlice()
    for row in every:
        suppressed = preparer.suppressed(row)
        if suppressed is not None:
            left_out.append(suppressed)
        elif isinstance(row, PreparedRow):
            kept.append(row)
        else:
            left_out.append(row)
        if time_slice.over:
            await time_slice.renew()
    return kept, left_out


async def _numbers(
    rows: Iterable[PreparedRow], skipped: Iterable[SkippedNumber], preparer: Preparer
) -> dict[str, None]:
    """Return what the predicate is asked: each number once, also those of rows that stand in the queue already."""
    numbers = {row.wire: None for row in rows}
    time_slice = TimeSlice()
    for row in skipped:
        wire = preparer.wire(row) if row.reason == "ALREADY_QUEUED" else None
        if wire is not None:
            numbers[wire] = None
        if time_slice.over:
            await time_slice.renew()
    return numbers
