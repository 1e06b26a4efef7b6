"""Refusals of arguments that can be iterated and are no list: tables passed whole, a single row, files."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, cast

import attrs

from allo_async.models import Contact

_FIELDS = {field.name for field in attrs.fields(Contact)}
_SINGLE_ROW = "pass a list of rows, not a single row: [row]"
_MATRIX = 2


def refuse_no_rows(rows: object) -> None:
    """Raise if iterating *rows* would give something else than rows.

    Raises:
        TypeError: It is a table passed whole, a single row, a path, an open file or no iterable; says what to pass.
    """
    refuse_table(rows, "rows", None)
    if isinstance(rows, Mapping):
        raise TypeError(_mapping_hint(cast("Mapping[object, object]", rows)))
    if isinstance(rows, str | bytes | Contact) or _is_row(rows):
        # Iterating a string would queue its characters.
        raise TypeError(_SINGLE_ROW)


def refuse_table(value: Any, name: str, instead: str | None, *, files: bool = True) -> None:
    """Raise if *value*, passed as *name*, is a table, or a path or (with *files*) an open file.

    Args:
        value: What was passed.
        name: The argument.
        instead: What to pass of a table instead; by default its rows.
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
    """Return what gives the rows of a table; `None` for what is no table."""
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
