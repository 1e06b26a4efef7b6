"""A plain row is prepared by one short check, and comes to what reading it field by field comes to."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_async._loading import prepare
from allo_async._loading.plain_rows import plain_entries
from allo_async._loading.prepare import Preparer
from allo_async._loading.prepared_rows import PreparedRow, PreparedRows
from allo_async._wire.requests import append_request
from allo_async.models import Assignee


class Word(str):
    """A text with methods of its own."""

    __slots__ = ()

    def strip(self, chars=None):
        return "stripped"

    def __getitem__(self, item):
        return "?"


NAMES = ["number", "name", "last_name", "company", "website", "job_title", "emails", "addresses", "phone"]
TEXTS = st.text(st.sampled_from("aé+1 \t\n\u00a0\u2003\x1c\u200b\ud800,@"), max_size=5)
NUMBERS = st.sampled_from(["+12125550010", "+1 (212) 555-0010", "(212) 555-0010", "+1212555001", "212 555 0010 ext 5"])
VALUES = TEXTS | TEXTS.map(Word) | NUMBERS | st.none() | st.integers(0, 3) | st.floats() | st.lists(TEXTS, max_size=2)
PADDED = st.tuples(TEXTS, NUMBERS, TEXTS).map("".join)
ROWS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5)


@given(ROWS | st.builds(lambda row, number: {**row, "number": number}, ROWS, NUMBERS | PADDED) | PADDED | TEXTS)
def test_plain_rows_are_prepared_as_any_other(row):
    """Whatever a row holds, the short way and the long one agree."""
    with mock.patch.object(prepare, "plain_entries", return_value=[None]):
        long = Preparer(region="US", keep_duplicates=False).prepare(0, row)

    short = Preparer(region="US", keep_duplicates=False).prepare(0, row)

    assert _told(short) == _told(long)


@pytest.mark.parametrize(
    "row",
    [
        "+12125550010",
        " +12125550010\n",
        {"number": "+12125550010"},
        {"number": "+12125550010", "name": "Éloïse", "company": "Acme  Inc"},
        {"number": "+12125550010", "name": "", "last_name": None, "job_title": "CEO"},
    ],
)
def test_most_rows_are_plain(row):
    """Without it, each row would take several times as long."""
    assert plain_entries([row]) != [None]


class Odd:
    """A name that cannot be compared with one of the API's."""

    def __init__(self, name):
        self.name = name

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        raise RuntimeError


@pytest.mark.parametrize("value", ["Marie", None])
def test_a_name_that_raises_costs_one_row(value):
    """A row of any kind gets an answer, and those beside it are sent."""
    rows = [{"number": "+12125550010"}, {"number": "+12125550011", Odd("name"): value}, "+12125550012"]
    prepared, skipped = PreparedRows(), []

    Preparer(region="US", keep_duplicates=False).prepare_all(0, rows, prepared, skipped)

    assert [row.index for row in prepared] == [0, 2]
    assert [(row.index, row.reason) for row in skipped] == [(1, "INVALID_CONTACT")]


def test_callers_row_is_left_alone():
    """What a caller does with a row later does not change the request, nor the other way round."""
    row = {"number": "(212) 555-0010", "name": "Marie"}

    prepared = Preparer(region="US", keep_duplicates=False).prepare(0, row)
    row["name"] = "Paul"

    assert prepared.contact.name == "Marie"
    assert row["number"] == "(212) 555-0010"


def _told(row):
    if not isinstance(row, PreparedRow):
        return row
    return (row.index, dict(row.entry), row.wire, row.e164, row.written, row.contact, row.detail)


def test_names_of_another_type_are_sent():
    """A data frame's names may be texts of numpy's, which no JSON takes for names."""
    row = dict(zip(np.array(["number", "name"]), ["+12125550010", "Marie"], strict=True))

    prepared = Preparer(region=None, keep_duplicates=False).prepare(0, row)

    body = append_request(Assignee(), [prepared.entry]).body
    assert body == b'{"numbers":[{"number":"+12125550010","name":"Marie"}]}'
