"""Rows of plain text, which are most of a list: one short check instead of one for each field."""

from typing import Any

import attrs

from allo_async.models import Contact

# E-mail and postal addresses become lists.
_PLAIN_FIELDS = frozenset(field.name for field in attrs.fields(Contact)) - {"emails", "addresses"}

_GAP = "  "
_WIDER_GAP = "   "


def plain_entry(row: object) -> dict[str, Any] | None:
    """Return a copy of *row* as it stands in a request, its number as it is written; `None` if it has to be read.

    A plain row is a text, or a mapping of the API's names of one line of text each, without spaces around. Fields that
    are empty or `None` are left out.
    """
    if type(row) is str:
        return {"number": row.strip()}
    if type(row) is not dict:
        return None
    named: dict[Any, Any] = row  # pyright: ignore[reportUnknownVariableType]
    if _is_plain(named):
        return named.copy()
    named = {name: value for name, value in named.items() if not (value is None or (type(value) is str and not value))}
    return named if _is_plain(named) else None


def _is_plain(named: dict[Any, Any]) -> bool:
    if type(named.get("number")) is not str or not _PLAIN_FIELDS.issuperset(named):
        return False
    # Of white space, only a space is printable, and so is no half of a surrogate pair. A space before or
    # behind a text, and a text that is empty, make a gap wider. To strip each text takes more than twice as long.
    try:
        texts = f"{_GAP}{_GAP.join(named.values())}{_GAP}"
    except TypeError:  # one is no text
        return False
    return texts.isprintable() and _WIDER_GAP not in texts
