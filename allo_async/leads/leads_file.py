"""A file of leads as people export it: CSV with any delimiter, a workbook, or JSON."""

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import attrs

from allo_async.leads.content import Kind, NotAListError, kind_of
from allo_async.leads.csv_rows import read_csv
from allo_async.leads.decoding import decoded
from allo_async.leads.file_row import FileRow
from allo_async.leads.json_rows import JsonError, columns_of, is_json, is_json_lines, read_json, read_json_lines
from allo_async.leads.workbook import WorkbookError, read_workbook

#: Bytes of a file. A million rows with every column that a CRM has are fewer.
LARGEST_FILE = 512 * 2**20

_TOO_LARGE = f"has more than {LARGEST_FILE // 2**20} MiB: cut it into several files"

_JSON_LINES_ENDINGS = {".jsonl", ".ndjson"}
_JSON_ENDING = ".json"


class UnreadableFileError(Exception):
    """A file that holds no rows anyone could read; its text says why."""


@attrs.frozen
class LeadsFile:
    """A file that was read.

    Attributes:
        path: Where it is.
        columns: Its columns, in order, each with a name of its own.
        rows: Its rows, in order; blank lines are none.
        delimiter: The character that separates its cells, `None` for JSON.
        header: The columns' names as they stand in the file, where one may come twice.
        aside: The lines of titles and footers, which are no leads.
        unit: The unit of `FileRow.line`: lines, the rows of a workbook, or the objects of a JSON array.
    """

    path: Path
    columns: Sequence[str]
    rows: Sequence[FileRow]
    delimiter: str | None
    header: Sequence[str]
    aside: Sequence[int] = ()
    unit: str = "line"


def read_leads_file(path: Path, *, sheet: str | None = None) -> LeadsFile:
    """Read the file at *path*, as `read_leads` does.

    Raises:
        UnreadableFileError: There is no such file, or it holds no rows that can be read.
    """
    return read_leads(content_of(path), path, name=str(path), sheet=sheet)


def read_leads(content: bytes, path: Path, *, name: str, sheet: str | None = None) -> LeadsFile:
    """Read a list of leads by its content: a workbook, JSON (`.jsonl` and `.ndjson` say so, too), else CSV.

    Args:
        content: The file's bytes.
        path: Where it is, or for what came from elsewhere where the rows that do not get in belong beside.
        name: How to call it in errors.
        sheet: The sheet of a workbook; `None` is its first.

    Raises:
        UnreadableFileError: It holds no rows that can be read.
    """
    try:
        file = _read(content, path, sheet)
    except (NotAListError, WorkbookError, JsonError) as error:
        raise UnreadableFileError(f"{name} {_predicate(error)}") from error
    if not file.rows:
        raise UnreadableFileError(f"{name} {_without_rows(content, file)}")
    return file


def read_bounded(file: BinaryIO, name: str) -> bytes:
    """Read all of *file*, which may be a pipe.

    Raises:
        UnreadableFileError: It is larger than any list of leads.
    """
    content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise UnreadableFileError(f"{name} {_TOO_LARGE}")
    return content


def content_of(path: Path) -> bytes:
    """Read the file at *path*, or the pipe, once: what a shell puts together for one command cannot be read again.

    Raises:
        UnreadableFileError: There is no such file, or it is a folder or a device, or larger than any list.
    """
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise UnreadableFileError(f"{path} is a folder: name the file in it")
        if stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode):
            raise UnreadableFileError(f"{path} is a device, and no file")
        if found.st_size > LARGEST_FILE:
            raise UnreadableFileError(f"{path} {_TOO_LARGE}")
        with path.open("rb") as file:
            return read_bounded(file, str(path))
    except OSError as error:
        raise UnreadableFileError(f"{path}: {error.strerror or error}") from error


def _predicate(error: Exception) -> str:
    told = str(error)
    return f"holds {told}" if told.startswith("no ") else told


def _read(content: bytes, path: Path, sheet: str | None) -> LeadsFile:
    if kind_of(content) is Kind.WORKBOOK:
        table = read_workbook(content, sheet)
        return LeadsFile(path, table.columns, table.rows, ",", table.header, table.aside, "row")
    if sheet is not None:
        raise WorkbookError("is no workbook, and has no sheets: leave --sheet out")
    # The mark by which DOS ended a file.
    text = decoded(content).rstrip("\x1a")
    is_named_json = path.suffix.lower() in {*_JSON_LINES_ENDINGS, _JSON_ENDING}
    if (is_named_json or text.lstrip().startswith(("{", "["))) and (file := _json(path, text)) is not None:
        return file
    read = read_csv(text)
    table = read.table
    return LeadsFile(path, table.columns, table.rows, read.delimiter, table.header, table.aside)


def _json(path: Path, text: str) -> LeadsFile | None:
    """Read JSON of either shape; `None` if it is some CSV that begins with a brace."""
    suffix = path.suffix.lower()
    is_array = text.lstrip().startswith("[")
    if (suffix not in _JSON_LINES_ENDINGS or is_array) and is_json(text):
        return _of_objects(path, read_json(text), "object")
    if suffix in _JSON_LINES_ENDINGS or is_json_lines(text):
        return _of_objects(path, read_json_lines(text), "line")
    return _of_objects(path, read_json(text), "object") if suffix == _JSON_ENDING else None


def _of_objects(path: Path, rows: Sequence[FileRow], unit: str) -> LeadsFile:
    columns = columns_of(rows)
    return LeadsFile(path, columns, rows, None, columns, unit=unit)


def _without_rows(content: bytes, file: LeadsFile) -> str:
    if not content.strip():
        return "is empty: it has no rows"
    if file.columns:
        return "has no rows below its header"
    return "has no rows" + (": its first line has a quote that is not closed" if file.aside else "")
