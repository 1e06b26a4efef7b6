"""A file of leads as people export it: CSV with any delimiter, or JSON Lines."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import attrs

from allo_async.leads.csv_rows import read_csv
from allo_async.leads.decoding import decoded
from allo_async.leads.file_row import FileRow

_JSON_ENDINGS = {".jsonl", ".ndjson"}


class UnreadableFileError(Exception):
    """A file that holds no rows anyone could read; its text says why."""


@attrs.frozen
class LeadsFile:
    """A file that was read.

    Attributes:
        path: Where it is.
        columns: Its columns, in order, each with a name of its own.
        rows: Its rows, in order; blank lines are none.
        delimiter: What separates its cells, `None` for JSON Lines.
        header: The columns' names as they stand in the file, where one may come twice.
    """

    path: Path
    columns: Sequence[str]
    rows: Sequence[FileRow]
    delimiter: str | None
    header: Sequence[str]


def read_leads_file(path: Path) -> LeadsFile:
    """Read *path*: JSON Lines by its ending (`.jsonl`, `.ndjson`), else CSV.

    Raises:
        UnreadableFileError: There is no such file, it is no text, or it has no rows.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"{path}: {error.strerror or error}") from error
    if content.startswith(b"PK\x03\x04"):
        raise UnreadableFileError(f"{path} is an Excel workbook: save it as CSV first")
    text = decoded(content)
    if "\0" in text:
        raise UnreadableFileError(f"{path} is not a text file")
    file = _json_lines(path, text) if path.suffix.lower() in _JSON_ENDINGS else _csv(path, text)
    if not file.rows:
        raise UnreadableFileError(f"{path} has no rows")
    return file


def _csv(path: Path, text: str) -> LeadsFile:
    table = read_csv(text)
    return LeadsFile(path, table.columns, table.rows, table.delimiter, table.header)


def _json_lines(path: Path, text: str) -> LeadsFile:
    # Not splitlines: JSON strings may hold U+2028 and others that it cuts at.
    rows = [_json_row(line, content) for line, content in enumerate(text.split("\n"), start=1) if content.strip()]
    columns = list(dict.fromkeys(column for row in rows for column in row.cells))
    return LeadsFile(path, columns, rows, None, columns)


def _json_row(line: int, content: str) -> FileRow:
    try:
        value = json.loads(content)
    except json.JSONDecodeError as error:
        return FileRow(line, {}, f"no JSON: {error.msg}", content.strip())
    except (ValueError, RecursionError):
        return FileRow(line, {}, "no JSON that can be read", content.strip())
    if not isinstance(value, dict):
        return FileRow(line, {}, "no JSON object", content.strip())
    return FileRow(line, cast("dict[str, Any]", value))
