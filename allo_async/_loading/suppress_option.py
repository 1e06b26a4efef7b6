"""The option `suppress`: what can be passed, and what a predicate can answer."""

import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeGuard, cast

from allo_async._loading.contacts import refuse_table
from allo_async._loading.suppression_list import SuppressionList
from allo_async.errors import SuppressionError

#: Asked with at most 1,000 different numbers as they would be sent: returns those that are suppressed, or a bool each.
SuppressPredicate = Callable[[Sequence[str]], Awaitable[Collection[str] | Sequence[bool]]]

#: Numbers that must not be called, in any format, or the predicate that knows them.
Suppress = Iterable[str | float] | AsyncIterable[str | float] | SuppressPredicate | SuppressionList


def is_predicate(suppress: object) -> TypeGuard[SuppressPredicate]:
    """Return whether *suppress* is an async function, or an object that is called like one."""
    return inspect.iscoroutinefunction(suppress) or (
        callable(suppress) and not isinstance(suppress, type) and inspect.iscoroutinefunction(type(suppress).__call__)
    )


def refuse_no_list(suppress: object) -> None:
    """Raise if *suppress*, which is no predicate, is no list of numbers either.

    Raises:
        TypeError: It is not; says what to pass.
    """
    if isinstance(suppress, SuppressionList):
        return
    if isinstance(suppress, str | bytes):
        raise TypeError("suppress must be a list of numbers, not a single one: [number]")
    if isinstance(suppress, Mapping):
        raise TypeError("suppress must be a list of numbers, not a mapping: list(mapping) for its keys")
    refuse_table(suppress, "suppress", 'one column of it, such as df["phone"]', files=False)
    if callable(suppress):
        raise TypeError("suppress must be numbers or an async function (async def) that is asked for numbers")
    if not isinstance(suppress, Iterable | AsyncIterable):
        raise TypeError(f"suppress must be an iterable of numbers, not {type(suppress).__name__}")


def suppressed_in(numbers: Sequence[str], answer: Any) -> Sequence[str]:
    """Return which of *numbers*, or which other numbers, are suppressed by the *answer* of a predicate.

    Raises:
        SuppressionError: It is of another kind.
    """
    if hasattr(answer, "tolist"):
        answer = answer.tolist()
    if isinstance(answer, str | bytes | Mapping) or not isinstance(answer, Collection):
        kind = type(cast("object", answer)).__name__
        raise SuppressionError(f"the suppress predicate must return numbers or bools, not {kind}")
    found = list(cast("Collection[object]", answer))
    if found and isinstance(answer, Sequence) and all(isinstance(item, bool) for item in found):
        if len(found) != len(numbers):
            raise SuppressionError(f"the suppress predicate returned {len(found)} bools for {len(numbers)} numbers")
        return [number for number, suppressed in zip(numbers, found, strict=True) if suppressed]
    texts = [item for item in found if isinstance(item, str) and item.strip()]
    if len(texts) < len(found):
        raise SuppressionError("the suppress predicate must return either numbers as text, or one bool for each")
    return texts
