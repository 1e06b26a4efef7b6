"""What the workers of a test's fleet run: the broker and the tasks of the example, on a clock that runs faster."""

import os

from allo_async import AlloClient
from allo_async.redis import RedisCoordination, scripts
from allo_async.testing import FastClock
from allo_async.worker import Loads
from examples.worker.tasks import REDIS_URL, broker

SPEED = int(os.environ.get("SPEED", "1"))

scripts.CLOCK = (
    f"local function now() local t = redis.call('TIME') return (t[1] % 1000000 * 1000000 + t[2]) * {SPEED} end"
)


def client():
    return AlloClient(
        clock=FastClock(SPEED), coordination=RedisCoordination(REDIS_URL), timeout=30 * SPEED, retry_budget=900
    )


loads = Loads(broker, journals=os.environ["JOURNALS"], client=client)
