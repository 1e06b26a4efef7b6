"""The file beside the input with the rows that did not get in, and why."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path

from allo_async.cli.leads_file import FileRow, LeadsFile

REASON_COLUMN = "allo_reason"


def path_beside(file: Path) -> Path:
    """Tell where the file goes: `leads.csv` gets `leads.not-added.csv`."""
    return file.with_name(f"{file.stem}.not-added{file.suffix}")


def write_not_added(file: LeadsFile, reasons: Mapping[int, str]) -> Path | None:
    """Write the rows whose line is in *reasons*, as they came, with the reason in a column of its own.

    When all rows got in, nothing is written, and what an earlier run left there is removed.
    """
    path = path_beside(file.path)
    rows = [(row, reasons[row.line]) for row in file.rows if row.line in reasons]
    if not rows:
        path.unlink(missing_ok=True)
        return None
    if file.delimiter is None:
        _write_json_lines(path, rows)
    else:
        _write_csv(path, file, file.delimiter, rows)
    return path


def _write_csv(path: Path, file: LeadsFile, delimiter: str, rows: list[tuple[FileRow, str]]) -> None:
    # With its BOM, spreadsheets read the accents right.
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=delimiter)
        writer.writerow([*file.columns, REASON_COLUMN])
        for row, reason in rows:
            cells = [row.cells.get(column, "") for column in file.columns]
            if row.problem is not None:
                cells[0] = row.raw
            writer.writerow([*cells, reason])


def _write_json_lines(path: Path, rows: list[tuple[FileRow, str]]) -> None:
    with path.open("w", encoding="utf-8") as out:
        for row, reason in rows:
            content = {"raw": row.raw} if row.problem is not None else dict(row.cells)
            out.write(json.dumps({**content, REASON_COLUMN: reason}, ensure_ascii=False) + "\n")
