"""A refusal for lack of room that took some rows, and a capacity other than a thousand."""

import asyncio

import pytest

from allo_async import AlloClient, ConfigurationError, Journal, QueueFullError
from allo_async.sandbox import Sandbox
from tests.chaos.clock import MovableClock
from tests.end_to_end.numbers import fates, us_numbers


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    async with Sandbox(clock=clock, write_per_second=500, read_per_second=2_000, partial_overflow=True) as sandbox:
        yield sandbox


def all_fates(added, rows):
    return dict.fromkeys(range(added), "added") | dict.fromkeys(range(added, rows), "pending")


@pytest.mark.parametrize("held", [0, 1, 30, 100, 730, 999])
@pytest.mark.parametrize("journaled", [False, True])
async def test_rows_that_a_refused_append_put_into_the_queue_are_added(sandbox, allo, held, journaled, tmp_path):
    """Rows that fitted are added with their positions, and only the others are pending."""
    sandbox.fill(None, held)
    numbers, room = us_numbers(1_000 if held else 1_500), 1_000 - held
    kept = {"journal": Journal(tmp_path / "j.db"), "load_id": "x"} if journaled else {}

    with pytest.raises(QueueFullError) as caught:
        await allo.queue().append(numbers, **kept)

    result = caught.value.result
    assert fates(result) == all_fates(room, len(numbers))
    assert [row.position for row in result.added] == list(range(held, 1_000))
    assert sandbox.numbers()[held:] == numbers[:room]
    if journaled:
        written = {row.index: row.fate for row in await kept["journal"].rows("x")}
        assert {index: written[index] for index in range(1_000)} == all_fates(room, 1_000)


async def test_callers_of_one_refused_request_each_have_their_own_rows(sandbox, allo):
    """Of callers who shared the refused request, each learns which of the caller's own rows went in."""
    sandbox.fill(None, 995)
    calls = [us_numbers(3, 10 * place) for place in range(3)]

    errors = await asyncio.gather(*(allo.queue().append(rows) for rows in calls), return_exceptions=True)

    results = [error.result if isinstance(error, QueueFullError) else error for error in errors]
    assert [len(result.added) for result in results] == [3, 2, 0]
    assert sandbox.numbers()[995:] == [*calls[0], *calls[1][:2]]


async def test_numbers_that_stood_there_before_are_not_taken_for_added(allo, sandbox):
    """The same numbers, queued earlier by a colleague, are no evidence."""
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=allo._clock) as colleague:
        await colleague.queue().append(us_numbers(50))
    sandbox.fill(None, 950)

    with pytest.raises(QueueFullError) as caught:
        await allo.queue().append(us_numbers(50))

    assert fates(caught.value.result) == dict.fromkeys(range(50), "pending")


async def test_numbers_that_came_in_behind_a_known_tail_are_not_taken_for_added():
    """The same numbers, queued by a colleague before the refused request but after the tail was seen, are not ours."""
    clock = MovableClock()
    async with (
        Sandbox(clock=clock, write_per_second=500, read_per_second=2_000) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo,
        AlloClient(sandbox.add_key(), base_url=sandbox.url, clock=clock) as colleague,
    ):
        await allo.queue().append(us_numbers(1, 900))
        clock.offset += 20
        await colleague.queue().append(us_numbers(50))
        sandbox.fill(None, 949)
        clock.offset += 20

        with pytest.raises(QueueFullError) as caught:
            await allo.queue().append(us_numbers(50))

    assert fates(caught.value.result) == dict.fromkeys(range(50), "pending")


async def test_capacity_follows_the_argument_the_refusal_and_the_count(clock):
    """The number that a refusal names counts more than the argument, and a fuller queue more than both."""
    async with (
        Sandbox(clock=clock, write_per_second=500, read_per_second=2_000, capacity=2_500) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, queue_capacity=1_500) as allo,
    ):
        assert (await allo.queue().state()).room == 1_500
        sandbox.fill(None, 1_700)
        state = await allo.queue().state()
        assert (state.room, state.capacity) == (0, 1_700)
        result = await allo.queue().append(us_numbers(900), on_full_queue="stop")
        assert (len(result.added), len(result.pending)) == (800, 100)
        state = await allo.queue(email="marie@acme.example").state()
        assert (state.room, state.capacity) == (2_500, 2_500)
        plan = await allo.queue(email="marie@acme.example").plan(us_numbers(2_600))
    assert (plan.room, plan.pending) == (2_500, 100)


@pytest.mark.parametrize("capacity", [0, -1, 1.5, True, "1000", None])
def test_capacity_must_be_a_whole_number(capacity):
    """What can be no capacity is refused at once."""
    with pytest.raises(ConfigurationError, match="queue_capacity"):
        AlloClient("ak_test", queue_capacity=capacity)
