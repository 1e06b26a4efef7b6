"""Cancelling a stream at each await that it makes, not at one."""

import asyncio
import itertools

import pytest

from allo_async import AlloClient
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.end_to_end.acting import ActingAt
from tests.end_to_end.numbers import fates, us_numbers


async def consume(stream, results):
    async with stream:
        async for result in stream:
            results.append(result)


async def rows_later(numbers):
    for number in numbers:
        await asyncio.sleep(0)
        yield number


SCENES = {
    "quiet": lambda sandbox: None,
    "conflict and lost answer": lambda sandbox: (
        sandbox.script(faults.conflict(), at=1),
        sandbox.script(faults.commit_and_drop(), at=3),
    ),
    "full": lambda sandbox: sandbox.fill(None, 991),
}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("later", [False, True])
async def test_cancelling_at_each_await_leaves_true_accounts(scene, later):
    """It ends at once, no task or connection is left, and the fates of all rows taken agree with the ledger."""
    numbers = us_numbers(15)
    clock = FastClock(2_000)
    for n in itertools.count(1):
        before, results = asyncio.all_tasks(), []
        async with Sandbox(clock=clock) as sandbox:
            SCENES[scene](sandbox)
            async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=20_000) as allo:
                rows = rows_later(numbers) if later else numbers
                stream = allo.queue().append_stream(rows, chunk_size=5, on_full_queue="stop")
                run = ActingAt(consume(stream, results), n, asyncio.current_task().cancel)
                try:
                    await run
                except asyncio.CancelledError:
                    asyncio.current_task().uncancel()
                # What the server got before the connection broke, it may still be carrying out.
                await asyncio.sleep(0.002)
            check(sandbox, stream, results, numbers)
        assert asyncio.all_tasks() == before
        if not run.reached:
            break
    assert n > 10


def check(sandbox, stream, results, numbers):
    told = {}
    for result in [*results, stream.unfinished]:
        told |= fates(result)
    assert sorted(told) == list(range(len(told)))
    assert stream.totals.rows == len(told)
    queued = [number for number in sandbox.numbers() if number in set(numbers)]
    added = [numbers[index] for index, fate in sorted(told.items()) if fate == "added"]
    doubtful = [numbers[index] for index, fate in sorted(told.items()) if fate == "in doubt"]
    assert queued in (added, added + doubtful)
    assert len(doubtful) <= 5
