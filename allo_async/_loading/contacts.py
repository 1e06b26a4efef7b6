"""Rows to contacts, and a refusal in words of anything that is no list of rows."""

import os
import re
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, cast

import attrs

from allo_async._loading.field_names import FIELDS, suggestion
from allo_async._loading.given import UnexpectedTypeError, UnusableValueError, is_missing, written_number, written_text
from allo_async.display import is_whole
from allo_async.models import Contact, InDoubtContact, PendingContact

_LISTS = ("emails", "addresses")


class UnusableRowError(Exception):
    """A row that cannot be sent; its text names the field."""


def read_contact(row: object) -> Contact:
    """Read a row: text or a number is a phone number, a mapping has the API's field names, a `Contact` is checked.

    A row of a data frame or of a database is a mapping. A blank optional field is the same as none: exports write empty
    cells, and a company without a name is not meant. So is NaN, or pandas' NA.

    Raises:
        UnusableRowError: The row is of another type, or one of its fields is.
    """
    if isinstance(row, str):
        return Contact(_number(row))
    if isinstance(row, InDoubtContact):
        raise UnusableRowError("a row in doubt may be in the queue already; to send it again, pass its contact")
    named = as_mapping(row)
    if named is not None:
        return Contact(**_checked(_known(named)))
    if row is None or not _is_number(row):
        raise UnusableRowError(f"a row must be a string, a mapping or a Contact, not {_kind(row)}")
    return Contact(_number(row))


def as_mapping(row: Any) -> Mapping[object, object] | None:
    """Return a row's values by name, `None` for one that has no names.

    A row of a data frame or of a database is known by its `keys`, or by its `_asdict`.
    """
    if isinstance(row, PendingContact | InDoubtContact):
        row = row.contact
    if isinstance(row, Contact):
        return {name: getattr(row, name) for name in FIELDS}
    if isinstance(row, Mapping):
        return cast("Mapping[object, object]", row)
    if isinstance(row, str | type):
        return None
    try:
        if hasattr(row, "_asdict"):
            row = row._asdict()
        elif hasattr(row, "keys") and hasattr(row, "__getitem__"):
            row = {name: row[name] for name in row.keys()}  # noqa: SIM118 - no mapping
    except Exception:  # noqa: BLE001 - it looked like a row, and is none
        return None
    return cast("Mapping[object, object]", row) if isinstance(row, Mapping) else None


def number_as_given(row: object) -> str | None:
    """Return the number of a row, however unusable the row, `None` if it has none."""
    if not isinstance(row, str):
        named = as_mapping(row)
        row = row if named is None else named.get("number")
    if isinstance(row, str):
        return str.join("", (row,))
    try:
        return written_number(row)
    except UnusableValueError:
        return None


def _is_number(row: object) -> bool:
    try:
        written_number(row)
    except UnexpectedTypeError:
        return False
    except UnusableValueError:
        return True
    return True


def _known(named: Mapping[object, object]) -> Mapping[str, object]:
    for name in named:
        if name not in FIELDS:
            raise UnusableRowError(f"{name}: unknown field{suggestion(name)}")
    return cast("Mapping[str, object]", named)


def _checked(named: Mapping[str, object]) -> dict[str, Any]:
    checked: dict[str, Any] = {
        name: _texts(name, value) if name in _LISTS else _text(name, value)
        for name, value in named.items()
        if name != "number"
    }
    checked["number"] = _number(named.get("number"))
    return checked


def _number(value: object) -> str:
    if isinstance(value, str):
        number = _string("number", value)
        if number is None:
            raise UnusableRowError("number: empty")
        return number
    try:
        written = written_number(value)
    except UnusableValueError as error:
        raise UnusableRowError(f"number: {error}") from error
    if written is None:
        raise UnusableRowError("number: missing")
    return written


def _text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return _string(name, value)
    try:
        return written_text(value)
    except UnusableValueError as error:
        raise UnusableRowError(f"{name}: {error}") from error


def _string(name: str, value: str) -> str | None:
    # A subclass may have methods of its own.
    if not str.isascii(value) and not is_whole(value):
        raise UnusableRowError(f"{name}: holds half of a surrogate pair, which is no text")
    return str.strip(value) or None


