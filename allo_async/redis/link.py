"""The way to Redis: a question is answered in time, or the link counts as lost until Redis is back."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# redis-py types what its methods give, but not the keyword arguments that they hand on.

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from allo_async.clock import Clock
from allo_async.errors import CoordinationLostError
from allo_async.events import CoordinationLost, CoordinationRegained, Event
from allo_async.redis.scripts import Script

_log = logging.getLogger(__name__)

# Real seconds, whatever the client's clock does: Redis answers in a millisecond, or something is wrong.
_ANSWER = 1.0

# Real seconds between looks whether Redis is back.
_MENDING = 0.5


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


class Link:
    """Asks Redis, for all clients of a key on one event loop. It is opened by the first question.

    Args:
        url: Where Redis is.
        channel: Where those who wait are told that it may be their turn.
        clock: Measures how long to wait for that.
        raises: Whether a lost link is an error; otherwise there is a warning, and no answer.

    Attributes:
        tell_of: Is told when the link is lost, and when it is back.
    """

    def __init__(self, url: str, channel: str, *, clock: Clock, raises: bool) -> None:
        self._url = url
        self.channel = channel
        self._clock = clock
        self._raises = raises
        self.tell_of: Callable[[Event], None] = lambda _: None
        self._redis: Redis | None = None
        self._scripts: dict[Script, Any] = {}
        self._bells: dict[str, asyncio.Event] = {}
        self._lost: CoordinationLostError | None = None
        self._background: set[asyncio.Task[Any]] = set()
        self._telling: set[asyncio.Task[Any]] = set()

    async def ask(self, script: Script, keys: Sequence[str], *args: object) -> Any:
        """Run *script*, and give its answer; `None` where there is none since the link is lost.

        Raises:
            CoordinationLostError: The link is lost, and that is an error.
        """
        if self._lost is None:
            try:
                async with asyncio.timeout(_ANSWER):
                    return await self._script(script)(keys, args)
            except (RedisError, OSError) as error:
                self._lose(error)
        if self._raises and self._lost is not None:
            raise CoordinationLostError(str(self._lost)) from self._lost.__cause__
        return None

    def tell(
        self, script: Script, keys: Sequence[str], *args: object, after: asyncio.Task[Any] | None = None
    ) -> asyncio.Task[Any]:
        """Run *script* in the background, *after* another one where that matters; give its answer, `None` for none."""

        async def run() -> Any:
            if after is not None:
                await asyncio.wait({after})
            with contextlib.suppress(CoordinationLostError):
                return await self.ask(script, keys, *args)

        return self._spawn(run(), self._telling)

    def bell(self, name: str) -> asyncio.Event:
        """Give what rings when *name* may have become free; to be taken before asking whether it is."""
        return self._bells.setdefault(name, asyncio.Event())

    async def nap(self, bell: asyncio.Event, seconds: float) -> None:
        """Wait for *bell*, but no longer than *seconds*: a ring may be lost."""
        naps = {asyncio.ensure_future(bell.wait()), asyncio.ensure_future(self._clock.sleep(seconds))}
        try:
            await asyncio.wait(naps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for nap in naps:
                nap.cancel()

    async def hang_up(self) -> None:
        """Say what is still to be said, and close; the next question opens the link again."""
        if self._telling:
            await asyncio.wait(self._telling)
        for task in self._background:
            task.cancel()
        if self._background:
            await asyncio.wait(self._background)
        redis, self._redis, self._lost = self._redis, None, None
        if redis is not None:
            await redis.aclose()

    def _script(self, script: Script) -> Any:
        if self._redis is None:
            self._redis = connect(self._url)
            self._scripts = {each: self._redis.register_script(each.text) for each in Script}
            self._spawn(self._listen(self._redis), self._background)
        return self._scripts[script]

    def _lose(self, error: Exception) -> None:
        if self._lost is not None:
            return
        why = f"no answer within {_ANSWER:g} s" if isinstance(error, TimeoutError) else str(error)
        self._lost = CoordinationLostError(f"the coordination with other processes is lost: {why}")
        self._lost.__cause__ = error
        if not self._raises:
            _log.warning("%s; going on with this process's own pace and turns", self._lost)
        self.tell_of(CoordinationLost(reason=why))
        if self._redis is not None:
            self._spawn(self._mend(self._redis), self._background)

    async def _mend(self, redis: Redis) -> None:
        while self._lost is not None:
            await asyncio.sleep(_MENDING)
            with contextlib.suppress(RedisError, OSError):
                async with asyncio.timeout(_ANSWER):
                    await redis.ping()
                self._lost = None
        _log.info("the coordination with other processes is back")
        self.tell_of(CoordinationRegained())

    async def _listen(self, redis: Redis) -> None:
        while True:
            with contextlib.suppress(RedisError, OSError):
                async with redis.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(self.channel)
                    async for message in subscription.listen():
                        bell = self._bells.pop(message["data"], None)
                        if bell is not None:
                            bell.set()
            await asyncio.sleep(_MENDING)

    @staticmethod
    def _spawn(work: Coroutine[Any, Any, Any], where: set[asyncio.Task[Any]]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        where.add(task)
        task.add_done_callback(where.discard)
        return task
