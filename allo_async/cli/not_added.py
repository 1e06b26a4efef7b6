"""The file beside the input with the rows that did not get in, and why."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from allo_async.cli.inert import inert
from allo_async.leads.file_row import FileRow
from allo_async.leads.leads_file import LeadsFile
from allo_async.private_file import replacing
from allo_async.spreadsheet_guard import guarded

REASON_COLUMN = "allo_reason"

_JSON_LINES = {".jsonl", ".ndjson"}
# What these are called is not what is written: a spreadsheet would refuse a text of that name.
_NO_TEXT = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".json", *_JSON_LINES}


def path_beside(file: LeadsFile) -> Path:
    """Return where the rows go: beside `leads.csv` to `leads.not-added.csv`, as for a workbook `leads.xlsx`."""
    suffix = file.path.suffix
    if file.delimiter is None:
        suffix = suffix if suffix.lower() in _JSON_LINES else ".jsonl"
    elif suffix.lower() in _NO_TEXT:
        suffix = ".csv"
    return file.path.with_name(f"{file.path.stem}.not-added{suffix}")


def write_not_added(file: LeadsFile, reasons: Mapping[int, str]) -> Path | None:
    """Write the rows whose line is in *reasons*, as they came, with the reason in a column of its own.

    Nobody but the owner can read it. A cell that a spreadsheet would run is guarded by an apostrophe, which reading
    takes off again. When all rows got
    in, nothing is written, and what an earlier run left there is removed.

    Raises:
        OSError: It cannot be written there; what an earlier run left is still as it was.
    """
    path = path_beside(file)
    rows = [(row, inert(reasons[row.line])) for row in file.rows if row.line in reasons]
    if not rows:
        path.unlink(missing_ok=True)
        return None
    # With its BOM, spreadsheets read the accents right; half a surrogate pair, which JSON allows, is kept escaped.
    encoding = "utf-8" if file.delimiter is None else "utf-8-sig"
    with replacing(path, encoding=encoding, errors="backslashreplace") as out:
        if file.delimiter is None:
            _write_json_lines(out, rows)
        else:
            _write_csv(out, file, file.delimiter, rows)
    return path


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
