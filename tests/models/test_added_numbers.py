"""`result.added` behaves as the list that it stands for, whether or not somebody has looked at its rows."""

import copy
import pickle

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_async import AddedNumber, AddedNumbers, AppendResult
from allo_async._wire.added import UnreadAdded
from allo_async._wire.replies import read_added_number
from allo_async.models.added_numbers import add_unread

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda values: st.lists(values, max_size=2) | st.dictionaries(st.text(max_size=3), values, max_size=2),
    max_leaves=3,
)
DATES = st.sampled_from(["2026-04-30T10:00:00", "2026-04-30T10:00:01", "yesterday", ""]) | st.none()
ENTRIES = st.fixed_dictionaries(
    {"number_to": st.text(max_size=5)},
    optional={
        "position": st.integers(0, 5) | st.none(),
        "created_at": DATES,
        "call_start_date": DATES,
        "sync_status": st.sampled_from(["SYNCED", None]),
        "voicemail_left": st.booleans() | st.none(),
        "new_field": JSON,
    },
) | st.dictionaries(st.sampled_from(["position", "created_at", "call_id", "voicemail_left", "extra"]), JSON).map(
    lambda odd: {"number_to": "+1", **odd}
)


@given(st.lists(ENTRIES, max_size=8), st.integers(0, 3))
def test_rows_are_read_together_as_one_by_one(entries, first):
    """Reading the rows of a reply field by field comes to the same as reading each by itself."""
    indexes = range(first, first + len(entries))
    details = {index: f"detail {index}" for index in indexes[::3]}

    read = UnreadAdded.of(indexes, entries, details).read()

    assert read == [
        read_added_number(entry, index, details.get(index)) for index, entry in zip(indexes, entries, strict=True)
    ]
    assert all(type(row) is AddedNumber for row in read)


def test_a_read_row_is_frozen():
    """A row that was read is as immutable as one that was made."""
    row = _added(1)[0]

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        row.number_to = "+1"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del row.number_to
    assert hash(attrs.evolve(row, extra=())) == hash(attrs.evolve(row, extra=()))


@given(st.lists(st.integers(0, 4), max_size=4), st.lists(st.integers(-12, 12) | st.none(), min_size=3, max_size=3))
def test_it_is_indexed_and_sliced_as_a_list(sizes, bounds):
    """Any index, slice and iteration over parts of any size comes to what the list of the rows gives."""
    added, rows = _added(*sizes), _rows(sum(sizes))
    start, stop, step = bounds

    assert list(added) == rows
    assert list(reversed(added)) == rows[::-1]
    assert len(added) == len(rows)
    assert added[start : stop : step or None] == rows[start : stop : step or None]
    for place in range(-len(rows), len(rows)):
        assert added[place] == rows[place]
    for place in (len(rows), -len(rows) - 1):
        with pytest.raises(IndexError):
            added[place]


def test_it_is_compared_shown_and_copied_as_a_list():
    """Equality from both sides, `in`, `+`, `repr`, pickle and copies."""
    added, rows = _added(3, 2), _rows(5)

    assert added == rows
    assert rows == added
    assert added == AddedNumbers(rows)
    assert added != rows[1:]
    assert added != rows[::-1]
    assert added != tuple(rows)
    assert repr(added) == repr(rows)
    assert rows[3] in added
    assert (added.index(rows[3]), added.count(rows[3])) == (3, 1)
    assert added + rows == rows + added == rows + rows
    assert bool(AddedNumbers()) is False
    for twin in (pickle.loads(pickle.dumps(added)), copy.copy(added), copy.deepcopy(added)):
        assert isinstance(twin, AddedNumbers)
        assert twin == rows
    with pytest.raises(TypeError):
        hash(added)


def test_a_result_takes_any_rows():
    """A result can be made of a list, and joined with another; neither changes the list."""
    rows = _rows(2)
    result = AppendResult(added=rows)

    result.extend(AppendResult(added=_rows(4)[2:]), AppendResult(_added(1)))

    assert result.added == [*_rows(4), *_rows(1)]
    assert rows == _rows(2)
    assert pickle.loads(pickle.dumps(result)) == result


def _rows(count):
    return [
        AddedNumber(index=index, number_to=f"+121255500{index:02}", position=index, detail=_details().get(index))
        for index in range(count)
    ]


def _details():
    return {3: "extension 5 is not dialed"}


def _added(*sizes):
    added, first = AddedNumbers(), 0
    for size in sizes:
        indexes = range(first, first + size)
        entries = [{"number_to": f"+121255500{index:02}", "position": index} for index in indexes]
        add_unread(added, UnreadAdded.of(indexes, entries, _details()))
        first += size
    return added
