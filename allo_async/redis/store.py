"""What the processes of a key share, in Redis."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# redis-py types what its methods give, but not the keyword arguments that they hand on.

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from allo_async._coordination.store import TurnAnswer
from allo_async._sending.call_limits import cancel_and_wait
from allo_async._sending.window import WINDOW
from allo_async._wire.hints import RateLimit
from allo_async.redis.scripts import Script

# Real seconds until one listens again after the server has gone.
_AGAIN = 0.5


def connect(url: str) -> Redis:
    """Make a client of the server at *url*, which connects when it is asked something.

    Raises:
        ValueError: It is no URL of a Redis server.
    """
    return Redis.from_url(
        url,
        decode_responses=True,
        # A connection that broke while it was idle is worth one more try; whatever is worth more is the link's to do.
        retry=Retry(NoBackoff(), 1),
        # So are time limits: redis-py's own go through asyncio.wait_for, which can swallow a cancellation in 3.11.
        socket_timeout=None,
    )


class RedisStore:
    """Runs the scripts beside this module, on the server's clock. Those who wait are told by a message.

    Args:
        url: Where Redis is.
        root: What the names of all keys begin with.
    """

    failures = (RedisError, OSError)

    def __init__(self, url: str, root: str) -> None:
        self._root = root
        self._redis = connect(url)
        self._scripts = {script: self._redis.register_script(script.text) for script in Script}
        self._bells: dict[str, asyncio.Event] = {}
        self._listening: asyncio.Task[None] | None = None

    def bell(self, name: str) -> asyncio.Event:
        """Give what rings when the message comes that *name* is free."""
        return self._bells.setdefault(name, asyncio.Event())

    async def wait(self, pace: str, member: str, *, limit: int, ahead: int) -> float:
        """Tell how long one more request would wait."""
        return (await self._admit(pace, member, limit, "waits", ahead))[1]

    async def admit(self, pace: str, member: str, *, limit: int, leaves: bool) -> tuple[bool, float]:
        """Let one request leave, or tell how long that takes."""
        return await self._admit(pace, member, limit, "leaves" if leaves else "stays")

    async def heard(self, pace: str, told: RateLimit, *, age: float) -> None:
        """Follow what an answer told."""
        remaining = -1 if told.remaining is None else told.remaining
        keys = self._keys(f"{pace}:departures", f"{pace}:limit")
        await self._run(Script.HEARD, keys, told.limit, remaining, _microseconds(age))

    async def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*."""
        await self._run(Script.HOLD, self._keys("pause"), _microseconds(seconds))

    async def leave_line(self, pace: str, member: str) -> None:
        """Take a member out of the line of a pace."""
        await self._run(Script.LEAVE, self._keys(*_line(pace)), member, self._channel, pace)

    async def take_turn(self, queue: str, member: str, *, kind: str, lease: float) -> TurnAnswer:
        """Grant the turn of a queue, or tell how long it is held."""
        keys = self._keys(f"{queue}:lease", *_line(queue), f"{queue}:end", "kinds")
        answer = await self._run(Script.TAKE_TURN, keys, member, _microseconds(lease), kind)
        token, end, wait, kinds = answer
        return TurnAnswer(token, end, wait / 1e6, kinds)

    async def keep_turn(self, queue: str, token: str, *, lease: float) -> bool:
        """Renew a lease."""
        return bool(await self._run(Script.KEEP_TURN, self._keys(f"{queue}:lease"), token, _microseconds(lease)))

    async def give_turn_back(self, queue: str, token: str, *, end: str, memory: float) -> None:
        """End a lease."""
        keys = self._keys(f"{queue}:lease", f"{queue}:end")
        await self._run(Script.GIVE_TURN_BACK, keys, token, end, round(memory), self._channel, queue)

    async def leave_turn(self, queue: str, member: str) -> None:
        """Take a member out of the line of a turn, and back what it was granted."""
        await self._run(Script.LEAVE, self._keys(*_line(queue), f"{queue}:lease"), member, self._channel, queue)

    async def close(self) -> None:
        """Close the connections."""
        await cancel_and_wait(self._listening)
        await self._redis.aclose()

    @property
    def _channel(self) -> str:
        return f"{self._root}:bells"

    def _keys(self, *names: str) -> Sequence[str]:
        return [f"{self._root}:{name}" for name in names]

    async def _admit(self, pace: str, member: str, limit: int, *what: str | int) -> tuple[bool, float]:
        keys = self._keys(f"{pace}:departures", *_line(pace), f"{pace}:limit", "pause")
        may, wait = await self._run(Script.ADMIT, keys, member, limit, _microseconds(WINDOW), *what)
        return bool(may), wait / 1e6

    async def _run(self, script: Script, keys: Sequence[str], *args: str | float) -> Any:
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())
        return await self._scripts[script](keys, args)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(*self.failures):
                async with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(self._channel)
                    async for message in subscription.listen():
                        bell = self._bells.pop(message["data"], None)
                        if bell is not None:
                            bell.set()
            await asyncio.sleep(_AGAIN)


def _line(name: str) -> tuple[str, str]:
    return f"{name}:tickets", f"{name}:alive"


def _microseconds(seconds: float) -> int:
    return round(seconds * 1e6)
