"""Results of consecutive stretches of the input to one."""

from collections.abc import Iterable
from typing import TypeVar

from allo_async.errors import ConfigurationError
from allo_async.models import AppendResult

_Result = TypeVar("_Result", bound=AppendResult)


def extend(result: AppendResult, *more: AppendResult) -> None:
    """Add *more* to *result*, behind whose rows theirs come in the input."""
    for other in more:
        result.added.extend(other.added)
        result.skipped.extend(other.skipped)
        result.pending.extend(other.pending)
        result.in_doubt.extend(other.in_doubt)
        result.recovered += other.recovered


def merge(results: Iterable[AppendResult]) -> AppendResult:
    """Join *results*, which follow each other in the input, so that each list stays in input order."""
    merged = AppendResult()
    extend(merged, *results)
    return merged


def into_result(into: _Result | None, kind: type[_Result]) -> _Result:
    """Return the result that a load fills: the caller's, or a new one.

    Raises:
        ConfigurationError: *into* is not an empty result of *kind*.
    """
    if into is None:
        return kind()
    if type(into) is not kind or into.totals.rows:
        raise ConfigurationError(f"into must be an empty {kind.__name__}")
    return into
