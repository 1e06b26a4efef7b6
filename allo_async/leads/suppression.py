"""Files of numbers that must not be called: one a line, or a table."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from allo_async._loading.suppression_list import SuppressionList
from allo_async.leads.columns import ColumnsError, find_columns
from allo_async.leads.decoding import decoded
from allo_async.leads.file_row import FileRow
from allo_async.leads.leads_file import LeadsFile, UnreadableFileError, content_of, read_leads

# Marks that may stand between the cells of a row that could not be taken apart.
_BETWEEN_CELLS = re.compile(r'[,;\t|"\r\n]+')

# A file in which no cell has so many digits is no list of phone numbers.
_FEWEST_DIGITS = 6


def read_suppression(paths: Sequence[Path], region: str | None) -> SuppressionList:
    """Read the numbers of the files at *paths*.

    In a table with phone columns, every number of each of them counts; in any other file, every cell with a number: a
    number too many costs a lead, a number too few calls a person who must not be called.

    Args:
        paths: One number a line, or whatever `read_leads` reads.
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
    content = content_of(path)
    try:
        file = read_leads(content, path, name=str(path))
    except UnreadableFileError as error:
        yield from _pieces(_only_line(content, error))
        return
    columns = _phone_columns(file)
    text = None if columns or file.delimiter is None else _text(content)
    if text is not None:
        # Where the file has no headers, no guess at what is a header, a title or a footer may cost a number.
        yield from _pieces(text)
        return
    if not columns:
        yield from file.header
    for row in file.rows:
        yield from _row(row, columns)


def _pieces(text: str) -> list[str]:
    return _BETWEEN_CELLS.split(text)


def _text(content: bytes) -> str | None:
    """Return what a text file holds, `None` for another."""
    text = decoded(content)
    # A workbook is a ZIP archive or, of old, a binary of Microsoft's; both have NUL bytes.
    return None if "\0" in text else text


def _only_line(content: bytes, error: UnreadableFileError) -> str:
    """Return the line of a file that has one alone, and so no rows below its headers.

    Raises:
        UnreadableFileError: It is no such file; *error* says what is wrong with it.
    """
    lines = [line for line in (_text(content) or "").splitlines() if line.strip()]
    if len(lines) != 1:
        raise error
    return lines[0]


def _phone_columns(file: LeadsFile) -> Sequence[str]:
    try:
        return find_columns(file.columns, rows=(row.cells for row in file.rows)).by_field["number"]
    except ColumnsError:
        return ()


def _row(row: FileRow, columns: Sequence[str]) -> Iterator[str | int | float]:
    if row.problem is not None or not columns:
        # Nobody knows which of its cells is which.
        yield from _pieces(row.raw)
        yield from row.surplus
        columns = tuple(row.cells)
    for column in columns:
        yield from _leaves(row.cells.get(column))


def _leaves(cell: object) -> Iterator[str | int | float]:
    """Yield the values of a cell, which in JSON may be a list or an object."""
    if isinstance(cell, Mapping):
        cell = list(cast("Mapping[str, object]", cell).values())
    if isinstance(cell, list):
        for item in cast("list[object]", cell):
            yield from _leaves(item)
    elif isinstance(cell, str | int | float) and not isinstance(cell, bool):
        yield cell
