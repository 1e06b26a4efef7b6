"""A queue is finite: filled to the brim, or waited for."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_async import AlloClient, ConfigurationError, QueueFullError, errors
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.end_to_end.numbers import fates, us_numbers
from tests.loading.watching import appends


@pytest.mark.parametrize("held", [1, 500, 730, 998, 999])
async def test_queue_ends_at_exactly_its_capacity(sandbox, allo, held):
    """The rows that fit go in, the rest is pending in order, and one request was refused."""
    sandbox.fill(None, held)
    numbers, room = us_numbers(1_200), 1000 - held

    with pytest.raises(QueueFullError) as caught:
        await allo.queue().append(numbers)

    result = caught.value.result
    assert sandbox.numbers()[held:] == numbers[:room]
    assert fates(result) == dict.fromkeys(range(room), "added") | dict.fromkeys(range(room, 1_200), "pending")
    assert appends(sandbox) == [(1000, 400), (room, 200)]
    end_of_queue = 1 if held <= 100 else 2
    assert 2 <= [request.method for request in sandbox.ledger.requests].count("GET") <= end_of_queue + 1


async def test_nothing_is_asked_when_nothing_is_refused(sandbox, allo):
    """Where everything fits, a queue is looked at once, by the first append of a client."""
    sandbox.fill(None, 100)

    await allo.queue().append(us_numbers(600), chunk_size=300)
    await allo.queue().append(us_numbers(300, 600), chunk_size=300)

    assert [request.method for request in sandbox.ledger.requests] == ["GET", "POST", "POST", "POST"]


async def test_rows_that_the_server_skips_take_no_room(sandbox, allo):
    """The brim counts what was added, not what was sent."""
    sandbox.fill(None, 990)
    rows = ["+1 123 456 7890", "+1 123 456 7891", *us_numbers(20)]

    result = await allo.queue().append(rows, on_full_queue="stop")

    assert len(sandbox.numbers()) == 1000
    assert [row.index for row in result.added] == list(range(2, 12))
    assert [row.index for row in result.pending] == list(range(12, 22))
    assert appends(sandbox) == [(22, 400), (10, 200), (2, 200)]


@pytest.mark.parametrize("removed", [1, 37, 250])
async def test_server_that_counts_otherwise(clock, removed):
    """Where the queue's own count promises room that is not there, the brim is found by halving, and exactly."""
    async with Sandbox(clock=clock, capacity_counts="ever", write_per_second=None) as sandbox:
        async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo:
            sandbox.fill(None, 600)
            for _ in range(removed):
                await allo.queue().clear(position=0)
            before = len(sandbox.numbers())

            result = await allo.queue().append(us_numbers(700), on_full_queue="stop")

        assert [row.index for row in result.added] == list(range(400))
        assert [row.index for row in result.pending] == list(range(400, 700))
        assert sandbox.numbers()[before:] == us_numbers(400)
        assert sum(status == 400 for _, status in appends(sandbox)) < 12


async def test_called_entries_that_do_not_count(clock):
    """Where called entries do not count, the queue still ends at 1,000 entries, and nothing is lost."""
    async with Sandbox(clock=clock, capacity_counts="uncalled") as sandbox:
        async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo:
            sandbox.fill(None, 700)
            sandbox.start_calling(per_second=200, keeps=True)
            while sandbox.queue()[199].call_start_date is None:
                await asyncio.sleep(0.001)

            result = await allo.queue().append(us_numbers(1_000), on_full_queue="stop")

        assert fates(result).keys() == set(range(1_000))
        assert len(sandbox.numbers()) >= 1000
        assert sandbox.numbers()[700:] == us_numbers(len(result.added))


async def test_another_writer_takes_the_room_meanwhile(sandbox, allo):
    """A queue that fills up between the look and the append is looked at again."""
    sandbox.fill(None, 900)

    def steal(request):
        # Between the refusal and what is sent in its stead.
        if sandbox.ledger.appends and len(sandbox.numbers()) < 950:
            sandbox.fill(None, 50)
        return False

    sandbox.script(faults.drop(), when=steal)

    result = await allo.queue().append(us_numbers(300), on_full_queue="stop")

    assert len(sandbox.numbers()) == 1000
    assert [row.index for row in result.added] == list(range(50))
    assert len(result.pending) == 250


async def test_stop_returns_what_is_pending(sandbox, allo):
    """on_full_queue="stop" returns instead of raising, repeats and bad rows of the rest told as such."""
    numbers = us_numbers(1_003)

    result = await allo.queue().append([*numbers, "nope", numbers[0]], on_full_queue="stop")

    assert [row.index for row in result.pending] == [1000, 1001, 1002]
    assert [(row.index, row.reason) for row in result.skipped] == [
        (1003, "INVALID_PHONE_NUMBER"),
        (1004, "DUPLICATE_NUMBER"),
    ]


