"""The file beside the input with the rows that did not get in, and why."""

import csv
import io
import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any, TextIO

from allo_async.cli.inert import inert
from allo_async.leads.file_row import FileRow
from allo_async.leads.leads_file import LeadsFile
from allo_async.private_file import replacing
from allo_async.spreadsheet_guard import guarded

REASON_COLUMN = "allo_reason"

_JSON_LINES = {".jsonl", ".ndjson"}
# The names of these are not written as they are: a spreadsheet would refuse a text of that name.
_NO_TEXT = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".json", *_JSON_LINES}
# Characters in which the header of a file must end, or its first object.
_HEAD = 2**20


def path_beside(file: LeadsFile) -> Path:
    """Return where the rows go: `leads.not-added.csv` for `leads.csv`.

    Where they are written as something else than what came, such as a workbook's as CSV, the whole name stands in
    front, `leads.xlsx.not-added.csv`: the rest of `leads.csv` has the other.
    """
    suffix = file.path.suffix
    if file.delimiter is None:
        suffix = suffix if suffix.lower() in _JSON_LINES else ".jsonl"
    elif suffix.lower() in _NO_TEXT:
        suffix = ".csv"
    stem = file.path.stem if suffix == file.path.suffix else file.path.name
    return file.path.with_name(f"{stem}.not-added{suffix}")


def write_not_added(file: LeadsFile, reasons: Mapping[int, str]) -> Path | None:
    """Write the rows whose line is in *reasons*, as they came, with the reason in a column of its own.

    Nobody but the owner can read it. A cell that a spreadsheet would run is guarded by an apostrophe, which reading
    takes off again. When all rows got in, nothing is written, and what an earlier run left there is removed. A file of
    somebody's own that has the name stays as it is, and the next number is taken: `leads.not-added-2.csv`.

    Raises:
        OSError: It cannot be written there; what an earlier run left is still as it was.
    """
    path = _free(path_beside(file))
    rows = [(row, inert(reasons[row.line])) for row in file.rows if row.line in reasons]
    try:
        if not rows:
            if _is_rest(path):
                path.unlink()
            return None
        _write(path, file, rows)
    except OSError as error:
        # A full disk names no file, and a folder without rights that of the draft.
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    return path


def _free(path: Path) -> Path:
    """Return *path*, or the first numbered one, where nothing of somebody's own stands."""
    taken = path
    for number in count(2):
        # A link is replaced, and what it points to stays; what is no file is refused when it is written to.
        if taken.is_symlink() or not taken.is_file() or _is_rest(taken):
            break
        taken = path.with_stem(f"{path.stem}-{number}")
    return taken


def _is_rest(path: Path) -> bool:
    """Whether this command wrote the file, by its header or its first object; an empty one is nobody's loss."""
    try:
        if not path.is_file():
            return False
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError):
        return False
    return not head or _has_reason_object(head) or any(_has_reason_cell(head, mark) for mark in ",;\t|")


def _has_reason_object(head: str) -> bool:
    try:
        found: object = json.loads(head.partition("\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and REASON_COLUMN in found


def _has_reason_cell(head: str, mark: str) -> bool:
    try:
        return REASON_COLUMN in next(csv.reader(io.StringIO(head, newline=""), delimiter=mark), ())
    except csv.Error:
        return False


def _write(path: Path, file: LeadsFile, rows: list[tuple[FileRow, str]]) -> None:
    # With its BOM, spreadsheets read the accents right; half a surrogate pair, which JSON allows, is kept escaped.
    encoding = "utf-8" if file.delimiter is None else "utf-8-sig"
    with replacing(path, encoding=encoding, errors="backslashreplace") as out:
        if file.delimiter is None:
            _write_json_lines(out, rows)
        else:
            _write_csv(out, file, file.delimiter, rows)


def _write_csv(out: TextIO, file: LeadsFile, delimiter: str, rows: list[tuple[FileRow, str]]) -> None:
    # Where the input is such a file itself, its reasons are of yesterday.
    kept = [at for at, column in enumerate(file.columns) if column != REASON_COLUMN]
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([*map(_cell, (file.header[at] for at in kept)), REASON_COLUMN])
    for row, reason in rows:
        cells = [row.cells.get(file.columns[at], "") for at in kept]
        if row.raw:
            cells[:1] = [row.raw]
        writer.writerow([*map(_cell, cells), _cell(reason), *map(_cell, row.surplus)])


def _cell(value: Any) -> Any:
    return guarded(value) if isinstance(value, str) else value


def _write_json_lines(out: TextIO, rows: list[tuple[FileRow, str]]) -> None:
    for row, reason in rows:
        content = {"raw": row.raw} if row.raw else dict(row.cells)
        out.write(json.dumps({**content, REASON_COLUMN: reason}, ensure_ascii=False) + "\n")
