"""Which column of a lead list is which field of a contact."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from allo_async import Contact
from allo_async.leads.headers import plain, rank

FIELDS = tuple(field.name for field in attrs.fields(Contact))

_SEVERAL = {"number", "emails", "addresses"}
_NUMBER_DIGITS = 6


class ColumnsError(Exception):
    """Columns that cannot be told; the text says what to do about it."""


@attrs.frozen
class Columns:
    """The columns of each field.

    Attributes:
        by_field: For each field that the file has, its columns in the order of preference.
    """

    by_field: Mapping[str, Sequence[str]]

    def contact(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        """Make a row for `append`; what is wrong with it is for `append` to tell."""
        return {field: _value(field, [cells.get(column) for column in found]) for field, found in self.by_field.items()}

    def __str__(self) -> str:
        return ", ".join(f"{field} ← {_told(field, found)}" for field, found in self.by_field.items())


def find_columns(headers: Sequence[str], mapped: Iterable[str] = (), *, besides: str | None = None) -> Columns:
    """Find the columns of each field.

    Args:
        headers: The file's headers.
        mapped: What the user says, each `field=header`; it wins over what is found. Of several for a field that takes
            several, the first comes first.
        besides: The column that names the rep, which tells nothing of the contact.

    Raises:
        ColumnsError: No column holds the phone number, or *mapped* names a field or header that there is not.
    """
    free = [header for header in headers if header != besides]
    found = {field: _found(field, free) for field in FIELDS if field not in {"name", "last_name"}} | _names(free)
    found |= _mapping(mapped, headers)
    if not found["number"]:
        raise ColumnsError(f'no column looks like a phone number; {_listed(headers)}. Name it: --map number="…"')
    return Columns({field: found[field] for field in FIELDS if found[field]})


def find_column(headers: Sequence[str], wanted: str) -> str:
    """Find the header that the user means by *wanted*, whatever its case and accents.

    Raises:
        ColumnsError: There is none.
    """
    if wanted in headers:
        return wanted
    for header in headers:
        if plain(header) and plain(header) == plain(wanted):
            return header
    raise ColumnsError(f"no column {wanted!r}; {_listed(headers)}")


def _found(field: str, headers: Sequence[str]) -> list[str]:
    ranked = [(place, header) for header in headers if (place := rank(field, header)) is not None]
    columns = [header for _, header in sorted(ranked, key=lambda pair: pair[0])]
    return columns if field in _SEVERAL else columns[:1]


def _names(headers: Sequence[str]) -> dict[str, list[str]]:
    """Tell first, last and whole names apart; the API's `name` is the first name, and takes a whole one."""
    first, last, either, whole = (
        _found(kind, headers) for kind in ("first_name", "last_name", "any_name", "whole_name")
    )
    if first:
        return {"name": first, "last_name": last or either}
    if whole:
        # A last name beside a whole one would come twice.
        return {"name": whole, "last_name": []}
    return {"name": either or last, "last_name": last if either else []}


def _mapping(mapped: Iterable[str], headers: Sequence[str]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for entry in mapped:
        field, _, header = (part.strip() for part in entry.partition("="))
        if field not in FIELDS or not header:
            raise ColumnsError(f"--map {entry!r}: write FIELD=HEADER with one of {', '.join(FIELDS)}")
        columns = told.setdefault(field, [])
        if columns and field not in _SEVERAL:
            raise ColumnsError(f"--map {entry!r}: {field} takes one column, and has {columns[0]!r}")
        columns.append(find_column(headers, header))
    return told


def _listed(headers: Sequence[str]) -> str:
    # A file without a header line has somebody's number where the headers should be.
    if any(sum(map(str.isdigit, header)) >= _NUMBER_DIGITS for header in headers):
        return "the first line holds a number where the headers should be: put a line with headers above it"
    return "the file has " + ", ".join(repr(header) for header in headers)


def _told(field: str, columns: Sequence[str]) -> str:
    return (", else " if field == "number" else " + ").join(columns)


def _value(field: str, values: Sequence[Any]) -> Any:
    given = [value for value in values if not _blank(value)]
    if field not in {"emails", "addresses"}:
        return given[0] if given else None
    if len(given) == 1 and not isinstance(given[0], str):
        return given[0]
    parts = [part for value in given for part in (_split(field, value) if isinstance(value, str) else _items(value))]
    return parts or None


def _split(field: str, value: str) -> list[str]:
    # An address has commas of its own.
    return re.split(r"[;,\s]+", value.strip("; ,")) if field == "emails" else [value.strip()]


def _items(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else (value,)  # pyright: ignore[reportUnknownVariableType]


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
