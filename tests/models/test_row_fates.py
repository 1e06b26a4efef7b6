"""`rows()`: the fate of every row on a line of its own."""

import pandas as pd
import pytest

from allo_async import AddedNumber, AppendResult, Contact, PendingContact, QueueFullError, RowFate, SkippedNumber
from tests.end_to_end.numbers import us_numbers

MARIE = "marie@acme.example"
TOM = "tom@acme.example"


def test_every_row_is_there_in_input_order(appended):
    """Each row has its fate, with its number as it stands in the queue or was given, and the words on it."""
    assert appended.rows() == [
        RowFate(0, "no number", "skipped", "INVALID_PHONE_NUMBER"),
        RowFate(1, "+12125550010", "added", position=7, detail="extension 5 is not dialed: Quote"),
        RowFate(2, "06 33612345678", "pending"),
        RowFate(3, "+44 20 7946 0958", "in_doubt", "no answer came"),
        RowFate(4, None, "skipped", "INVALID_CONTACT", detail="emails: Quote"),
    ]


def test_rows_of_a_spread_name_their_queues(spread):
    """A row that was sent has the name of its queue; one that was not has none."""
    assert [(row.index, row.queue) for row in spread.rows()] == [
        (0, "(key owner)"),
        (1, "usr-1"),
        (2, None),
        (3, MARIE),
        (4, None),
    ]


async def test_rows_of_a_spread_agree_with_the_queues(sandbox, allo):
    """In a real spread, the rows of each queue are, in order, what stands there."""
    result = await allo.spread([*us_numbers(7), "n/a"], over=[allo.queue(email=MARIE), allo.queue(email=TOM)])

    rows = result.rows()
    for rep in (MARIE, TOM):
        own = [row for row in rows if row.queue == rep]
        assert [row.number for row in own] == sandbox.numbers(rep)
        assert [row.position for row in own] == list(range(len(own)))
    assert rows[7] == RowFate(7, "n/a", "skipped", "INVALID_PHONE_NUMBER")


async def test_rows_of_a_stream_count_over_the_whole_input(allo):
    """The results of a stream put together have the rows of the input, one after the other."""
    total = AppendResult()
    async with allo.queue().append_stream([*us_numbers(4), "n/a", *us_numbers(5, 4)], chunk_size=3) as stream:
        async for result in stream:
            assert [row.index for row in result.rows()] == sorted(row.index for row in result.rows())
            total.extend(result)

    rows = total.rows()
    assert [row.index for row in rows] == list(range(10))
    assert [row.position for row in rows] == [0, 1, 2, 3, None, 4, 5, 6, 7, 8]


async def test_rows_of_an_error(sandbox, allo):
    """What an error's result knows is every row too: those that the full queue took, and those that it did not."""
    sandbox.fill(MARIE, 998)

    with pytest.raises(QueueFullError) as caught:
        await allo.queue(email=MARIE).append(us_numbers(4))

    rows = caught.value.result.rows()
    assert [(row.number, row.fate, row.position) for row in rows] == [
        *((number, "added", 998 + place) for place, number in enumerate(us_numbers(2))),
        *((number, "pending", None) for number in us_numbers(2, 2)),
    ]


async def test_result_is_no_list_of_leads(allo, appended):
    """A result passed where rows belong, or iterated, is refused: its rows are what `rows()` gives."""
    with pytest.raises(TypeError, match="not iterable"):
        list(appended)
    with pytest.raises(TypeError):
        await allo.queue().append(appended)


def test_rows_make_a_data_frame(appended):
    """A data frame has the fields for columns; whole numbers stay numbers, and a fate can be picked."""
    frame = pd.DataFrame(appended.rows())

    assert list(frame.columns) == ["index", "number", "fate", "reason", "position", "queue", "detail"]
    assert frame["index"].dtype == "int64"
    assert frame["position"].dtype == "float64"  # pandas' own for numbers of which some are missing
    assert frame[frame.fate == "pending"]["number"].tolist() == ["06 33612345678"]
    assert frame[frame.fate == "added"].position.astype(int).tolist() == [7]
    assert frame.number.isna().tolist() == [False, False, False, False, True]


def test_data_frame_of_no_rows():
    """An empty result makes an empty frame that has the columns, if they are named."""
    frame = pd.DataFrame(AppendResult().rows(), columns=RowFate._fields)

    assert (len(frame), list(frame.columns)) == (0, list(RowFate._fields))
    assert frame[frame.fate == "pending"].empty


def test_half_a_surrogate_pair_is_an_escape():
    """A number that no file and no JSON would take is given with an escape in its place."""
    bad = "\ud83d 12"
    result = AppendResult(
        added=[AddedNumber(index=2, number_to="+1", detail=bad)],
        skipped=[SkippedNumber(index=0, number=bad, reason="INVALID_PHONE_NUMBER", source="client")],
        pending=[PendingContact(index=1, contact=Contact(bad))],
    )

    assert [(row.number, row.detail) for row in result.rows()] == [
        ("\\ud83d 12", None),
        ("\\ud83d 12", None),
        ("+1", "\\ud83d 12"),
    ]
    assert len(pd.DataFrame(result.rows())) == 3


def test_results_of_spreads_are_not_joined(spread):
    """Each has indexes and queues of its own, so that joining two would be wrong whichever way."""
    with pytest.raises(TypeError, match="not joined"):
        spread.extend(spread)
