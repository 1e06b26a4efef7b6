"""Files of numbers that must not be called: one a line, or a table."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from allo_async._loading.suppression_list import SuppressionList
from allo_async.leads.columns import ColumnsError, find_columns
from allo_async.leads.decoding import decoded
from allo_async.leads.file_row import FileRow
from allo_async.leads.leads_file import LeadsFile, UnreadableFileError, read_leads_file

# What may stand between the cells of a row that could not be taken apart.
_BETWEEN_CELLS = re.compile(r'[,;\t|"\r\n]+')

# A file in which no cell has so many digits is no list of phone numbers.
_FEWEST_DIGITS = 6


def read_suppression(paths: Sequence[Path], region: str | None) -> SuppressionList:
    """Read the numbers of the files at *paths*.

    In a table with phone columns, every number of each of them counts; in any other file, every cell with a number: a
    number too many costs a lead, a number too few calls a person who must not be called.

    Args:
        paths: One number a line, or whatever `read_leads_file` reads.
        region: How to read a number that is written without its country code.

    Raises:
        InvalidRegionError: There is no such region.
        UnreadableFileError: A file cannot be read, or holds no phone number; the text names it.
    """
    suppressed = SuppressionList(region)
    for path in paths:
        found = False
        for cell in _cells(path):
            holds_number = suppressed.add(cell) > 0
            found = found or (holds_number and sum(map(str.isdigit, str(cell))) >= _FEWEST_DIGITS)
        if not found:
            raise UnreadableFileError(f"{path}: no phone number was found in this suppression list")
    return suppressed


def _cells(path: Path) -> Iterator[str | int | float]:
    try:
        file = read_leads_file(path)
    except UnreadableFileError:
        yield from _only_line(path)
        return
    columns = _phone_columns(file)
    if not columns:
        # Where there is no line with headers, the first number stands in their place.
        yield from file.header
    for row in file.rows:
        yield from _row(row, columns)


def _only_line(path: Path) -> Sequence[str]:
    """Return the cells of a file with a single line, which has no rows below its headers.

    Raises:
        UnreadableFileError: It is no such file.
    """
    try:
        text = decoded(path.read_bytes())
    except OSError as error:
        raise UnreadableFileError(f"{path}: {error.strerror or error}") from error
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 1 or not lines[0].isprintable():
        raise UnreadableFileError(f"{path}: this suppression list cannot be read")
    return _BETWEEN_CELLS.split(lines[0])


def _phone_columns(file: LeadsFile) -> Sequence[str]:
    try:
        return find_columns(file.columns).by_field["number"]
    except ColumnsError:
        return ()


def _row(row: FileRow, columns: Sequence[str]) -> Iterator[str | int | float]:
    if row.problem is not None or not columns:
        # Which cell is which, nobody knows.
        yield from _BETWEEN_CELLS.split(row.raw)
        yield from row.surplus
        columns = tuple(row.cells)
    for column in columns:
        yield from _leaves(row.cells.get(column))


def _leaves(cell: object) -> Iterator[str | int | float]:
    """Give the values of a cell, which in JSON may be a list or an object."""
    if isinstance(cell, Mapping):
        cell = list(cast("Mapping[str, object]", cell).values())
    if isinstance(cell, list):
        for item in cast("list[object]", cell):
            yield from _leaves(item)
    elif isinstance(cell, str | int | float) and not isinstance(cell, bool):
        yield cell
