"""Four processes load one queue; whatever happens to Redis meanwhile, the ledger has every row once, and in order."""

import asyncio
import logging

import pytest

from allo_async import AlloClient, ClientClosedError, CoordinationLostError
from allo_async._coordination.store import decode
from allo_async._sending import store_connection
from allo_async.events import CoordinationLost, CoordinationRegained, LoadEnded
from allo_async.redis import RedisCoordination
from allo_async.testing import FastClock
from tests.coordination.fleet import (
    LISTS,
    SPEED,
    appended,
    check_all_is_loaded,
    check_they_took_turns,
    load_by_four,
    load_by_four_of_whom_one_is_killed,
)
from tests.end_to_end.numbers import us_numbers
from tests.redis_server import RedisServer


@pytest.fixture(name="server")
def _server():
    """A Redis server that nobody else uses."""
    with RedisServer() as server:
        yield server


async def test_together_they_keep_the_limits(sandbox, server):
    """No append conflicts with another, and the processes take turns."""
    check_all_is_loaded(sandbox, await load_by_four(sandbox, redis=server.url))
    check_they_took_turns(sandbox)


async def test_redis_is_stopped(sandbox, server):
    """Without Redis each process goes on with its own limits and locks."""

    async def disturb():
        await appended(sandbox, 150)
        server.stop()

    check_all_is_loaded(sandbox, await load_by_four(sandbox, disturb, redis=server.url))


async def test_redis_is_restarted(sandbox, server):
    """A Redis that comes back empty is used again."""

    async def disturb():
        await appended(sandbox, 150)
        server.stop()
        await asyncio.sleep(0.1)
        server.start()
        await appended(sandbox, 500)
        assert server.redis.keys("*:state")

    check_all_is_loaded(sandbox, await load_by_four(sandbox, disturb, redis=server.url))


async def test_redis_is_frozen(sandbox, server):
    """A Redis that does not answer holds nobody up for long, neither when it stays so nor when it wakes up."""

    async def disturb():
        await appended(sandbox, 100)
        server.freeze()
        await appended(sandbox, 400)
        server.thaw()
        await appended(sandbox, 600)
        server.freeze()

    check_all_is_loaded(sandbox, await load_by_four(sandbox, disturb, redis=server.url))


async def test_redis_is_flushed(sandbox, server):
    """A Redis that forgets everything, again and again, costs no row."""

    async def disturb():
        while True:
            await asyncio.sleep(0.05)
            server.flush()

    check_all_is_loaded(sandbox, await load_by_four(sandbox, disturb, redis=server.url))


async def test_killed_process_holds_up_the_others_for_seconds_at_most(sandbox, server):
    """A process killed in the middle of an append loses its turn, and the others finish."""
    told = await load_by_four_of_whom_one_is_killed(sandbox, redis=server.url)

    assert told == [[rows, 200] for rows in LISTS[1:]]


@pytest.mark.parametrize("how", ["stop", "freeze", "fill"])
async def test_loss_is_told_once_and_costs_nothing(sandbox, server, caplog, monkeypatch, how):
    """By default there is one warning, however many calls hear of it, and the calls go on."""
    monkeypatch.setattr(store_connection, "_MENDING", 0.01)
    caplog.set_level(logging.INFO, "allo_async._sending.store_connection")
    reps = [sandbox.add_user(f"rep{place}@acme.example") for place in range(3)]
    getattr(server, how)()
    async with AlloClient(
        sandbox.api_key, base_url=sandbox.url, clock=FastClock(SPEED), coordination=RedisCoordination(server.url)
    ) as allo:
        results = await asyncio.gather(
            *(allo.queue(email=rep.email).append(us_numbers(30), chunk_size=10) for rep in reps)
        )
    if how == "stop":
        server.start()

    assert [len(result.added) for result in results] == [30] * 3
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "going on with this process's own limits and locks" in caplog.text


