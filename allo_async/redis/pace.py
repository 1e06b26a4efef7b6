"""The pace of a key in all of its processes."""

import uuid

from allo_async._sending.pacing import WINDOW, Pace
from allo_async._wire.hints import RateLimit
from allo_async.clock import Clock
from allo_async.redis.link import Link
from allo_async.redis.scripts import Script, microseconds

# Seconds after which those who wait look again, since others may have gone.
_LOOK = 1.0

# Seconds after which a process that does not look again is taken for dead.
_GRACE = 3.0


class SharedPace(Pace):
    """An exact window over the requests of all processes, on Redis's clock.

    One request of each process stands in the common line: a process with many does not hold up one with few. Where the
    link is lost, it is the pace of this process alone, which knows what has left it.

    Args:
        limit: Requests per second, until the server says otherwise.
        clock: Where time comes from.
        link: To Redis.
        name: What the names of this pace's keys begin with.
        pause: The key of the pause.
    """

    def __init__(self, limit: int, *, clock: Clock, link: Link, name: str, pause: str) -> None:
        super().__init__(limit, clock=clock)
        self._first_limit = limit
        self._link = link
        self._name, self._pause = name, pause
        self._departed, self._said_limit = f"{self._name}:departures", f"{self._name}:limit"
        self._line_keys = [f"{self._name}:tickets", f"{self._name}:alive"]
        self._member = uuid.uuid4().hex

    def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*, from no process."""
        super().hold(seconds)
        self._link.tell(Script.HOLD, [self._pause], microseconds(seconds))

    def heard(self, told: RateLimit, *, since: float) -> None:
        """Follow what an answer told of the limit; what other processes have sent is no stranger's."""
        super().heard(told, since=since)
        age = microseconds(self._clock.monotonic() - since)
        remaining = -1 if told.remaining is None else told.remaining
        self._link.tell(Script.HEARD, [self._departed, self._said_limit], told.limit, remaining, age)

    async def _wait_in_line(self) -> float:
        # The first of them stands in the common line already.
        answer = await self._ask("", ahead=max(0, self._waiting - 1))
        return await super()._wait_in_line() if answer is None else max(answer[1], self._own_hold())

    async def _until_gone(self) -> None:
        try:
            await self._until(self._member)
        except BaseException:
            self._link.tell(Script.LEAVE, self._line_keys, self._member, self._link.channel, self._name)
            raise

    async def _until_open(self) -> None:
        await self._until("")

    async def _until(self, member: str) -> None:
        while True:
            while (held := self._own_hold()) > 0:
                await self._clock.sleep(held)
            bell = self._link.bell(self._name)
            answer = await self._ask(member)
            if answer is None:
                await super()._until_open()
                return
            gone, wait = answer
            if gone or (not member and wait <= 0):
                return
            await self._link.nap(bell, min(wait, _LOOK))

    def _own_hold(self) -> float:
        return max(0.0, self._not_before - self._clock.monotonic())

    async def _ask(self, member: str, *, ahead: int = 0) -> tuple[bool, float] | None:
        keys = [self._departed, *self._line_keys, self._said_limit, self._pause]
        times = (microseconds(WINDOW), ahead, microseconds(_GRACE + _LOOK))
        answer = await self._link.ask(Script.ADMIT, keys, member, self._first_limit, *times)
        return None if answer is None else (bool(answer[0]), answer[1] / 1e6)