def _texts(name: str, value: object) -> list[str] | None:
    if isinstance(value, str):
        text = _string(name, value)
        return None if text is None else _addresses_in(text) if name == "emails" else [text]
    if value is None or is_missing(value):
        return None
    kind = _kind(value)
    if isinstance(value, Mapping | bytes) or not isinstance(value, Collection):
        raise UnusableRowError(f"{name}: expected a list of strings, got {kind}")
    items: Iterable[object] = cast("Collection[object]", value)
    if isinstance(value, AbstractSet):
        # The same row has to be the same request, in every process.
        items = sorted(items, key=str)
    texts = [_item(f"{name}[{place}]", item) for place, item in enumerate(items) if not is_missing(item)]
    return [text for text in texts if text is not None] or None


def _item(name: str, item: object) -> str | None:
    if not isinstance(item, str):
        raise UnusableRowError(f"{name}: expected a string, got {_kind(item)}")
    return _string(name, item)


def _addresses_in(text: str) -> list[str] | None:
    """Return the e-mail addresses in a cell; a name with spaces stays with its address."""
    found: list[str] = []
    for part in re.split(r"[;,]", text):
        words = part.split()
        found += words if all("@" in word for word in words) else [part.strip()]
    return found or None


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__


_FIELDS = {field.name for field in attrs.fields(Contact)}
_SINGLE_ROW = "pass a list of rows, not a single row: [row]"
_MATRIX = 2


def refuse_no_rows(rows: object) -> None:
    """Raise if iterating *rows* would yield anything but rows.

    Raises:
        TypeError: It is a table passed whole, a single row, a path, an open file or no iterable; says what to pass.
    """
    refuse_table(rows, "rows", None)
    if isinstance(rows, Mapping):
        raise TypeError(_mapping_hint(cast("Mapping[object, object]", rows)))
    if isinstance(rows, str | bytes | Contact | PendingContact | InDoubtContact) or _is_row(rows):
        # Iterating a string would queue its characters.
        raise TypeError(_SINGLE_ROW)


def refuse_table(value: Any, name: str, instead: str | None, *, files: bool = True) -> None:
    """Raise if *value*, passed as *name*, is a table, or a path or (with *files*) an open file.

    Args:
        value: The caller's value.
        name: The argument.
        instead: The part of a table to pass instead; by default its rows.
        files: Whether an open file is refused, too.

    Raises:
        TypeError: It is.
    """
    kind = type(value).__name__
    way_out = _way_out(value, kind)
    if way_out is not None:
        raise TypeError(f"{name}: pass {instead or way_out}, not the {kind} as a whole")
    if isinstance(value, os.PathLike) or (files and hasattr(value, "read")):
        what = "path" if isinstance(value, os.PathLike) else "open file"
        rows = "list(csv.DictReader(file))" if files else "its numbers, such as path.read_text().split()"
        raise TypeError(f"{name}: read the file first and pass {rows}, not the {what}")


def _way_out(value: Any, kind: str) -> str | None:
    """Return the expression for the rows of a table; `None` if it is no table."""
    if kind == "LazyFrame":
        return "df.collect().to_dicts()"
    for method, way_out in (("to_dicts", "df.to_dicts()"), ("to_pylist", "table.to_pylist()")):
        if hasattr(value, method) and hasattr(value, "columns"):
            return way_out
    if kind == "DataFrame" and hasattr(value, "to_dict"):
        return 'df.to_dict("records")'
    if getattr(getattr(value, "dtype", None), "names", None):
        return "[dict(zip(array.dtype.names, row)) for row in array.tolist()]"
    dimensions = getattr(value, "ndim", None)
    if isinstance(dimensions, int) and dimensions >= _MATRIX:
        return "one column of numbers, such as array[:, 0]"
    return None


def _mapping_hint(rows: Mapping[object, object]) -> str:
    columns = [value for value in rows.values() if not isinstance(value, str | bytes)]
    if rows and len(columns) == len(rows) and all(isinstance(value, Iterable) for value in columns):
        return (
            "pass a list of rows, not a mapping of columns: [dict(zip(columns, row)) for row in zip(*columns.values())]"
        )
    return _SINGLE_ROW


def _is_row(rows: object) -> bool:
    """Whether *rows* is one row of a data frame or of a database: its labels are the fields, and not places."""
    if hasattr(rows, "_asdict"):
        return True
    labels = getattr(rows, "keys", None)
    # A database's result has keys, too, but no items.
    if not callable(labels) or not hasattr(rows, "__getitem__"):
        return False
    return any(isinstance(label, str) and label in _FIELDS for label in cast("Iterable[object]", labels()))
