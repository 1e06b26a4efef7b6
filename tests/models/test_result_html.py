"""A result at the end of a notebook's cell."""

import html.parser

import pytest

from allo_async import AppendResult, QueueShare, SkippedNumber, SpreadResult
from tests.models.conftest import PEOPLE


class _Reader(html.parser.HTMLParser):
    """Reads tables: the texts of each row, and every tag that it meets."""

    def __init__(self):
        super().__init__()
        self.rows, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def read(result):
    reader = _Reader()
    reader.feed(result._repr_html_())
    return reader


def skipped(index, reason):
    return SkippedNumber(index=index, number="n/a", reason=reason, source="server")


def test_result_is_a_table_of_counts_and_reasons(appended):
    """The fates are counted, and the skipped rows by reason below."""
    assert read(appended).rows == [
        ["fate", "rows"],
        ["added", "1"],
        ["skipped", "2"],
        ["skipped: INVALID_PHONE_NUMBER", "1"],
        ["skipped: INVALID_CONTACT", "1"],
        ["pending", "1"],
        ["in doubt", "1"],
        ["lost answers recovered", "1"],
    ]


def test_spread_has_a_table_of_its_queues(spread):
    """Each queue has a row of its own, behind the table of all rows."""
    assert read(spread).rows[-3:] == [
        ["usr-1", "1", "0", "0", ""],
        ["(queue 1)", "0", "0", "1", "AssigneeNotFoundError ASSIGNEE_NOT_FOUND"],
        ["(key owner)", "0", "1", "0", ""],
    ]


@pytest.mark.parametrize("kind", ["appended", "spread"])
def test_nobody_is_named(request, kind):
    """A notebook that is passed on shows no number, name or address."""
    shown = request.getfixturevalue(kind)._repr_html_()

    assert [word for word in PEOPLE if word in shown] == []


def test_reason_is_shown_and_never_obeyed():
    """A reason of the server's that is a script is no word, and the name of a queue that is one is text."""
    script = "<script>alert('1')</script>&amp;"
    result = SpreadResult(skipped=[skipped(0, script)], shares=[QueueShare(user_id=script)])

    reader = read(result)

    assert ["skipped: OTHER", "1"] in reader.rows
    assert script in [row[0] for row in reader.rows]
    assert reader.tags == {"table", "caption", "thead", "tbody", "tr", "th", "td"}


def test_many_reasons_make_no_long_table():
    """Of a thousand reasons the ten most frequent are shown, and how many rows the others have."""
    result = AppendResult(skipped=[skipped(index, f"REASON_{index:03d}") for index in range(1_000)])

    rows = read(result).rows

    assert len(rows) == 16
    assert ["skipped: 990 more reasons", "990"] in rows
