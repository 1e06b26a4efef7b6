"""One row of a lead list, whatever the file's format."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs


@attrs.frozen
class FileRow:
    """One row of the file.

    Attributes:
        line: The line on which it begins, from 1; for a workbook its row, for a JSON array its place.
        cells: Its values by column; empty for a row that could not be taken apart.
        problem: Why it is of no use, `None` for a row that can be loaded.
        raw: The row as it stands in the file, for one that could not be taken apart.
        surplus: Its cells beyond the last column.
    """

    line: int
    cells: Mapping[str, Any]
    problem: str | None = None
    raw: str = ""
    surplus: Sequence[str] = ()
