import asyncio

from hypothesis import given
from hypothesis import strategies as st

from allo_async import Contact
from allo_async._loading.deal import Seat, deal, weigh
from allo_async._loading.prepare import PreparedRow, Preparer

ROOMS = st.lists(st.integers(0, 30), min_size=1, max_size=6)
WEIGHTS = st.lists(st.sampled_from([1, 1, 1, 0]), max_size=80)


def dealt(weights, counts, rooms, strategy):
    rows = [(PreparedRow(index, Contact("x"), "x", None, b""), weight) for index, weight in enumerate(weights)]
    seats = [Seat(count, room) for count, room in zip(counts, rooms, strict=True)]
    asyncio.run(deal(rows, seats, strategy))
    return seats


@given(weights=WEIGHTS, rooms=ROOMS, strategy=st.sampled_from(["even", "fill"]))
def test_every_row_goes_to_one_seat_in_order_and_none_overflows(weights, rooms, strategy):
    """Hands part the rows that fit, each in input order, and no seat gets more than it has room for."""
    seats = dealt(weights, [0] * len(rooms), rooms, strategy)

    hands = [[row.index for row in seat.hand] for seat in seats]
    assert all(hand == sorted(hand) for hand in hands)
    given_out = sorted(index for hand in hands for index in hand)
    assert given_out == list(range(len(given_out)))
    taken = [sum(weights[index] for index in hand) for hand in hands]
    assert all(took <= room for took, room in zip(taken, rooms, strict=True))
    assert sum(taken) == min(sum(weights), sum(rooms)) or len(given_out) < len(weights)


@given(weights=WEIGHTS, rooms=ROOMS)
def test_even_levels_as_far_as_room_allows(weights, rooms):
    """Seats that still have room are within one of each other, and no full seat has more than they."""
    seats = dealt(weights, [0] * len(rooms), rooms, "even")

    counts = [sum(weights[row.index] for row in seat.hand) for seat in seats]
    free = [count for count, seat in zip(counts, seats, strict=True) if seat.room > 0]
    if free:
        assert max(free) - min(free) <= 1
        assert max(counts) <= max(free) + 1


@given(weights=WEIGHTS, rooms=ROOMS)
def test_fill_takes_one_seat_after_another(weights, rooms):
    """A seat gets rows only once those before it are full."""
    seats = dealt(weights, [0] * len(rooms), rooms, "fill")

    started = [place for place, seat in enumerate(seats) if seat.hand]
    assert all(seats[place].room == 0 for place in range(max(started, default=0)))


def test_seat_that_has_more_already_waits_for_the_others():
    """Even dealing counts what a seat got in rounds before."""
    seats = dealt([1] * 6, [4, 0, 1], [9, 9, 9], "even")

    assert [len(seat.hand) for seat in seats] == [0, 4, 2] or [len(seat.hand) for seat in seats] == [0, 3, 3]
    assert max(seat.count + len(seat.hand) for seat in seats) == 4


def test_what_the_server_will_probably_skip_weighs_nothing():
    """A number that no plan knows, and one that only the server can read, take no room."""
    preparer = Preparer(region=None, keep_duplicates=False)
    rows = [preparer.prepare(index, row) for index, row in enumerate(["+12125550010", "+11234567890", "0612345678"])]

    assert [weight for _, weight in asyncio.run(weigh(rows))] == [1, 0, 0]
