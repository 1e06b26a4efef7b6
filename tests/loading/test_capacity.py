"""The arithmetic of a full queue, and what refusals say about the server's limits."""

import asyncio
from math import inf

import pytest

from allo_async import AlloClient
from allo_async._loading.capacity import Capacity
from allo_async._sending.session import ServerLimits
from allo_async.errors import QueueFullError
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import us_numbers

FULL = QueueFullError("full", status=400)


def test_count_of_the_queue_says_how_much_goes_in():
    """Where the count has less room than was sent, that room is filled, and skipped rows take none of it."""
    capacity = Capacity.after(FULL, rows=100, room=30)
    assert capacity.allows == 30
    capacity.added(12)
    assert capacity.allows == 18


@pytest.mark.parametrize("holds", range(65))
def test_halving_finds_the_capacity(holds):
    """Where the count promises room that is not there, every refusal makes the next request smaller."""
    added, refusals, left = 0, 1, 64
    capacity = Capacity.after(FULL, rows=left, room=1_000)
    while left and capacity.allows >= 1:
        rows = min(left, capacity.allows)
        if added + rows <= holds:
            capacity.added(rows)
            added, left = added + rows, left - rows
        else:
            capacity, refusals = Capacity.after(FULL, rows=rows, room=1_000), refusals + 1
    assert added == min(holds, 63)
    assert refusals <= 8


@pytest.mark.parametrize(
    ("message", "capacity"),
    [
        ("The dialing queue cannot exceed 1,000 numbers.", 1_000),
        ("A queue holds at most 25,000 numbers", 25_000),
        ("at most 25 000 numbers", 25_000),
        ("You sent 1,500 numbers; the limit is 2000.", 2_000),
        ("A queue may hold 3.000 contacts.", 3_000),
        ("The queue is full.", 1_234),
        ("at most 0 numbers", 1_234),
    ],
)
def test_refusal_names_the_capacity(message, capacity):
    """The number in the words of a refusal is believed, however it is written."""
    limits = ServerLimits(1_234)
    limits.queue_refused(message)
    assert limits.queue_capacity == capacity


@pytest.mark.parametrize(
    "message",
    [
        "Adding 300 numbers would exceed the queue's limit",
        "Cannot add 300 numbers: the queue is full",
        "You can add up to 100 more numbers",
        "The queue already has 900 numbers; 300 numbers cannot be added",
        "Try again; this may take up to 30 seconds",
    ],
)
def test_other_numbers_in_a_refusal_are_no_capacity(message):
    """What counts the rows of the request, the queue or seconds says nothing of what a queue holds."""
    limits = ServerLimits(1_234)

    limits.queue_refused(message, 300)

    assert limits.queue_capacity == 1_234


def test_single_row_that_is_too_large_says_nothing_about_the_others():
    """Rows in one request are halved, and a row that is too large by itself costs later requests nothing."""
    limits = ServerLimits()
    limits.too_large(101)
    assert limits.rows_per_request == 51
    limits.too_large(1)
    assert limits.rows_per_request == inf


def test_capacity_that_a_refusal_named_holds_on_the_next_loop():
    """One client in several `asyncio.run` calls knows in each what it has learnt in the others."""
    allo = AlloClient("ak_live_x")

    async def limits():
        return allo._sessions.current().server_limits

    asyncio.run(limits()).queue_refused("at most 20 numbers")

    assert asyncio.run(limits()).queue_capacity == 20


def test_capacity_below_what_a_queue_has_held_is_not_believed():
    """A number in a refusal's words may be any number, and may be that of one queue alone."""
    limits = ServerLimits(1_000)
    limits.queue_counted(300)
    limits.queue_refused("the limit is 1, 5 too many")
    assert limits.queue_capacity == 1_000
    limits.queue_refused("at most 300 numbers", 5)
    assert limits.queue_capacity == 300


@pytest.mark.parametrize("size", [1_000_001, 2**40])
def test_absurd_count_is_not_believed(size):
    """No reply makes a queue of millions, be it by its count, an entry's place or the words of a refusal."""
    limits = ServerLimits(1_000)
    limits.queue_counted(size)
    limits.queue_grew(size)
    limits.queue_refused(f"limit of {size} numbers")
    assert limits.queue_capacity == 1_000


async def test_capacity_that_was_told_ends_with_an_append_beyond_it():
    """A number that one refusal has named is forgotten as soon as a queue takes more."""
    async with (
        Sandbox(write_per_second=None) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url) as allo,
    ):
        full = faults.error(400, "DIALING_QUEUE_LIMIT_REACHED", message="the limit is 1, 5 too many")
        sandbox.script(full, at=1)
        with pytest.raises(QueueFullError):
            await allo.queue().append(us_numbers(5))
        assert (await allo.queue().state()).capacity == 1

        await allo.queue().append(us_numbers(3, 100))

        assert (await allo.queue().state()).capacity == 1_000
