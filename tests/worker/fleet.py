"""What the workers of a test's fleet run: the broker and the tasks of the example, on a clock that runs faster."""

import os

from allo_async import AlloClient
from allo_async.redis import RedisCoordination, store
from allo_async.testing import FastClock
from allo_async.worker import Loads
from examples.worker.tasks import REDIS_URL, broker

SPEED = int(os.environ.get("SPEED", "1"))

_run = store.RedisStore._run


async def _fast(self, *args):
    """Let the server's clock run as fast as the test's."""
    is_set, *found = await _run(self, *args)
    return [is_set, *(int(part) * SPEED for part in found[:2]), *found[2:]]


store.RedisStore._run = _fast


def client():
    return AlloClient(
        clock=FastClock(SPEED), coordination=RedisCoordination(REDIS_URL), timeout=30 * SPEED, retry_budget=900
    )


loads = Loads(broker, journals=os.environ["JOURNALS"], client=client)
