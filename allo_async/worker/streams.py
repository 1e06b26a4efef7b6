"""A broker of Redis streams that keeps nothing of a job for longer than it is needed."""

# pyright: reportUnknownMemberType=false
# redis-py types what its methods give, but not the keyword arguments that they hand on.

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis
from taskiq.serializers import JSONSerializer
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

from allo_async import ConfigurationError
from allo_async.worker.reports import JobProgress, JobReport

# An id of a job is never the name of the stream, or of anybody else's key.
_RESULTS = "allo_async:jobs"

# Seconds after which a worker that was killed while it looked for such messages no longer keeps the others from it.
_LOOKING = 10.0


def redis_broker(url: str, *, keep_results: int = 24 * 60 * 60, **options: Any) -> RedisStreamBroker:
    """Return a broker for `Loads`, on one Redis server.

    A job's message holds its rows, with numbers and names, in the clear. The broker deletes the message as soon as the
    job is done; taskiq-redis alone would leave it in the stream. Progress and results are deleted after *keep_results*
    seconds. They are JSON: a process that can write to Redis can make no worker run a pickle.

    Args:
        url: The address of Redis.
        keep_results: Seconds for which the progress and the outcome of a job can be asked for.
        **options: Those of taskiq-redis's `RedisStreamBroker`, such as `queue_name` and `idle_timeout`. Only one
            consumer group may read a stream, because a message is deleted once its job is done.

    Raises:
        ConfigurationError: *url* cannot be read. The error does not show it.
    """
    broker = None
    # The error and its frames would show the URL, and in it the password.
    with contextlib.suppress(ValueError, TypeError):
        results = RedisAsyncResultBackend[JobReport | JobProgress](
            url, result_ex_time=keep_results, serializer=JSONSerializer(), prefix_str=_RESULTS
        )
        options.setdefault("unacknowledged_lock_timeout", _LOOKING)
        broker = _StreamBroker(url, **options).with_result_backend(results)
    del url
    if broker is None:
        raise ConfigurationError("the URL of Redis, or an option of the broker, cannot be read")
    return broker


class _StreamBroker(RedisStreamBroker):
    """Deletes a message when it is acknowledged."""

    def _ack_generator(self, id: str, queue_name: str) -> Callable[[], Awaitable[None]]:  # noqa: A002 - as named there
        async def acknowledge() -> None:
            async with (
                Redis(connection_pool=self.connection_pool) as redis,
                redis.pipeline(transaction=True) as together,
            ):
                together.xack(queue_name, self.consumer_group_name, id)
                together.xdel(queue_name, id)
                await together.execute()

        return acknowledge