async def test_stream_stops_when_full(sandbox, allo):
    """A stream's last result holds what the queue had no room for, prepared rows included."""
    sandbox.fill(None, 985)

    async with allo.queue().append_stream(us_numbers(50), chunk_size=10, on_full_queue="stop") as stream:
        batches = [batch async for batch in stream]

    assert [str(batch.totals) for batch in batches] == [
        "10 added, 0 skipped, 0 pending, 0 in doubt",
        "5 added, 0 skipped, 15 pending, 0 in doubt",
    ]
    assert stream.unfinished.totals.rows == 0
    assert stream.totals.rows == 30


async def test_waiting_for_room_that_reps_make(sandbox, allo):
    """on_full_queue="wait" gets the whole list into a full queue, in order, as its rep calls 50 numbers a second."""
    numbers = us_numbers(600)
    sandbox.fill(None, 1000)
    loading = asyncio.create_task(allo.queue().append(numbers, on_full_queue="wait", poll_interval=0.5))
    while not sandbox.ledger.refused:
        await asyncio.sleep(0.001)
    sandbox.start_calling(per_second=50)

    result = await loading

    assert [row.index for row in result.added] == list(range(600))
    assert [number for request in sandbox.ledger.appends for number in request.added] == numbers
    assert [request.status for request in sandbox.ledger.appends].count(400) == 1
    assert sum(request.method == "GET" for request in sandbox.ledger.requests) > 2
    # Each look lets in all that fits by then.
    assert len(sandbox.ledger.appends) < 60


async def test_waiting_ends_at_the_deadline(sandbox, allo):
    """A deadline ends the waiting with the rest pending, and looks come ever more seldom until then."""
    sandbox.fill(None, 995)

    with pytest.raises(errors.DeadlineExceededError) as caught:
        await allo.queue().append(us_numbers(20), on_full_queue="wait", poll_interval=1, deadline=40)

    result = caught.value.result
    assert fates(result) == dict.fromkeys(range(5), "added") | dict.fromkeys(range(5, 20), "pending")
    looks = [request.received_at for request in sandbox.ledger.requests if request.method == "GET"][2:]
    assert 3 <= len(looks) <= 9
    assert looks[-1] - looks[-2] > looks[2] - looks[1]


async def test_waiting_lets_others_have_their_turn(sandbox, allo):
    """A call that does not wait learns at once that the queue is full."""
    sandbox.fill(None, 1000)
    waiting = asyncio.create_task(allo.queue().append(us_numbers(1), on_full_queue="wait", poll_interval=1_000))
    while len(sandbox.ledger.requests) < 2:
        await asyncio.sleep(0.001)

    with pytest.raises(QueueFullError):
        await allo.queue().append(us_numbers(1, 5))

    waiting.cancel()


async def test_numbers_that_are_queued_are_left_out(sandbox, allo):
    """skip_queued makes loading the same list again harmless, however its numbers are written."""
    await allo.queue().append(us_numbers(250))

    result = await allo.queue().append(["(212) 200-0000", *us_numbers(252)], region="US", skip_queued=True)

    assert [(row.reason, row.source) for row in result.skipped] == [("ALREADY_QUEUED", "client")] * 251
    assert [row.number_to for row in result.added] == us_numbers(252)[250:]
    assert sandbox.numbers() == us_numbers(252)


@pytest.mark.parametrize("on_full_queue", ["never", "", None])
async def test_unknown_way_is_refused(allo, on_full_queue):
    """on_full_queue says what it can be."""
    with pytest.raises(ConfigurationError, match="'raise', 'stop' or 'wait'"):
        await allo.queue().append([], on_full_queue=on_full_queue)


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(0, 90), chunk_size=st.integers(1, 40), capacity=st.integers(0, 60))
def test_brim_is_exact_whatever_the_numbers(rows, chunk_size, capacity):
    """Of any list, exactly as many rows go in as there was room, and no number of refusals is endless."""

    async def scenario():
        clock = FastClock(500)
        async with Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox:
            sandbox.fill(None, 1000 - capacity)
            async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=1_000) as allo:
                result = await allo.queue().append(us_numbers(rows), chunk_size=chunk_size, on_full_queue="stop")
            assert len(result.added) == min(rows, capacity)
            assert fates(result).keys() == set(range(rows))
            assert sum(request.status == 400 for request in sandbox.ledger.appends) <= 1

    asyncio.run(scenario())
