"""CSV files with people in them: their owner's alone, and without a cell that a spreadsheet would run."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from allo_async.private_file import replacing
from allo_async.spreadsheet_guard import guarded


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write *rows*, the first of which has the columns' names, whole or not at all.

    Raises:
        OSError: The file cannot be written; what stood there is as it was.
    """
    with replacing(path, encoding="utf-8", errors="backslashreplace") as out:
        csv.writer(out).writerows([guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