async def test_observers_are_told_of_the_loss_and_of_the_return(sandbox, server, monkeypatch):
    """Both are events, and what happens in between goes on."""
    monkeypatch.setattr(store_connection, "_MENDING", 0.02)
    seen = []
    async with AlloClient(
        sandbox.api_key,
        base_url=sandbox.url,
        clock=FastClock(SPEED),
        coordination=RedisCoordination(server.url),
        observers=[seen.append],
    ) as allo:
        await allo.queue().append(us_numbers(3))
        server.stop()
        await allo.queue().append(us_numbers(3, 10))
        server.start()
        while not isinstance(seen[-1], CoordinationRegained):
            await asyncio.sleep(0.01)
        await allo.queue().append(us_numbers(3, 20))

    told = [type(event) for event in seen if isinstance(event, CoordinationLost | CoordinationRegained | LoadEnded)]
    assert told == [LoadEnded, CoordinationLost, LoadEnded, CoordinationRegained, LoadEnded]
    assert len(sandbox.numbers()) == 9


async def test_last_client_hangs_up(sandbox, server):
    """Clients of a process share what leads to Redis, until the last of them is closed."""

    def connections():
        return len(server.redis.client_list()) - 1

    clients = [
        AlloClient(
            sandbox.api_key, base_url=sandbox.url, clock=FastClock(SPEED), coordination=RedisCoordination(server.url)
        )
        for _ in range(2)
    ]
    for place, client in enumerate(clients):
        await client.queue().append(us_numbers(1, place))
    await clients[0].close()
    assert connections() > 0
    await clients[1].close()
    while connections():
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("steps", [1, 4, 8, 12, 16, 24, 40])
async def test_client_closed_in_the_middle_hangs_up(sandbox, server, steps):
    """Calls that the closing ends have given back their turns by then, and nothing that leads to Redis is left open."""
    reps = [sandbox.add_user(f"rep{place}@acme.example") for place in range(5)]
    coordination = RedisCoordination(server.url)
    allo = AlloClient(sandbox.api_key, base_url=sandbox.url, clock=FastClock(SPEED), coordination=coordination)
    calls = [
        asyncio.create_task(allo.queue(email=reps[place % 5].email).append(us_numbers(1, place))) for place in range(20)
    ]
    for _ in range(steps):
        await asyncio.sleep(0.001)

    await allo.close()

    states = [decode(server.redis.get(name).encode()) for name in server.redis.keys("*:state")]
    assert not any(lock.holder for state in states for lock in state.locks.values())
    told = await asyncio.gather(*calls, return_exceptions=True)
    queued = {number for rep in reps for number in sandbox.numbers(rep.email)}
    for place, ended in enumerate(told):
        result = ended.result if isinstance(ended, ClientClosedError) else ended
        assert result.in_doubt or bool(result.added) == (us_numbers(1, place)[0] in queued)
    await asyncio.sleep(0.05)
    assert len(server.redis.client_list()) == 1


async def test_loss_can_be_an_error_and_is_over_when_redis_is_back(sandbox, server):
    """With "raise", the call ends with every row accounted for, and can be repeated when Redis is back."""
    coordination = RedisCoordination(server.url, on_coordination_loss="raise")
    async with AlloClient(
        sandbox.api_key, base_url=sandbox.url, clock=FastClock(SPEED), coordination=coordination, timeout=600
    ) as allo:
        loading = asyncio.create_task(allo.queue().append(us_numbers(200), chunk_size=10))
        await appended(sandbox, 50)
        server.stop()
        with pytest.raises(CoordinationLostError) as caught:
            await loading
        server.start()
        left = [row.contact for row in caught.value.result.pending]
        assert len(caught.value.result.added) + len(left) == 200
        assert len(left) > 0
        while True:
            try:
                await allo.queue().append(left)
                break
            except CoordinationLostError as error:
                left = [row.contact for row in error.result.pending]
                await asyncio.sleep(0.05)

    assert sandbox.numbers() == us_numbers(200)
