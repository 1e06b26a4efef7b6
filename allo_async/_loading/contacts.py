"""Rows as callers give them, to contacts; or what is wrong with one, field by field."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, cast

import attrs

from allo_async.models import Contact

_LISTS = ("emails", "addresses")
_FIELDS = tuple(field.name for field in attrs.fields(Contact))


class UnusableRowError(Exception):
    """A row that cannot be sent; its text names the field."""


def read_contact(row: object) -> Contact:
    """Read a row: a string is a number, a mapping has the API's field names, a `Contact` is checked.

    A blank optional field is the same as none: exports write empty cells, and a company without a name is not meant.

    Raises:
        UnusableRowError: The row is of another type, or one of its fields is.
    """
    if isinstance(row, str):
        return Contact(_number(row))
    return Contact(**_checked(_named(row)))


def number_as_given(row: object) -> str | None:
    """Tell the number that a row gives, however unusable the row, `None` where it gives none."""
    if isinstance(row, Mapping):
        row = cast("Mapping[object, object]", row).get("number")
    elif isinstance(row, Contact):
        row = row.number
    return row if isinstance(row, str) else None


def _named(row: object) -> Mapping[str, object]:
    if isinstance(row, Contact):
        return {name: getattr(row, name) for name in _FIELDS}
    if not isinstance(row, Mapping):
        raise UnusableRowError(f"a row must be a string, a mapping or a Contact, not {_kind(row)}")
    named = cast("Mapping[object, object]", row)
    for name in named:
        if name not in _FIELDS:
            raise UnusableRowError(f"{name}: unknown field{_suggestion(name)}")
    return cast("Mapping[str, object]", named)


def _suggestion(name: object) -> str:
    close = get_close_matches(str(name).lower(), _FIELDS, n=1)
    return f", did you mean {close[0]}?" if close else f"; the fields are {', '.join(_FIELDS)}"


def _checked(named: Mapping[str, object]) -> dict[str, Any]:
    checked: dict[str, Any] = {
        name: _texts(name, value) if name in _LISTS else _text(name, value) for name, value in named.items()
    }
    checked["number"] = _number(named.get("number"))
    return checked


def _number(value: object) -> str:
    number = _text("number", value)
    if number is None:
        raise UnusableRowError("number: missing" if value is None else "number: empty")
    return number


def _text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise UnusableRowError(f"{name}: expected a string, got {_kind(value)}")
    if not value.isascii() and not _encodable(value):
        raise UnusableRowError(f"{name}: holds half of a surrogate pair, which is no text")
    return value.strip() or None


def _texts(name: str, value: object) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise UnusableRowError(f"{name}: expected a list of strings, got {_kind(value)}")
    items = (_text(f"{name}[{place}]", item) for place, item in enumerate(cast("list[object]", value)))
    return [item for item in items if item is not None] or None


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
