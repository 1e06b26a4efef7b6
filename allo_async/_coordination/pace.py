"""The pace of a key in all of its processes."""

import uuid
from math import inf

from allo_async._coordination.link import Link
from allo_async._coordination.store import Store
from allo_async._sending.pacing import Pace
from allo_async._sending.patience import Patience
from allo_async._wire.hints import RateLimit
from allo_async.clock import Clock

# Seconds after which those who wait look again, since others may have gone; well before they are taken for dead.
_LOOK = 1.0


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
        # Whether this process may have a place in the common line, which one that is, and how many openings keep it.
        self._stands = False
        self._place = 0
        self._openings = 0

    async def admit(self, patience: float = inf) -> float:
        """Wait until one more request may leave, count it among those of all processes, and tell the moment.

        Raises:
            RateLimitedError: The limit would hold it up for more than *patience* seconds.
        """
        try:
            return await super().admit(patience)
        finally:
            self._leave_line_unless_needed()

    async def opening(self, patience: float = inf) -> int:
        """Wait until a request could leave at once; the next one of this process leaves from there.

        Raises:
            RateLimitedError: As for `admit`.
        """
        try:
            await super().opening(patience)
            self._openings += 1
        finally:
            self._leave_line_unless_needed()
        return self._place

    def leave(self, opening: int) -> None:
        """Leave the line, unless a request has left from that place, or others of this process need it."""
        if opening == self._place:
            self._openings -= 1
            self._leave_line_unless_needed()

    def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*, from no process."""
        super().hold(seconds)
        self._link.tell(lambda store: store.hold(seconds))

    def heard(self, told: RateLimit, *, since: float) -> None:
        """Follow what an answer told of the limit; what other processes have sent is no stranger's."""
        super().heard(told, since=since)
        age = self._clock.monotonic() - since
        self._link.tell(lambda store: store.heard(self._name, told, age=age))

    async def _wait_behind(self, others: int) -> float:
        wait = await self._link.ask(
            lambda store: store.wait(self._name, self._member, limit=self._first_limit, ahead=others)
        )
        return self._own_wait(others) if wait is None else max(wait, self._own_hold())

    async def _until_gone(self, patience: Patience) -> None:
        await self._until_first(patience, leaves=True)

    async def _until_open(self, patience: Patience) -> None:
        await self._until_first(patience, leaves=False)

    async def _until_first(self, patience: Patience, *, leaves: bool) -> None:
        while True:
            while (held := self._own_hold()) > 0:
                with patience.spent_on(held):
                    await self._clock.sleep(held)
            bell = self._link.bell(self._name)
            self._stands = True
            answer = await self._ask(leaves=leaves)
            if answer is None:
                await super()._until_open(patience)
                return
            may, wait = answer
            if may:
                if leaves:
                    self._stands, self._openings = False, 0
                    self._place += 1
                return
            with patience.spent_on(wait):
                await self._link.nap(bell, min(wait, _LOOK))

    def _leave_line_unless_needed(self) -> None:
        if self._stands and not self._openings and not len(self._waiters):
            self._stands = False
            self._link.tell(self._leave_line)

    async def _leave_line(self, store: Store) -> None:
        # By now another request may stand there.
        if not self._stands:
            await store.leave_line(self._name, self._member)

    def _own_hold(self) -> float:
        return max(0.0, self._window.not_before - self._clock.monotonic())

    async def _ask(self, *, leaves: bool) -> tuple[bool, float] | None:
        return await self._link.ask(
            lambda store: store.admit(self._name, self._member, limit=self._first_limit, leaves=leaves)
        )
