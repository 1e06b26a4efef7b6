"""The broker, its tasks, and how its workers reach Allo; `taskiq worker` and `load.py` import it."""

import os

from taskiq import SmartRetryMiddleware

from allo_async import AlloClient
from allo_async.redis import RedisCoordination
from allo_async.worker import Loads
from allo_async.worker.streams import redis_broker

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379")

# If a worker died or is slow, another one takes its messages over after so long without an acknowledgement.
IDLE_MILLISECONDS = int(os.environ.get("IDLE_MILLISECONDS", "60000"))

broker = redis_broker(REDIS_URL, idle_timeout=IDLE_MILLISECONDS).with_middlewares(
    SmartRetryMiddleware(default_retry_count=5, default_delay=30)
)


def client() -> AlloClient:
    """Make a client that keeps the key's limits together with the other workers."""
    return AlloClient(coordination=RedisCoordination(REDIS_URL))


loads = Loads(
    broker, journals=os.environ.get("JOURNALS", "journals"), files=os.environ.get("FILES", "examples"), client=client
)
