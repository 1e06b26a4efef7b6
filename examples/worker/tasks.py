"""The broker, its tasks, and how its workers reach Allo; `taskiq worker` and `load.py` import it."""

import os

from taskiq import SmartRetryMiddleware
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

from allo_async import AlloClient
from allo_async.redis import RedisCoordination
from allo_async.worker import JobProgress, JobReport, Loads

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379")

# What a worker has left unacknowledged for that long, since it died or is slow, another worker takes over.
IDLE_MILLISECONDS = int(os.environ.get("IDLE_MILLISECONDS", "60000"))

# Seconds for which the outcome of a job can be asked for.
ONE_DAY = 24 * 60 * 60

broker = (
    RedisStreamBroker(
        REDIS_URL,
        # Messages stay in the stream after they are done with, but for the latest ones.
        maxlen=10_000,
        idle_timeout=IDLE_MILLISECONDS,
        # Otherwise a worker that is killed while it looks for such messages ends that for good.
        unacknowledged_lock_timeout=10,
    )
    .with_result_backend(RedisAsyncResultBackend[JobReport | JobProgress](REDIS_URL, result_ex_time=ONE_DAY))
    .with_middlewares(SmartRetryMiddleware(default_retry_count=5, default_delay=30))
)


def client() -> AlloClient:
    """Make a client that keeps the key's limits together with the other workers."""
    return AlloClient(coordination=RedisCoordination(REDIS_URL))


loads = Loads(broker, journals=os.environ.get("JOURNALS", "journals"), client=client)
