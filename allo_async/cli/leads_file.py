"""A file of leads as people export it: any delimiter, any of the encodings that spreadsheets write, or JSON Lines."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import attrs

_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')
_JSON_ENDINGS = {".jsonl", ".ndjson"}


class UnreadableFileError(Exception):
    """A file that holds no rows anyone could read; its text says why."""


@attrs.frozen
class FileRow:
    """One row of the file.

    Attributes:
        line: The line on which it begins, from 1.
        cells: Its values by column; empty for a row that could not be read.
        problem: Why it could not be read, `None` for one that could.
        raw: The row as it stands in the file, for one that could not be read.
    """

    line: int
    cells: Mapping[str, Any]
    problem: str | None = None
    raw: str = ""


@attrs.frozen
class LeadsFile:
    """A file that was read.

    Attributes:
        path: Where it is.
        columns: Its columns, in order.
        rows: Its rows, in order; blank lines are none.
        delimiter: What separates its cells, `None` for JSON Lines.
    """

    path: Path
    columns: Sequence[str]
    rows: Sequence[FileRow]
    delimiter: str | None


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
    text = _decoded(content)
    if "\0" in text:
        raise UnreadableFileError(f"{path} is not a text file")
    read = _read_json_lines if path.suffix.lower() in _JSON_ENDINGS else _read_csv
    file = read(path, text)
    if not file.rows:
        raise UnreadableFileError(f"{path} has no rows")
    return file


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _read_csv(path: Path, text: str) -> LeadsFile:
    delimiter, text, first = _delimiter(text)
    records = _records(path, text, delimiter, first)
    header = next((cells for _, cells in records), list[str]())
    columns = _distinct(header)
    rows = [_row(line, cells, columns, delimiter) for line, cells in records]
    return LeadsFile(path, columns, rows, delimiter)


def _delimiter(text: str) -> tuple[str, str, int]:
    """Find the delimiter, and give it with the text that it is for and that text's first line."""
    head, _, rest = text.partition("\n")
    # Excel writes and reads a first line that says so.
    if head[:4].lower() == "sep=" and len(head) > len("sep="):
        return head[4], rest, 2
    bare = _QUOTED.sub("", head)
    return max(_DELIMITERS, key=bare.count), text, 1


def _records(path: Path, text: str, delimiter: str, first: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        line = first + reader.line_num
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFileError(f"{path}, line {line}: {error}") from error
        if any(cell.strip() for cell in record):
            yield line, record


def _row(line: int, cells: list[str], columns: Sequence[str], delimiter: str) -> FileRow:
    if len(cells) > len(columns):
        problem = f"{len(cells)} cells where the header has {len(columns)}"
        return FileRow(line, {}, problem, delimiter.join(cells))
    return FileRow(line, dict(zip(columns, [*cells, *[""] * (len(columns) - len(cells))], strict=True)))


def _distinct(header: Sequence[str]) -> list[str]:
    columns: list[str] = []
    for name in header:
        base = name.strip()
        repeats = sum(column == base or column.startswith(f"{base} (") for column in columns)
        columns.append(f"{base} ({repeats + 1})" if base in columns else base)
    return columns


def _read_json_lines(path: Path, text: str) -> LeadsFile:
    rows = [_json_row(line, content) for line, content in enumerate(text.splitlines(), start=1) if content.strip()]
    columns = dict.fromkeys(column for row in rows for column in row.cells)
    return LeadsFile(path, list(columns), rows, None)


def _json_row(line: int, content: str) -> FileRow:
    try:
        value = json.loads(content)
    except json.JSONDecodeError as error:
        return FileRow(line, {}, f"no JSON: {error.msg}", content)
    if not isinstance(value, dict):
        return FileRow(line, {}, "no JSON object", content)
    return FileRow(line, cast("dict[str, Any]", value))
