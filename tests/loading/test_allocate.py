import asyncio

from hypothesis import given
from hypothesis import strategies as st

from allo_async._loading.allocate import Allocation, allocate, allocate_as_before, weigh
from allo_async._loading.prepare import Preparer
from allo_async._loading.prepared_rows import PreparedRow

ROOMS = st.lists(st.integers(0, 30), min_size=1, max_size=6)
WEIGHTS = st.lists(st.sampled_from([1, 1, 1, 0]), max_size=80)


def allocated(weights, counts, rooms, strategy):
    rows = [(PreparedRow(index, {"number": "x"}, None, "x"), weight) for index, weight in enumerate(weights)]
    allocations = [Allocation(count, room) for count, room in zip(counts, rooms, strict=True)]
    asyncio.run(allocate(rows, allocations, strategy))
    return allocations


@given(weights=WEIGHTS, rooms=ROOMS, strategy=st.sampled_from(["even", "fill"]))
def test_every_row_goes_to_one_seat_in_order_and_none_overflows(weights, rooms, strategy):
    """Hands part the rows that fit, each in input order, and no seat gets more than it has room for."""
    allocations = allocated(weights, [0] * len(rooms), rooms, strategy)

    hands = [[row.index for row in allocation.rows] for allocation in allocations]
    assert all(hand == sorted(hand) for hand in hands)
    given_out = sorted(index for hand in hands for index in hand)
    assert given_out == list(range(len(given_out)))
    taken = [sum(weights[index] for index in hand) for hand in hands]
    assert all(took <= room for took, room in zip(taken, rooms, strict=True))
    assert sum(taken) == min(sum(weights), sum(rooms)) or len(given_out) < len(weights)


@given(weights=WEIGHTS, rooms=ROOMS)
def test_even_levels_as_far_as_room_allows(weights, rooms):
    """Seats that still have room are within one of each other, and no full seat has more than they."""
    allocations = allocated(weights, [0] * len(rooms), rooms, "even")

    counts = [sum(weights[row.index] for row in allocation.rows) for allocation in allocations]
    free = [count for count, allocation in zip(counts, allocations, strict=True) if allocation.room > 0]
    if free:
        assert max(free) - min(free) <= 1
        assert max(counts) <= max(free) + 1


@given(weights=WEIGHTS, rooms=ROOMS)
def test_fill_takes_one_seat_after_another(weights, rooms):
    """A seat gets rows only once those before it are full."""
    allocations = allocated(weights, [0] * len(rooms), rooms, "fill")

    started = [place for place, allocation in enumerate(allocations) if allocation.rows]
    assert all(allocations[place].room == 0 for place in range(max(started, default=0)))


def test_seat_that_has_more_already_waits_for_the_others():
    """Even dealing counts what a seat got in rounds before."""
    allocations = allocated([1] * 6, [4, 0, 1], [9, 9, 9], "even")

    assert [len(allocation.rows) for allocation in allocations] == [0, 4, 2] or [
        len(allocation.rows) for allocation in allocations
    ] == [0, 3, 3]
    assert max(allocation.count + len(allocation.rows) for allocation in allocations) == 4


def test_what_the_server_will_probably_skip_weighs_nothing():
    """A number that no plan knows, and one that only the server can read, take no room."""
    preparer = Preparer(region=None, keep_duplicates=False)
    rows = [preparer.prepare(index, row) for index, row in enumerate(["+12125550010", "+11234567890", "0612345678"])]

    assert [weight for _, weight in asyncio.run(weigh(rows))] == [1, 0, 0]


def test_rows_go_where_an_earlier_run_put_them_as_far_as_room_allows():
    """A row of no earlier queue, and one whose queue is full by now, is allocated to nobody."""
    rows = [(PreparedRow(index, {"number": "x"}, None, "x"), 1) for index in range(6)]
    allocations = [Allocation(0, 2), Allocation(0, 1)]

    asyncio.run(allocate_as_before(rows, allocations, {0: 1, 1: 0, 2: 1, 4: 0, 5: 0}.get))

    assert [[row.index for row in allocation.rows] for allocation in allocations] == [[1, 4], [0]]
