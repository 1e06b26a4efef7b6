"""CSV whose quotes are broken costs no more time than any other, and is read the same."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_async.leads import csv_rows
from allo_async.leads.csv_rows import Feed, read_csv

LINES = {
    "never closed": '6","c\n',
    "never even": '6","c"",\n',
    "closed by the last": 'a,"b" c\n"\n',
    "opened alone": '"a\n',
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_work_grows_with_the_lines(monkeypatch, line):
    """Each line is taken by a few rows at most, and not by every row above it."""
    taken = 0

    def counted(self, original=Feed.__next__):
        nonlocal taken
        taken += 1
        return original(self)

    monkeypatch.setattr(Feed, "__next__", counted)
    monkeypatch.setattr(csv_rows, "_delimiter", lambda _lines: ",")
    read_csv("Phone,Name\n+12125550110,x\n" + line * 3_000)

    assert taken < 6 * (3_000 * line.count("\n") + 2)


def rows_one_by_one(text):
    """Read each row anew from its line, the long way."""
    lines = list(io.StringIO(text, newline=""))
    at = 0
    while at < len(lines):
        reader = csv.reader(lines[at:], strict=True)
        try:
            cells = next(reader)
        except csv.Error:
            yield at + 1, None
            at += 1
        else:
            yield at + 1, cells
            at += reader.line_num


@given(st.text(alphabet='",\na\r', max_size=40))
def test_rows_are_those_of_reading_each_anew(text):
    """What is known of the rows above changes nothing in what is read."""
    lines = list(io.StringIO(text, newline=""))
    feed = Feed(lines, 0)
    rows = []
    while feed.at < len(lines):
        try:
            for cells in csv.reader(feed, strict=True):
                rows.append((feed.begun + 1, cells))
                feed.begun = feed.at
        except csv.Error:
            rows.append((feed.give_up() + 1, None))

    assert rows == list(rows_one_by_one(text))
