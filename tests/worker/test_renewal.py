"""A job that runs for longer than its broker waits for an acknowledgement."""

import pytest
from redis.asyncio import Redis
from taskiq import TaskiqMessage
from taskiq_redis import RedisStreamBroker

from allo_async.worker.renewal import Renewal


@pytest.fixture(name="broker")
async def _broker(redis_server, request):
    name = request.node.name
    broker = RedisStreamBroker(redis_server.url, queue_name=name, consumer_group_name=name, idle_timeout=60_000)
    await broker.startup()
    yield broker
    await broker.shutdown()


async def deliver(broker, *job_ids):
    """Hand the messages of jobs over to the broker, and take them as a worker does."""
    for job_id in job_ids:
        message = TaskiqMessage(task_id=job_id, task_name="load", labels={}, args=[], kwargs={})
        await broker.kick(broker.formatter.dumps(message))
    listening = broker.listen()
    for _ in job_ids:
        await anext(listening)
    await listening.aclose()


async def age(broker):
    """Make all messages look as if nobody had heard of them for an hour."""
    async with Redis(connection_pool=broker.connection_pool) as redis:
        name, group = broker.queue_name, broker.consumer_group_name
        ids = [entry["message_id"] for entry in await redis.xpending_range(name, group, "-", "+", 1_000)]
        await redis.xclaim(name, group, broker.consumer_name, 0, ids, idle=3_600_000, justid=True)


async def idle(broker):
    """Return which messages the broker would deliver again, by their place, and how often each was delivered."""
    async with Redis(connection_pool=broker.connection_pool) as redis:
        entries = await redis.xpending_range(broker.queue_name, broker.consumer_group_name, "-", "+", 1_000)
    return [entry["time_since_delivered"] >= broker.idle_timeout for entry in entries], {
        entry["times_delivered"] for entry in entries
    }


async def test_message_of_a_running_job_stays_with_its_worker(broker):
    """What runs here is not delivered again, and what does not run is."""
    await deliver(broker, "runs", "waits", "runs too")
    await age(broker)

    await Renewal(broker, lambda: ["runs", "runs too"]).renew()

    assert await idle(broker) == ([False, True, False], {1})


async def test_many_messages_are_all_looked_at(broker):
    """A running job is found among more messages than one question returns."""
    jobs = [f"job-{number}" for number in range(230)]
    broker.count = 300
    await deliver(broker, *jobs)
    await age(broker)

    await Renewal(broker, lambda: jobs[-1:]).renew()

    assert await idle(broker) == ([True] * 229 + [False], {1})


async def test_message_that_another_worker_has_is_left_to_it(broker):
    """A worker does not take back what was given to another one."""
    await deliver(broker, "moved")
    await age(broker)
    renewal = Renewal(broker, lambda: ["moved"])
    broker.consumer_name = "the second worker"

    await renewal.renew()

    assert await idle(broker) == ([True], {1})
