"""Which column of a lead list is which field of a contact."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import attrs

from allo_async import Contact
from allo_async._numbers.reading import numbers_in
from allo_async.leads.cell_shapes import is_blank, look_like_words, may_be_website, values_of
from allo_async.leads.do_not_call import DoNotCall, find_do_not_call
from allo_async.leads.headers import rank
from allo_async.leads.phone_columns import Sample, bare_number_columns, find_labels, find_phone_columns, is_no_voice
from allo_async.leads.words import plain

FIELDS = tuple(field.name for field in attrs.fields(Contact))

_SEVERAL = {"number", "emails", "addresses"}
_NUMBER_DIGITS = 6
_SAMPLE = 500


class ColumnsError(Exception):
    """Columns that cannot be told; the text says what to do about it."""


@attrs.frozen
class Columns:
    """The columns of each field.

    Attributes:
        by_field: For each field that the file has, its columns in the order of preference.
        labels: For phone columns, the column that says of each number what it is.
        do_not_call: The columns that mark people who must not be called.
        not_used: The columns of none of these.
    """

    by_field: Mapping[str, Sequence[str]]
    labels: Mapping[str, str] = attrs.field(factory=dict[str, str], kw_only=True)
    do_not_call: DoNotCall = attrs.field(factory=DoNotCall, kw_only=True)
    not_used: Sequence[str] = attrs.field(default=(), kw_only=True)

    def contact(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        """Make a row for `append`, with the first phone cell that holds a number; errors are for `append` to tell."""
        phones = self._phones(cells)
        usable = (cell for cell in phones if numbers_in(cell))
        return {
            field: next(usable, phones[0] if phones else None)
            if field == "number"
            else _value(field, [cells.get(column) for column in found])
            for field, found in self.by_field.items()
        }

    def contacts(self, cells: Mapping[str, Any], region: str | None = None) -> list[dict[str, Any]]:
        """Make a row for `append` of each number of each phone cell; one row if there is no number."""
        contact = self.contact(cells)
        return [{**contact, "number": number} for number in self.numbers(cells, region)] or [contact]

    def numbers(self, cells: Mapping[str, Any], region: str | None = None) -> list[str]:
        """Return all numbers of all phone cells, as written, each once, with *region* for those without a country."""
        return list(dict.fromkeys(number for cell in self._phones(cells) for number in numbers_in(cell, region)))

    def __str__(self) -> str:
        told = [f"{field} ← {_told(field, found)}" for field, found in self.by_field.items()]
        return ", ".join([*told, f"do not call ← {self.do_not_call}"] if self.do_not_call else told)

    def _phones(self, cells: Mapping[str, Any]) -> list[Any]:
        columns = [
            column for column in self.by_field["number"] if not is_no_voice(cells.get(self.labels.get(column, "")))
        ]
        return [value for column in columns for value in values_of(cells.get(column)) if not is_blank(value)]


def find_columns(
    headers: Sequence[str],
    mapped: Iterable[str] = (),
    *,
    besides: str | None = None,
    rows: Iterable[Mapping[str, Any]] = (),
) -> Columns:
    """Find the columns of each field.

    Args:
        headers: The file's headers.
        mapped: The user's choices, each `field=header`; they win over what is found. Of several for a field that takes
            several, the first comes first.
        besides: The column that names the rep, which tells nothing of the contact.
        rows: The cells of the file's rows, which decide where a header leaves it open.

    Raises:
        ColumnsError: No column holds the phone number, or *mapped* names a field or header that there is not.
    """
    sample = list(islice(rows, _SAMPLE))
    free = [header for header in headers if header != besides]
    found = {field: _found(field, free, sample) for field in FIELDS if field not in {"number", "name", "last_name"}}
    found |= {"number": find_phone_columns(free, sample)} | _names(free, sample) | _mapping(mapped, headers)
    if not found["number"]:
        raise ColumnsError(_no_number(headers))
    by_field = {field: found[field] for field in FIELDS if found[field]}
    texts = [column for field, columns in by_field.items() if field != "number" for column in columns]
    labels = find_labels(by_field["number"], headers)
    do_not_call = find_do_not_call([header for header in headers if header != besides], texts)
    used = {besides, *texts, *by_field["number"], *labels.values(), *do_not_call.forbidding, *do_not_call.allowing}
    not_used = [header for header in headers if header and header not in used]
    return Columns(by_field, labels=labels, do_not_call=do_not_call, not_used=not_used)


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


def _found(field: str, headers: Sequence[str], sample: Sample) -> list[str]:
    ranked = [(place, header) for header in headers if (place := rank(field, header)) is not None]
    columns = [header for _, header in sorted(ranked, key=lambda pair: pair[0])]
    if field in _SEVERAL:
        return columns
    # A column of ids or yes and no under a header such as "Account" or "Contact" is no name.
    looks = may_be_website if field == "website" else look_like_words
    return [column for column in columns if looks([row.get(column) for row in sample])][:1]


def _names(headers: Sequence[str], sample: Sample) -> dict[str, list[str]]:
    """Distinguish first, last and whole names; the API's `name` is the first name, and takes a whole one."""
    first, last, either, whole = (
        _found(kind, headers, sample) for kind in ("first_name", "last_name", "any_name", "whole_name")
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


def _no_number(headers: Sequence[str]) -> str:
    bare = bare_number_columns(headers)
    why = f" ({', '.join(map(repr, bare))} holds what may be ids of records)" if bare else ""
    return f'no column looks like a phone number{why}; {_listed(headers)}. Name it: --map number="…"'


def _listed(headers: Sequence[str]) -> str:
    # A file without a header line has somebody's number where the headers should be.
    if any(sum(map(str.isdigit, header)) >= _NUMBER_DIGITS for header in headers):
        return "the first line holds a number where the headers should be: put a line with headers above it"
    return "the file has " + ", ".join(repr(header) for header in headers)


def _told(field: str, columns: Sequence[str]) -> str:
    return (", else " if field == "number" else " + ").join(columns)


def _value(field: str, values: Sequence[Any]) -> Any:
    given = [value for value in values if not is_blank(value)]
    if field not in {"emails", "addresses"}:
        return given[0] if given else None
    if len(given) == 1 and not isinstance(given[0], str):
        return given[0]
    parts = [part for value in given for part in (_split(field, value) if isinstance(value, str) else values_of(value))]
    return parts or None


def _split(field: str, value: str) -> list[str]:
    # An address has commas of its own; `:::` is Google's between several in a cell.
    values = re.split(r"\s*:::\s*", value.strip())
    if field == "emails":
        values = [part for whole in values for part in re.split(r"[;,\s]+", whole.strip("; ,"))]
    return [part.strip() for part in values if part.strip()]
