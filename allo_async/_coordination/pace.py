"""The pace of a key in all of its processes."""

import uuid

from allo_async._coordination.link import Link
from allo_async._sending.pacing import Pace
from allo_async._sending.patience import Patience
from allo_async._wire.hints import RateLimit
from allo_async.clock import Clock

# Seconds after which those who wait look again, since others may have gone.
_LOOK = 1.0

# Seconds after which a process that does not look again is taken for dead.
_GRACE = 3.0


class SharedPace(Pace):
    """An exact window over the requests of all processes, on the store's clock.

    One request of each process stands in the common line: a process with many does not hold up one with few. Where the
    link is lost, it is the pace of this process alone, which knows what has left it.

    Args:
        limit: Requests per second, until the server says otherwise.
        clock: Where time comes from.
        link: To the store.
        name: Which of the key's paces it is.
    """

    def __init__(self, limit: int, *, clock: Clock, link: Link, name: str) -> None:
        super().__init__(limit, clock=clock)
        self._first_limit = limit
        self._link = link
        self._name = name
        self._member = uuid.uuid4().hex
        self._keeps_a_place = False

    def leave(self) -> None:
        """Leave the line, unless another of this process's requests stands there by now."""
        if self._keeps_a_place and not self._line.locked():
            self._leave_line()

    def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*, from no process."""
        super().hold(seconds)
        self._link.tell(lambda store: store.hold(seconds))

    def heard(self, told: RateLimit, *, since: float) -> None:
        """Follow what an answer told of the limit; what other processes have sent is no stranger's."""
        super().heard(told, since=since)
        age = self._clock.monotonic() - since
        self._link.tell(lambda store: store.heard(self._name, told, age=age))

    async def _wait_in_line(self) -> float:
        wait = await self._link.ask(
            lambda store: store.wait(self._name, self._member, limit=self._first_limit, ahead=self._waiting)
        )
        return await super()._wait_in_line() if wait is None else max(wait, self._own_hold())

    async def _until_gone(self, patience: Patience) -> None:
        await self._until_first(patience, leaves=True)

    async def _until_open(self, patience: Patience) -> None:
        # The place is kept: the next of this process's requests leaves from there.
        await self._until_first(patience, leaves=False)

    async def _until_first(self, patience: Patience, *, leaves: bool) -> None:
        try:
            await self._stand_in_line(patience, leaves=leaves)
        except BaseException:
            self._leave_line()
            raise
        self._keeps_a_place = not leaves

    def _leave_line(self) -> None:
        self._keeps_a_place = False
        self._link.tell(lambda store: store.leave_line(self._name, self._member))

    async def _stand_in_line(self, patience: Patience, *, leaves: bool) -> None:
        while True:
            while (held := self._own_hold()) > 0:
                with self._holding_up(held, patience):
                    await self._clock.sleep(held)
            bell = self._link.bell(self._name)
            answer = await self._ask(leaves=leaves)
            if answer is None:
                await super()._until_open(patience)
                return
            may, wait = answer
            if may:
                return
            with self._holding_up(wait, patience):
                await self._link.nap(bell, min(wait, _LOOK))

    def _own_hold(self) -> float:
        return max(0.0, self._window.not_before - self._clock.monotonic())

    async def _ask(self, *, leaves: bool) -> tuple[bool, float] | None:
        return await self._link.ask(
            lambda store: store.admit(
                self._name, self._member, limit=self._first_limit, alive=_GRACE + _LOOK, leaves=leaves
            )
        )
