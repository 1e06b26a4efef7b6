"""The way to the store: nothing of it stays open once it is hung up."""

import asyncio
import inspect
import logging

import pytest

from allo_async._coordination.store import MemoryStore
from allo_async._sending import store_connection
from allo_async._sending.store_connection import StoreConnection
from allo_async.errors import CoordinationLostError
from allo_async.file.store import FileStore
from allo_async.redis.store import RedisStore
from tests.clocks import ManualClock, StillClock


@pytest.fixture(params=["redis", "file"], name="opened")
def _opened(request):
    """Makes a store, and knows which of them are closed."""
    closed = []

    class _Store(FileStore if request.param == "file" else RedisStore):
        async def transact(self, work):
            return await work(self) if inspect.iscoroutinefunction(work) else await super().transact(work)

        async def close(self):
            await super().close()
            closed.append(self)

    if request.param == "file":
        path = request.getfixturevalue("tmp_path") / "file"
        return lambda: _Store(path, ManualClock()), closed
    url = request.getfixturevalue("redis_server").url
    return lambda: _Store(url, "link"), closed


def touch(state, now):
    """Change the state."""
    state.at = now


async def forever(_):
    """Take as long as it takes."""
    await asyncio.sleep(3_600)


def others():
    """Tell what runs beside this test."""
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_nothing_runs_after_a_nap(opened):
    """Who was woken, or gives up, leaves nothing behind that waits on."""
    link, bell = (
        StoreConnection(MemoryStore(StillClock()), opened[0], clock=StillClock(), raises=False),
        asyncio.Event(),
    )
    for gives_up in (False, True):
        bell.clear()
        napping = asyncio.create_task(link.nap([bell], 1))
        await asyncio.sleep(0.01)
        (napping.cancel if gives_up else bell.set)()
        await asyncio.wait({napping})
        assert others() == set()


async def test_nothing_runs_after_hanging_up(opened):
    """Whoever closes the loop then, without more ado, leaves no task behind that waits."""
    make, closed = opened
    link = StoreConnection(MemoryStore(StillClock()), make, clock=StillClock(), raises=False)
    napping = asyncio.create_task(link.nap(link.bells("queue"), 1))
    await link.ask(touch)
    await asyncio.sleep(0.02)
    napping.cancel()
    await asyncio.wait({napping})
    await link.close()

    assert len(closed) == 1
    assert others() == set()


@pytest.mark.parametrize("moment", range(8))
async def test_nothing_runs_after_hanging_up_was_cancelled(opened, redis_server, moment):
    """Who has no time to hear what is still to be said closes all the same, also what looks for a lost store."""
    make, closed = opened
    link = StoreConnection(MemoryStore(StillClock()), make, clock=StillClock(), raises=False)
    await link.ask(touch)

    async def fail(_):
        raise OSError("no store")

    # While something is still to be said, and when all is said.
    saying = link.tell(forever) if moment % 2 else None
    await asyncio.sleep(0)
    await link.ask(fail)
    hanging_up = asyncio.create_task(link.close())
    for _ in range(moment // 2 + 1):
        await asyncio.sleep(0)
    for _ in range(2):
        hanging_up.cancel()
        await asyncio.sleep(0)
    await asyncio.wait({hanging_up})

    async with asyncio.timeout(5):
        # The one connection is this test's own.
        while others() or len(redis_server.redis.client_list()) > 1:
            await asyncio.sleep(0.001)
    assert saying is None or saying.cancelled()
    assert len(closed) == 1


async def test_lost_store_is_not_back_when_it_is_hung_up(opened, monkeypatch, caplog):
    """Who looks for it at that moment has found nothing."""
    monkeypatch.setattr(store_connection, "_MENDING", 0)
    caplog.set_level(logging.INFO, "allo_async._sending.store_connection")
    make, _ = opened

    async def fail(_):
        raise OSError("no store")

    for steps in range(4):
        link = StoreConnection(MemoryStore(StillClock()), make, clock=StillClock(), raises=True)
        link._opened().transact = fail
        with pytest.raises(CoordinationLostError):
            await link.ask(fail)
        for _ in range(steps):
            await asyncio.sleep(0)
        await link.close()

    assert caplog.records == []


async def test_questions_under_way_are_waited_for(opened):
    """The store is not closed under whoever is asking it."""
    make, closed = opened
    link, answers = StoreConnection(MemoryStore(StillClock()), make, clock=StillClock(), raises=True), asyncio.Event()

    async def answer(_):
        return await answers.wait()

    asking = asyncio.create_task(link.ask(answer))
    await asyncio.sleep(0)
    await link.ask(touch)
    hanging_up = asyncio.create_task(link.close())
    await asyncio.sleep(0.01)
    assert closed == []
    answers.set()
    await hanging_up

    assert await asking
    assert len(closed) == 1


async def test_question_that_outlives_the_link_loses_nothing(opened, caplog):
    """What fails since the store was closed is an error of whoever asks, and no reason to look for it."""
    make, _ = opened
    link, closed = StoreConnection(MemoryStore(StillClock()), make, clock=StillClock(), raises=True), asyncio.Event()

    async def fail(_):
        await closed.wait()
        raise OSError("closed")

    asking = asyncio.create_task(link.ask(fail))
    await asyncio.sleep(0)
    hanging_up = asyncio.create_task(link.close())
    await asyncio.sleep(0)
    hanging_up.cancel()
    await asyncio.wait({hanging_up})
    closed.set()

    with pytest.raises(CoordinationLostError, match="closed"):
        await asking
    async with asyncio.timeout(5):
        while others():
            await asyncio.sleep(0.001)
    assert caplog.records == []
