"""The file beside the input with the rows that did not get in, and why."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from allo_async.leads.file_row import FileRow
from allo_async.leads.leads_file import LeadsFile

REASON_COLUMN = "allo_reason"


def path_beside(file: Path) -> Path:
    """Tell where the file goes: `leads.csv` gets `leads.not-added.csv`."""
    return file.with_name(f"{file.stem}.not-added{file.suffix}")


def write_not_added(file: LeadsFile, reasons: Mapping[int, str]) -> Path | None:
    """Write the rows whose line is in *reasons*, as they came, with the reason in a column of its own.

    When all rows got in, nothing is written, and what an earlier run left there is removed.

    Raises:
        OSError: It cannot be written there; what an earlier run left is still as it was.
    """
    path = path_beside(file.path)
    rows = [(row, reasons[row.line]) for row in file.rows if row.line in reasons]
    if not rows:
        path.unlink(missing_ok=True)
        return None
    # A crash in the middle must not leave a list that looks whole.
    draft = path.with_name(f"{path.name}.part")
    # With its BOM, spreadsheets read the accents right; half a surrogate pair, which JSON allows, is kept escaped.
    encoding = "utf-8" if file.delimiter is None else "utf-8-sig"
    with draft.open("w", encoding=encoding, errors="backslashreplace", newline="") as out:
        if file.delimiter is None:
            _write_json_lines(out, rows)
        else:
            _write_csv(out, file, file.delimiter, rows)
    return draft.replace(path)


def _write_csv(out: TextIO, file: LeadsFile, delimiter: str, rows: list[tuple[FileRow, str]]) -> None:
    # Where the input is such a file itself, its reasons are of yesterday.
    kept = [at for at, column in enumerate(file.columns) if column != REASON_COLUMN]
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([*(file.header[at] for at in kept), REASON_COLUMN])
    for row, reason in rows:
        cells = [row.cells.get(file.columns[at], "") for at in kept]
        if row.raw:
            cells[:1] = [row.raw]
        writer.writerow([*cells, reason, *row.surplus])


def _write_json_lines(out: TextIO, rows: list[tuple[FileRow, str]]) -> None:
    for row, reason in rows:
        content = {"raw": row.raw} if row.raw else dict(row.cells)
        out.write(json.dumps({**content, REASON_COLUMN: reason}, ensure_ascii=False) + "\n")
