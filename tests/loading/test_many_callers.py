"""Hundreds of callers of one queue at once: a few go on in each turn of the event loop, in the order of their calls."""

import asyncio
import collections

import pytest

from allo_async import AlloClient, errors
from allo_async.sandbox import Sandbox, faults
from tests.chaos.clock import MovableClock
from tests.end_to_end.conftest import _allo, _clock, _sandbox, _slowly  # noqa: F401 - fixtures
from tests.end_to_end.numbers import fates, us_numbers

MANY = 300

# Beside those that begin in a turn, as many may go on whose rows were settled.
AT_ONCE = 8


class Turns:
    """Counts in which turn of the event loop each of many things happens."""

    def __init__(self):
        self.count = collections.Counter()
        self._turn = 0
        self._runs = True

    async def __aenter__(self):
        asyncio.get_running_loop().call_soon(self._next)
        return self

    async def __aexit__(self, *_):
        self._runs = False

    def mark(self):
        self.count[self._turn] += 1

    @property
    def most(self):
        return max(self.count.values())

    def _next(self):
        self._turn += 1
        if self._runs:
            asyncio.get_running_loop().call_soon(self._next)


class Row:
    """The rows of one caller: it calls *seen* once the library looks at them."""

    def __init__(self, number, seen):
        self._rows = [number]
        self._seen = seen
        self._is_new = True

    def __len__(self):
        if self._is_new:
            self._is_new = False
            self._seen()
        return 1

    def __iter__(self):
        return iter(self._rows)


async def ended(append, turns):
    try:
        return await append
    finally:
        turns.mark()


async def test_few_begin_in_a_turn_and_in_order(sandbox, allo):
    """Each begins as it came, so that the queue has the rows in that order, and others run in between."""
    async with Turns() as turns:
        calls = [allo.queue().append(Row(number, turns.mark)) for number in us_numbers(MANY)]
        results = await asyncio.gather(*calls)

    # A client's first call is one more.
    assert turns.most <= AT_ONCE + 1
    assert turns.count.total() == MANY
    assert [fates(result) for result in results] == [{0: "added"}] * MANY
    assert sandbox.numbers() == us_numbers(MANY)


async def test_few_streams_begin_in_a_turn(sandbox, allo):
    """Streams that begin together do the same."""

    def rows(number):
        turns.mark()
        yield number

    async def consume(stream):
        async with stream:
            return [result async for result in stream]

    async with Turns() as turns:
        streams = [allo.queue().append_stream(rows(number)) for number in us_numbers(MANY)]
        await asyncio.gather(*map(consume, streams))

    assert turns.most <= AT_ONCE
    assert sandbox.numbers() == us_numbers(MANY)


@pytest.mark.parametrize("refused", [False, True])
async def test_few_are_resumed_in_a_turn(sandbox, allo, refused):
    """Whether one reply settles the rows of all, or one refusal is raised by all."""
    if refused:
        sandbox.script(faults.error(401, "UNAUTHORIZED"))
    async with Turns() as turns:
        calls = [ended(allo.queue().append([number]), turns) for number in us_numbers(MANY)]
        told = await asyncio.gather(*calls, return_exceptions=True)

    assert turns.most <= AT_ONCE
    if refused:
        assert {type(error) for error in told} == {errors.AuthenticationError}
        assert len({id(error) for error in told}) == MANY
        told = [error.result for error in told]
    assert [fates(result) for result in told] == [{0: "pending" if refused else "added"}] * MANY


async def test_caller_that_is_cancelled_before_it_begins_takes_no_row(sandbox, allo):
    """Its rows are never looked at, and those of all others are sent."""
    seen = []
    rows = [Row(number, lambda number=number: seen.append(number)) for number in us_numbers(MANY)]
    tasks = [asyncio.create_task(allo.queue().append(each)) for each in rows]
    await asyncio.sleep(0)
    for task in tasks[100:200]:
        task.cancel()

    await asyncio.wait(tasks)

    others = us_numbers(100) + us_numbers(100, 200)
    assert seen == others
    assert sandbox.numbers() == others
    assert all(task.cancelled() for task in tasks[100:200])


async def test_client_that_is_closed_ends_callers_that_wait_to_begin(sandbox, clock):
    """Each has its row back as pending, and none has begun afterwards."""
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo:
        tasks = [asyncio.create_task(allo.queue().append([number])) for number in us_numbers(MANY)]
        await asyncio.sleep(0)
    # The last ones are still taking back their rows.
    assert sum(not task.done() for task in tasks) <= 3 * AT_ONCE

    told = await asyncio.gather(*tasks, return_exceptions=True)

    assert {type(error) for error in told} == {errors.ClientClosedError}
    assert [fates(error.result) for error in told] == [{0: "pending"}] * MANY
    assert sandbox.numbers() == []


async def test_deadline_counts_from_the_call_on():
    """The time in which a caller waits to begin is its own, and no row is sent that has none left."""
    clock = MovableClock(1)
    async with (
        Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo,
    ):
        ahead = [asyncio.create_task(allo.queue().append([number])) for number in us_numbers(MANY)]
        late = asyncio.create_task(allo.queue().append(us_numbers(1, 1_000), deadline=60))
        await asyncio.sleep(0)
        clock.offset += 61

        with pytest.raises(errors.DeadlineExceededError) as caught:
            await late

        assert fates(caught.value.result) == {0: "pending"}
        await asyncio.gather(*ahead)
        assert sandbox.numbers() == us_numbers(MANY)
