"""A suppression list or predicate that is interrupted, or shared, never passes for a whole one."""

import asyncio

import pytest

from allo_async import SuppressionError
from allo_async import clock as time_slice
from allo_async._loading.suppression import Suppression
from tests.end_to_end.numbers import us_numbers


async def interrupted(work):
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_list_that_was_interrupted_is_no_list(monkeypatch):
    """A list that was read in part is not taken for a short one: reading on is refused, and nothing is found in it."""
    monkeypatch.setattr(time_slice, "_STRETCH", 0.0)
    numbers = us_numbers(50)
    suppression = Suppression(numbers, None)
    await interrupted(suppression.ready())

    with pytest.raises(SuppressionError, match="the call ended before it was known"):
        await suppression.ready()
    assert suppression.find(numbers[0], numbers[0], numbers[0]) is None


async def test_predicate_that_was_interrupted_is_not_asked_again():
    """A caller that takes the rest of a call after its deadline does not wait for the predicate once more."""
    asked = 0

    async def hangs(numbers):
        nonlocal asked
        asked += 1
        await asyncio.Event().wait()

    suppression = Suppression(hangs, None)
    await interrupted(suppression.ask(us_numbers(1)))

    async with asyncio.timeout(5):
        with pytest.raises(SuppressionError, match="the call ended before it was known"):
            await suppression.ask(us_numbers(1))
    assert asked == 1


async def test_two_calls_cannot_share_an_iterator(monkeypatch):
    """Of two calls that read one generator at the same time, each would have a part: one is refused."""
    monkeypatch.setattr(time_slice, "_STRETCH", 0.0)
    numbers = us_numbers(50)
    shared = (number for number in numbers)
    both = [Suppression(shared, None), Suppression(shared, None)]

    results = await asyncio.gather(*(suppression.ready() for suppression in both), return_exceptions=True)

    assert results[0] is None
    assert isinstance(results[1], SuppressionError)
    assert all(both[0].find(number, number, number) for number in numbers)
