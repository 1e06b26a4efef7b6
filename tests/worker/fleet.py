"""What the workers of a test's fleet run: the broker and the tasks of the example, on a clock that runs faster."""

import os

from allo_async import AlloClient
from allo_async.redis import RedisCoordination, store
from allo_async.testing import FastClock
from allo_async.worker import Loads, files
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


_read_leads = files.read_leads


def _read_or_die(content, path, **options):
    """Read a list; one of poison makes the process abort, as some workbooks do."""
    if content == b"poison":
        os.abort()
    return _read_leads(content, path, **options)


files.read_leads = _read_or_die

loads = Loads(broker, journals=os.environ["JOURNALS"], files=os.environ.get("LISTS"), client=client)
