"""Rows of plain text, which are most of a list: one short check of several rows instead of one for each field."""

from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from allo_async._loading.field_names import FIELDS
from allo_async.validators import FOREIGN_ERRORS

# E-mail and postal addresses become lists.
_PLAIN_FIELDS = frozenset(FIELDS) - {"emails", "addresses"}

_GAP = "  "
_WIDER_GAP = "   "

_number_of = itemgetter("number")


def plain_entries(rows: Sequence[object]) -> Sequence[dict[str, Any] | None]:
    """Return a copy of each of *rows* as it stands in a request, its number as the caller wrote it; `None` for others.

    A plain row is a text, or a mapping of the API's names, `number` among them, with a text of one line each, without
    spaces around; fields that are empty or `None` are left out. Others have to be read field by field.
    """
    # A row by itself takes twice as long as one among others that are plain, too.
    if {dict}.issuperset(map(type, rows)) and _are_plain(rows):
        plain: Any = rows
        return [row.copy() for row in plain]
    return [_plain_entry(row) for row in rows]


def _plain_entry(row: object) -> dict[str, Any] | None:
    if type(row) is str:
        return {"number": row.strip()}
    if type(row) is not dict:
        return None
    named: dict[Any, Any] = row  # pyright: ignore[reportUnknownVariableType]
    if _are_plain((named,)):
        return named.copy()
    named = {name: value for name, value in named.items() if not _is_left_out(name, value)}
    return named if _are_plain((named,)) else None


def _is_left_out(name: object, value: object) -> bool:
    # A name that is no text may raise when it is compared.
    is_blank = value is None or (type(value) is str and not value)
    return is_blank and type(name) is str and name in FIELDS


def _are_plain(rows: Any) -> bool:
    # Of white space, only a space is printable, and so is no half of a surrogate pair. A space before or behind a text,
    # and a text that is empty, make a gap wider. To strip each text takes more than twice as long.
    try:
        texts = f"{_GAP}{_GAP.join([text for row in rows for text in row.values()])}{_GAP}"
        are_numbers = {str}.issuperset(map(type, map(_number_of, rows)))
    except (TypeError, KeyError):  # one is no text, or has no number
        return False
    is_clean = texts.isprintable() and _WIDER_GAP not in texts
    try:
        return is_clean and are_numbers and _PLAIN_FIELDS.issuperset(chain.from_iterable(rows))
    except FOREIGN_ERRORS:  # a name is no text, and raises when it is compared
        return False
