"""Keeps the messages of jobs that run from being delivered again while their worker lives."""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Any

from redis.asyncio import Redis
from taskiq import AsyncBroker

_log = logging.getLogger(__name__)

# How many of this worker's messages are looked at in one question.
_PAGE = 100


class Renewal:
    """Renews, now and then, this worker's claim to the messages of its running jobs in a broker of Redis streams.

    Such a broker delivers a message again that was idle for longer than its `idle_timeout`. A job that runs longer is
    not idle, but only its own worker can know that.

    Args:
        broker: A broker that has an `idle_timeout`.
        running: Returns the ids of the jobs that run here.
    """

    def __init__(self, broker: AsyncBroker, running: Callable[[], Collection[str]]) -> None:
        # taskiq-redis is no dependency, so its attributes have no types here.
        self._broker: Any = broker
        self._running = running
        self._task_ids: dict[str, dict[Any, str]] = {}

    async def keep(self) -> None:
        """Renew three times as often as the broker would deliver again, until cancelled."""
        while True:
            await asyncio.sleep(self._broker.idle_timeout / 3_000)
            try:
                if self._running():
                    await self.renew()
            except Exception as error:  # noqa: BLE001 - the next renewal may succeed, and the journal bars a second run
                # Without the frames, whose locals hold the password of Redis.
                _log.warning("the broker did not learn that a job still runs: %s", type(error).__name__)

    async def renew(self) -> None:
        """Set the idle time of the messages of running jobs back to nothing."""
        broker = self._broker
        async with Redis(connection_pool=broker.connection_pool) as redis:
            for stream in (broker.queue_name, *broker.additional_streams):
                held = await self._held(redis, stream)
                running = [message for message, task_id in held.items() if task_id in self._running()]
                if running:
                    # With JUSTID, the count of deliveries stays as it is.
                    await redis.xclaim(
                        stream, broker.consumer_group_name, broker.consumer_name, 0, running, justid=True
                    )

    async def _held(self, redis: Any, stream: str) -> dict[Any, str]:
        """Return the messages that this worker has not acknowledged, each with the id of its job."""
        held: dict[Any, str] = {}
        start = "-"
        while True:
            page = await redis.xpending_range(
                stream, self._broker.consumer_group_name, start, "+", _PAGE, self._broker.consumer_name
            )
            for message in [entry["message_id"] for entry in page]:
                held[message] = await self._task_id(redis, stream, message)
                start = f"({message.decode()}"
            if len(page) < _PAGE:
                self._task_ids[stream] = held
                return held

    async def _task_id(self, redis: Any, stream: str, message: bytes) -> str:
        """Return the id of the job of *message*; an empty one if the stream was cut and has it no longer."""
        known = self._task_ids.get(stream, {}).get(message)
        if known is not None:
            return known
        found = await redis.xrange(stream, message, message)
        return str(self._broker.formatter.loads(found[0][1][b"data"]).task_id) if found else ""
