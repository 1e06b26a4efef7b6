"""CSV as people's tools write it: the delimiter is found, and a broken row costs only itself."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice

import attrs

from allo_async.leads.file_row import FileRow

_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')
_LINES_TO_COMPARE = 20


@attrs.frozen
class CsvTable:
    """A CSV file's content.

    Attributes:
        delimiter: What separates its cells.
        header: Its first row as it stands there.
        columns: The same, made distinct.
        rows: All others; blank ones are none.
    """

    delimiter: str
    header: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[FileRow]


@attrs.frozen
class _Record:
    line: int
    cells: list[str]
    broken: bool = False


def read_csv(text: str) -> CsvTable:
    """Take *text* apart; where there is no header, there are no rows either."""
    # A file object's lines are those that csv knows; str.splitlines would cut at form feeds as well.
    lines = list(io.StringIO(text, newline=""))
    delimiter, start = _delimiter(lines)
    records = (record for record in _records(lines, delimiter, start) if any(map(str.strip, record.cells)))
    header = next(records, None)
    if header is None or header.broken:
        return CsvTable(delimiter, (), (), ())
    columns = _distinct(header.cells)
    return CsvTable(delimiter, header.cells, columns, [_row(record, columns) for record in records])


def _delimiter(lines: Sequence[str]) -> tuple[str, int]:
    """Find the delimiter, and the line at which the table begins."""
    start = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    head = "".join(lines[start : start + 1])
    # Excel writes and reads a first line that says so.
    if (said := re.fullmatch(r"sep=(.)\s*", head.rstrip("\r\n"), re.IGNORECASE)) is not None:
        return said[1], start + 1
    bare = _QUOTED.sub("", head)
    below = [_QUOTED.sub("", line) for line in lines[start + 1 : start + 1 + _LINES_TO_COMPARE]]
    ranked = {
        mark: (bare.count(mark), sum(bare.count(mark) == line.count(mark) for line in below)) for mark in _DELIMITERS
    }
    return max(_DELIMITERS, key=lambda mark: ranked[mark]), start


def _records(lines: Sequence[str], delimiter: str, start: int) -> Iterator[_Record]:
    at = start
    while at < len(lines):
        reader = csv.reader(islice(lines, at, None), delimiter=delimiter, strict=True)
        begun = at
        try:
            for cells in reader:
                yield _Record(begun + 1, cells)
                begun = at + reader.line_num
        except csv.Error:
            # A quote that nothing closes takes the rows below with it: give up its line, and go on with the next.
            yield _mended(begun + 1, lines[begun], delimiter)
        else:
            return
        at = begun + 1


def _mended(line: int, content: str, delimiter: str) -> _Record:
    if content.count('"') % 2 == 0:
        # `"Acme" Ltd` breaks the rules, and yet only one thing can be meant.
        return _Record(line, next(csv.reader([content], delimiter=delimiter)))
    return _Record(line, [content.rstrip("\r\n")], broken=True)


def _row(record: _Record, columns: Sequence[str]) -> FileRow:
    cells, size = record.cells, len(columns)
    if record.broken:
        return FileRow(record.line, {}, "a quote that is not closed, or stands where none can", cells[0])
    by_column = dict(zip(columns, [*cells[:size], *[""] * (size - len(cells))], strict=True))
    if any(map(str.strip, cells[size:])):
        problem = f"{len(cells)} cells where the header has {size}"
        return FileRow(record.line, by_column, problem, surplus=cells[size:])
    return FileRow(record.line, by_column)


def _distinct(header: Sequence[str]) -> list[str]:
    columns: list[str] = []
    for name in header:
        base = name.strip()
        repeats = sum(column == base or column.startswith(f"{base} (") for column in columns)
        columns.append(f"{base} ({repeats + 1})" if base in columns else base)
    return columns
