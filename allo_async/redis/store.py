"""The store of processes on several hosts: a Redis server."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# redis-py types what its methods give, but not the keyword arguments that they hand on.

import asyncio
import contextlib
import random
from collections.abc import Sequence
from importlib.resources import files
from itertools import count
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AskError, ClusterError, NoPermissionError, RedisError

from allo_async._coordination.belief import believe
from allo_async._coordination.state import called
from allo_async._coordination.store import Answer, Bells, Work, decode, encode
from allo_async._sending.call_limits import cancel_and_wait

# Real seconds until one listens again after the server has gone.
_AGAIN = 0.5

# Real seconds of the first wait after somebody else has changed the state meanwhile, at the most; then more.
_JITTER = 0.001
_LONGEST_JITTER = 0.02

_SWAP = (files(__package__ or "") / "swap.lua").read_text("utf-8")

_CLUSTER = "this is a Redis Cluster, which keeps no limits together: give the URL of a single Redis server"


class RedisStore:
    """Reads the state, does the work, and sets the state unless somebody else has changed it; then once more.

    Args:
        url: Where Redis is.
        root: The beginning of the names of all keys.
    """

    failures = (RedisError, OSError)
    lease = 4.0

    def __init__(self, url: str, root: str) -> None:
        self._key = f"{root}:state"
        self._channel = f"{root}:bells"
        self._redis = Redis.from_url(
            url,
            # A connection that broke while it was idle is worth one more try; more is the circuit breaker's to do.
            retry=Retry(NoBackoff(), 1),
            # So are time limits: redis-py's own go through asyncio.wait_for, which can swallow a cancellation in 3.11.
            socket_timeout=None,
        )
        self._script = self._redis.register_script(_SWAP)
        self._is_single = False
        self._bells = Bells()
        self._listening: asyncio.Task[None] | None = None

    def bell(self, name: str) -> asyncio.Event:
        """Return the bells that ring when the waiters for *name* should ask again."""
        return self._bells.get(name)

    async def transact(self, work: Work[Answer]) -> Answer:
        """Do *work* on the state, on the server's clock."""
        if self._listening is None or (self._listening.done() and not self._listening.cancelled()):
            self._listening = asyncio.create_task(self._listen())
        await self._refuse_cluster()
        now, found = await self._look()
        for attempt in count():
            state = decode(found)
            before = state.changes()
            state.come_to(now)
            believe(state, now=now, lease=self.lease)
            answer = work(state, now)
            if encode(state) == found:
                return answer
            state.at = now
            args = (state.lifetime(now), found, encode(state), " ".join(called(before, state.changes())))
            is_set, *later = await self._run(*args)
            if is_set:
                return answer
            now, found = await self._later(attempt) if attempt else _read(later)
        raise AssertionError

    async def close(self) -> None:
        """Close the connections."""
        await cancel_and_wait(self._listening)
        await self._redis.aclose()

    async def _later(self, attempt: int) -> tuple[float, bytes]:
        """Look again when those that change the state all the time do something else."""
        await asyncio.sleep(random.uniform(0, min(_JITTER * 2**attempt, _LONGEST_JITTER)))
        return await self._look()

    async def _look(self) -> tuple[float, bytes]:
        """Return the server's time, and the state."""
        _, *found = await self._run(0, b"", b"", "")
        return _read(found)

    async def _run(self, *args: bytes | str | int) -> list[Any]:
        try:
            return cast("list[Any]", await self._script([self._key], [self._channel, *args]))
        except (AskError, ClusterError) as error:
            raise RedisError(_CLUSTER) from error

    async def _refuse_cluster(self) -> None:
        if self._is_single:
            return
        # A user who may not ask is told by the first question that is sent elsewhere.
        with contextlib.suppress(NoPermissionError):
            if int((await self._redis.info("cluster")).get("cluster_enabled", 0)):
                raise RedisError(_CLUSTER)
        self._is_single = True

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(*self.failures):
                async with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(self._channel)
                    async for message in subscription.listen():
                        # Anybody may publish anything there.
                        self._bells.ring(message["data"].decode(errors="replace").split(" "))
            await asyncio.sleep(_AGAIN)


def _read(found: Sequence[Any]) -> tuple[float, bytes]:
    seconds, microseconds, content = found
    return int(seconds) + int(microseconds) / 1e6, content
