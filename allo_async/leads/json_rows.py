"""JSON of leads: an array, an object around one, or an object a line."""

import json
from collections.abc import Sequence
from typing import Any, cast

from allo_async.leads.file_row import FileRow


class JsonError(Exception):
    """JSON without rows that can be read; the text says why."""


def read_json(text: str) -> list[FileRow]:
    """Read an array of objects, or the one array of objects in an object; a row's line is its place in the array.

    Raises:
        JsonError: It cannot be read, or holds no such array or several.
    """
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        raise JsonError(f"no JSON that can be read: {error.msg}, in line {error.lineno}") from error
    except (ValueError, RecursionError) as error:
        raise JsonError("no JSON that can be read") from error
    return [_row(place, value) for place, value in enumerate(_array(whole), start=1)]


def read_json_lines(text: str) -> list[FileRow]:
    """Read an object a line; a line that is none costs only itself."""
    # Not splitlines: JSON strings may hold U+2028 and others that it cuts at.
    return [_line(line, content) for line, content in enumerate(text.split("\n"), start=1) if content.strip()]


def is_json(text: str) -> bool:
    """Whether *text* is one JSON array or object."""
    try:
        return isinstance(json.loads(text), list | dict)
    except (ValueError, RecursionError):
        return False


def is_json_lines(text: str) -> bool:
    """Whether *text* begins with a line that is a JSON object."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def columns_of(rows: Sequence[FileRow]) -> list[str]:
    """Return the keys of all rows, each once, in order."""
    return list(dict.fromkeys(column for row in rows for column in row.cells))


def _array(whole: Any) -> list[Any]:
    if isinstance(whole, list):
        return whole  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(whole, dict):
        raise JsonError("no array of objects")
    content = cast("dict[str, Any]", whole)
    arrays = {key: value for key, value in content.items() if _is_array_of_objects(value)}
    if len(arrays) > 1:
        raise JsonError(f"has several lists ({', '.join(map(repr, arrays))}): leave one, or save it as an array")
    # An object by itself is one lead.
    return next(iter(arrays.values()), [content] if content else [])


def _is_array_of_objects(value: Any) -> bool:
    items: list[Any] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]
    return bool(items) and all(isinstance(item, dict) for item in items)


def _line(line: int, content: str) -> FileRow:
    try:
        value = json.loads(content)
    except json.JSONDecodeError as error:
        return FileRow(line, {}, f"no JSON: {error.msg}", content.strip())
    except (ValueError, RecursionError):
        return FileRow(line, {}, "no JSON that can be read", content.strip())
    return _row(line, value, content.strip())


def _row(line: int, value: Any, content: str | None = None) -> FileRow:
    if not isinstance(value, dict):
        return FileRow(line, {}, "no JSON object", json.dumps(value) if content is None else content)
    return FileRow(line, cast("dict[str, Any]", value))
