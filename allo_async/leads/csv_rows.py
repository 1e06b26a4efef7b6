"""CSV as people's tools write it: the delimiter is found, and a broken row costs only itself."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

import attrs

from allo_async.leads.table import HEAD, Record, Table, fields_named, header_place, table_of
from allo_async.spreadsheet_guard import unguarded

#: Characters that a row may have, its line breaks included.
ROW_LIMIT = 1_048_576

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 40
# The largest number that fits into a long of C everywhere.
_NO_LIMIT = 2**31 - 1
_BROKEN_QUOTE = "a quote that is not closed, or stands where none can"


@attrs.frozen
class CsvTable:
    """A CSV file's content.

    Attributes:
        delimiter: The character that separates its cells.
        table: The rest.
    """

    delimiter: str
    table: Table


def read_csv(text: str) -> CsvTable:
    """Take *text* apart; where there is no header, there are no rows either."""
    # A file object's lines are those that csv knows; str.splitlines would cut at form feeds as well.
    lines = list(io.StringIO(text, newline=""))
    start, said = _beginning(lines)
    delimiter = said or _delimiter(lines[start : start + _SAMPLE_LINES])
    return CsvTable(delimiter, table_of(_records(lines, delimiter, start)))


def _beginning(lines: Sequence[str]) -> tuple[int, str | None]:
    """Return the line at which the rows begin, and the delimiter if Excel's first line names it."""
    start = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    head = "".join(lines[start : start + 1])
    said = re.fullmatch(r"\"?sep=(.)\"?\s*", head.rstrip("\r\n"), re.IGNORECASE)
    return (start, None) if said is None else (start + 1, said[1])


def _delimiter(lines: Sequence[str]) -> str:
    return max(_DELIMITERS, key=lambda mark: _fit(lines, mark))


def _fit(lines: Sequence[str], mark: str) -> tuple[bool, int, int, int]:
    """Return how well *mark* cuts: rows as the header, the header into known names, and into many."""
    records = [record for record in islice(_records(lines, mark, 0), HEAD) if not record.is_blank]
    at = header_place(records)
    if at is None:
        return False, 0, 0, 0
    size = len(records[at].cells)
    # A file that ends in the middle of a quoted cell is the sample's doing, and proves nothing.
    alike = Counter(len(record.cells) for record in records[at + 1 :] if record.problem is None)
    return size > 1 and alike[size] > 0, fields_named(records[at].cells), size, alike[size]


def _records(lines: Sequence[str], delimiter: str, start: int) -> Iterator[Record]:
    """Yield each row; below a broken quote, up to where quotes are even again, a line must be as wide as the header."""
    width, named, suspect = 0, -1, start
    for count, (record, end) in enumerate(_parsed(lines, delimiter, start)):
        begun = record.line - 1
        if record.problem == _BROKEN_QUOTE:
            suspect = max(suspect, _balanced(lines, begun))
        elif begun < suspect and not record.is_blank and len(record.cells) != width:
            yield _inside(record, lines[begun:end])
            continue
        elif count < HEAD and ((score := fields_named(record.cells)) > named or width <= 1):
            width, named = len(record.cells), score
        yield record


def _parsed(lines: Sequence[str], delimiter: str, start: int) -> Iterator[tuple[Record, int]]:
    """Yield each row with the place of the line below it."""
    _lift_limit()
    feed = Feed(lines, start)
    while feed.at < len(lines):
        try:
            for cells in csv.reader(feed, delimiter=delimiter, strict=True):
                begun, feed.begun = feed.begun, feed.at
                yield _checked(begun + 1, cells, lines[begun : feed.at]), feed.at
        except csv.Error:
            # A quote that nothing closes takes the rows below with it: give up its line, and go on with the next.
            begun = feed.give_up()
            yield _mended(begun + 1, lines[begun], delimiter), feed.at


@attrs.define
class Feed:
    """The lines as `csv` takes them; none is taken again by a row that is known to fail.

    At the beginning of a line a row is either over or in the middle of a quoted cell. Of the rows that are in the
    middle of one there, all end alike, wherever they began: where one has failed, so does every other.

    Attributes:
        lines: All lines.
        at: The place of the next one.
        begun: Where the row begins that is being read.
        failing: The place up to which a row that is in a quoted cell fails.
    """

    lines: Sequence[str]
    at: int
    begun: int = attrs.field(default=attrs.Factory(lambda self: self.at, takes_self=True))
    failing: int = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            raise StopIteration
        if self.begun < self.at < self.failing:
            raise csv.Error(_BROKEN_QUOTE)
        self.at += 1
        return self.lines[self.at - 1]

    def give_up(self) -> int:
        """Go on below the first line of the row that failed, and return that line's place."""
        self.failing = max(self.failing, self.at)
        begun = self.begun
        self.at = self.begun = begun + 1
        return begun


def _lift_limit() -> None:
    # csv's own limit ends a file in the middle of a long note, whose lines would then be read as rows. The limit is one
    # for the whole process, which is why it is only ever lifted.
    if csv.field_size_limit() < _NO_LIMIT:
        csv.field_size_limit(_NO_LIMIT)


def _checked(line: int, cells: list[str], content: Sequence[str]) -> Record:
    if sum(map(len, cells)) > ROW_LIMIT:
        last = line + len(content) - 1
        return Record(line, ["".join(content)], f"longer than {ROW_LIMIT:,} characters, up to line {last}")
    return Record(line, [unguarded(cell) for cell in cells])


def _inside(record: Record, content: Sequence[str]) -> Record:
    # A line of a cell whose quotes are broken looks like a row of its own, and the number in it may be anybody's.
    return Record(record.line, ["".join(content).rstrip("\r\n")], "part of a row above whose quotes are broken")


def _balanced(lines: Sequence[str], begun: int) -> int:
    """Return the line below the row that begins at *begun*, by its quotes; the end if they are never even."""
    quotes = 0
    for at in range(begun, len(lines)):
        quotes += lines[at].count('"')
        if quotes % 2 == 0:
            return at + 1
    return len(lines)


def _mended(line: int, content: str, delimiter: str) -> Record:
    if content.count('"') % 2 == 0:
        # `"Acme" Ltd` breaks the rules, and yet only one thing can be meant.
        return Record(line, [unguarded(cell) for cell in next(csv.reader([content], delimiter=delimiter))])
    return Record(line, [content.rstrip("\r\n")], _BROKEN_QUOTE)
