"""Results of consecutive stretches of the input to one."""

from collections.abc import Iterable

import attrs

from allo_async.models import AppendResult


def merge(results: Iterable[AppendResult]) -> AppendResult:
    """Join *results*, which follow each other in the input, so that each list stays in input order."""
    merged = AppendResult()
    recovered = 0
    for result in results:
        merged.added.extend(result.added)
        merged.skipped.extend(result.skipped)
        merged.pending.extend(result.pending)
        merged.in_doubt.extend(result.in_doubt)
        recovered += result.recovered
    return attrs.evolve(merged, recovered=recovered)
