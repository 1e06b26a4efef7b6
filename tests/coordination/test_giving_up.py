"""Who gives up leaves nothing behind that other processes would wait for."""

import asyncio

import pytest

from allo_async import AlloClient
from allo_async._coordination.store import decode
from allo_async.redis import RedisCoordination
from allo_async.sandbox import Sandbox


@pytest.mark.parametrize("bound", [{}, {"max_rate_limit_wait": 5}])
async def test_append_that_is_cancelled_stands_in_no_line(redis_server, bound):
    """Cancelled at any moment after it stood in the key's line, an append without a request leaves the line at once."""

    def lines():
        states = [decode((redis_server.redis.get(name) or "").encode()) for name in redis_server.redis.keys("*:state")]
        return [shared for state in states for shared in state.windows.values() if shared.members.alive_until]

    async with (
        Sandbox(write_per_second=1_000) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, coordination=RedisCoordination(redis_server.url)) as allo,
    ):
        for moment in range(40):
            redis_server.flush()
            task = asyncio.create_task(allo.queue().append([f"+1212{2_000_000 + moment}"], **bound))
            while not lines() and not task.done():
                await asyncio.sleep(0)
            for _ in range(moment):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            async with asyncio.timeout(2):
                while lines():
                    await asyncio.sleep(0.001)
