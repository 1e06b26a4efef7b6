"""What stood last in a queue before a chunk, and whether that was seen in time."""

import asyncio
from math import inf

import pytest

from allo_async import AlloClient, errors
from allo_async._loading.mark import Mark
from allo_async._loading.queue_reads import read_end
from allo_async._sending.idempotency import Timestamp
from allo_async._wire.assignee import Assignee
from allo_async._wire.queue_end import QueueEnd
from allo_async.sandbox import Sandbox, faults

END = QueueEnd(exists=True, number_to="+12125550010", position=3)


async def seen_at(time, look):
    async with Mark.looked_for(look, lambda: time) as mark:
        await mark.seen()
    return mark


async def see():
    return END


@pytest.mark.parametrize(("moment", "late"), [(9.5, 0.5), (10.0, 0.0), (10.1, 0.0)])
async def test_end_was_seen_before_what_came_later(moment, late):
    """Only what began after the look's answer cannot be what was looked at."""
    mark = await seen_at(10.0, see)

    assert mark.end == END
    assert mark.seconds_after(Timestamp(1_000_000.0, moment)) == late


async def test_look_that_fails_tells_nothing():
    """The end stays unknown, and the chunk goes on."""

    async def fail():
        raise errors.ServerError("no", status=503)

    mark = await seen_at(10.0, fail)

    assert mark.end is None
    assert mark.seconds_after(Timestamp(1_000_000.0, 20.0)) == inf


async def test_look_ends_with_the_block():
    """Nobody looks on when the chunk has its answer."""
    never = asyncio.Event()

    async def wait():
        await never.wait()
        return END

    async with Mark.looked_for(wait, lambda: 0.0):
        others = asyncio.all_tasks()

    assert [task for task in others & asyncio.all_tasks() if task is not asyncio.current_task()] == []


def test_known_end_was_before_everything():
    """What the last answer told, or the journal, needs no look."""
    assert Mark(END).seconds_after(Timestamp(0.0, 0.0)) == 0
    assert Mark(END).seconds_after(Timestamp(0.0)) == 0


async def test_end_is_that_of_the_first_of_two_pages(clock):
    """What comes in while a queue is looked at was not there when the look began."""
    async with Sandbox(clock=clock) as sandbox:
        sandbox.fill(None, 440)

        def come_in(request):
            if request.query.get("page") == "5":
                sandbox.fill(None, 7)
            return False

        sandbox.script(faults.drop(), method="GET", when=come_in)
        async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo:
            state, end = await read_end(allo._sessions.current(), Assignee())

        assert (state.size, end.position) == (440, 439)
        assert end.number_to == sandbox.numbers()[439]
