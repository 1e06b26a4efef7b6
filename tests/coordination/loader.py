"""A process that appends a list to one queue, in step with others; says when it is ready, and waits for a word."""

import asyncio
import json
import sys

from allo_async import AlloClient
from allo_async._sending import store_connection
from allo_async.file import FileCoordination
from allo_async.redis import RedisCoordination, store
from allo_async.testing import FastClock


async def main(url, key, speed, rows, redis=None, directory=None):
    clock = FastClock(speed)
    run = store.RedisStore._run

    async def fast(self, *args):
        is_set, *found = await run(self, *args)
        return [is_set, *(int(part) * speed for part in found[:2]), *found[2:]]

    store.RedisStore._run = fast
    # Real seconds; a machine under load still answers in a fifth of one.
    store_connection._ANSWER, store_connection._MENDING = 0.3, 0.05
    together = FileCoordination(directory) if redis is None else RedisCoordination(redis)
    async with AlloClient(
        key, base_url=url, clock=clock, coordination=together, timeout=30 * speed, retry_budget=900
    ) as allo:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        result = await allo.queue().append(rows, chunk_size=20)
    print(json.dumps([[row.number_to for row in result.added], result.totals.rows]))


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
