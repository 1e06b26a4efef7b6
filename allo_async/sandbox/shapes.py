"""The shape of a body or a query, as a check that finds the faults of one."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, cast

#: Where a value is wrong, from its own root (such as `.numbers[0].name`), and how.
Problem: TypeAlias = tuple[str, str]
Check: TypeAlias = Callable[[object], Iterable[Problem]]


def text(*, shortest: int = 0, longest: int | None = None) -> Check:
    """Check for a string, of some length if given."""
    most = float("inf") if longest is None else longest
    length = "" if longest is None else f" of {shortest} to {longest} characters"

    def check(value: object) -> Iterable[Problem]:
        if not isinstance(value, str) or not shortest <= len(value) <= most:
            yield "", f"must be a string{length}"

    return check


def one_of(*values: str) -> Check:
    """Check for one of some strings."""

    def check(value: object) -> Iterable[Problem]:
        # A list cannot be looked up in a set, so that *values* stays a tuple.
        if value not in values:
            yield "", f"must be one of {', '.join(values)}"

    return check


def whole(least: int, most: int = 2**31 - 1) -> Check:
    """Check for a whole number in the text of a query."""

    def check(value: object) -> Iterable[Problem]:
        digits = str(value)
        fits = digits.isascii() and digits.isdecimal() and len(digits) <= len(str(most))
        if not fits or not least <= int(digits) <= most:
            yield "", f"must be a whole number from {least} to {most}"

    return check


def array(item: Check, *, least: int = 0) -> Check:
    """Check for an array of at least *least* items, each of which passes *item*."""

    def check(value: object) -> Iterable[Problem]:
        if not isinstance(value, list) or len(cast("list[object]", value)) < least:
            yield "", f"must be an array of at least {least}" if least else "must be an array"
            return
        for place, one in enumerate(cast("list[object]", value)):
            yield from ((f"[{place}]{path}", message) for path, message in item(one))

    return check


def fields(checks: dict[str, Check], *, required: str | None = None) -> Check:
    """Check for an object with *checks* by name; a field that is null or absent is wrong only where *required*."""

    def check(value: object) -> Iterable[Problem]:
        if not isinstance(value, dict):
            yield "", "must be an object"
            return
        given = cast("dict[str, Any]", value)
        for name, field in checks.items():
            if given.get(name) is not None:
                yield from ((f".{name}{path}", message) for path, message in field(given[name]))
            elif name == required:
                yield f".{name}", "is required"

    return check
