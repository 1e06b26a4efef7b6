"""The rate limits of a key: at most so many requests in any second, first come first served."""

import asyncio
import contextlib
import uuid
from collections import deque
from collections.abc import Callable
from math import inf

import attrs

from allo_async._coordination.state import Admission, State
from allo_async._coordination.store import MemoryStore, Work
from allo_async._sending.call_limits import HeldUp, WaitBudget
from allo_async._sending.store_connection import StoreConnection
from allo_async._wire.hints import RateLimit
from allo_async.clock import Clock
from allo_async.settings import DEFAULT_MAX_RETRY_AFTER


class Waiters:
    """A line in which each has a place: a future that is done as soon as one is first.

    Attributes:
        gone: How many have left it.
    """

    def __init__(self) -> None:
        self.gone = 0
        self._places = deque[asyncio.Future[None]]()

    def __len__(self) -> int:
        return len(self._places)

    def before(self, place: asyncio.Future[None]) -> int:
        """Return how many stand before *place*."""
        return self._places.index(place)

    def join(self) -> asyncio.Future[None]:
        """Return the last place."""
        place = asyncio.get_running_loop().create_future()
        self._places.append(place)
        self._call_first()
        return place

    def leave(self, place: asyncio.Future[None]) -> None:
        """Leave *place*, wherever it is."""
        self._places.remove(place)
        self.gone += 1
        self._call_first()

    def _call_first(self) -> None:
        if self._places and not self._places[0].done():
            self._places[0].set_result(None)


# Seconds after which a waiter whose longest wait is over looks again whether it is the limit that holds it up.
_AGAIN = 0.05

# Seconds after which waiting members ask again, since others may have gone; well before they count as dead.
_LOOK = 1.0

# Seconds within which a slot may be used as it is. The window has a little more to spare.
_FRESH = 0.01


@attrs.frozen
class Slot:
    """One request's place in the window.

    Attributes:
        moment: When it was granted, on the client's clock.
        stored: The same on the shared store's clock, `None` where that has not granted it.
    """

    moment: float
    stored: float | None = None


class RateLimiter:
    """Limits a key to *limit* requests in any span of a second, whichever loop, thread or process sends them.

    One request of each loop stands in the common line: a loop with many does not hold up one with few. Requests of
    strangers, which the server's count shows, take places as our own do.

    Args:
        limit: Requests per second, until the server says otherwise.
        clock: Where time comes from.
        connection: To the stores; by default to a store of its own.
        name: Which of the key's limits it is.
        max_retry_after: The longest pause that is believed, in seconds.
    """

    def __init__(
        self,
        limit: int,
        *,
        clock: Clock,
        connection: StoreConnection | None = None,
        name: str = "writes",
        max_retry_after: float = DEFAULT_MAX_RETRY_AFTER,
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._connection = connection or StoreConnection(MemoryStore(clock), clock=clock)
        self._name = name
        self._max_retry_after = max_retry_after
        self._waiters = Waiters()
        self._held_up = HeldUp(clock)
        self._member = uuid.uuid4().hex
        # Whether this loop may have a place in the common line.
        self._stands = False
        self._not_before = -inf
        self._pause_known: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        limit, wait = self._connection.local.apply(self._look)
        return f"<RateLimiter {limit}/s, {len(self._waiters)} waiting, next in {wait:.2f} s>"

    def check(self, budget: WaitBudget) -> None:
        """Fail fast if a request would wait too long even without waiters of this loop before it.

        Raises:
            RateLimitWaitError: The wait is longer than *budget* allows.
        """
        self._check_pause(budget)
        if budget.max_wait < inf:
            # By what this process knows: one question of the shared store for each of many callers would be too many.
            budget.check(self._connection.local.apply(self._wait(0)), self._paused)

    async def acquire(self, budget: WaitBudget | None = None) -> Slot:
        """Wait until one more request may leave, and count it.

        Raises:
            RateLimitWaitError: The wait is longer than *budget* allows.
        """
        budget = budget or WaitBudget()
        budget.begin(self._held_up)
        self._check_pause(budget)
        if len(self._waiters):
            await self._check_behind(lambda: len(self._waiters), budget)
            budget.begin(self._held_up)
        place = self._waiters.join()
        try:
            await self._come_first(place, budget)
            return await self._until_granted(budget)
        finally:
            self._waiters.leave(place)
            self._leave_line_unless_needed()

    async def refresh(self, slot: Slot, budget: WaitBudget) -> Slot:
        """Return *slot*, or where it is too old another one in its stead.

        Raises:
            RateLimitedError: As for `acquire`.
        """
        if self._clock.monotonic() - slot.moment < _FRESH and not self._paused:
            return slot
        renewed = await self._renewed(slot)
        if renewed is not None:
            return renewed
        self.release(slot)
        return await self.acquire(budget)

    def release(self, slot: Slot) -> None:
        """Release the place of a request that does not leave."""
        self._connection.local.apply(lambda state, _: state.give_back(self._name, slot.moment))
        stored = slot.stored
        if stored is not None:
            self._connection.tell(lambda state, _: state.give_back(self._name, stored))

    def pause(self, seconds: float) -> None:
        """Hold up all requests for *seconds*; an earlier, longer pause stays in force."""
        self.expect_pause(seconds)
        self._connection.local.apply(lambda state, now: state.hold(now + seconds))
        self._connection.tell(lambda state, now: state.hold(now + seconds))

    def expect_pause(self, seconds: float) -> None:
        """Announce a pause to the waiters of this loop."""
        not_before = self._clock.monotonic() + seconds
        if not_before > self._not_before:
            self._not_before = not_before
            if self._pause_known is not None and not self._pause_known.done():
                self._pause_known.set_result(None)

    def update(self, told: RateLimit, *, since: float) -> None:
        """Follow a reply's limit; its request left at *since*."""
        age = self._clock.monotonic() - since
        self._connection.local.apply(lambda state, now: state.update(self._name, told, since=now - age, now=now))
        self._connection.tell(lambda state, now: state.update(self._name, told, since=now - age, now=now))

    @property
    def _paused(self) -> float:
        return max(0.0, self._not_before - self._clock.monotonic())

    def _check_pause(self, budget: WaitBudget) -> None:
        if self._paused > 0:
            budget.check(self._paused, self._paused)

    async def _come_first(self, place: asyncio.Future[None], budget: WaitBudget) -> None:
        while not place.done():
            # It may take longer than expected: a pause begins, or others come in between.
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout(max(budget.left, _AGAIN) if budget.left < inf else None):
                    await asyncio.wait({place, self._next_pause()}, return_when=asyncio.FIRST_COMPLETED)
            if not place.done() and self._held_up.is_so:
                self._check_pause(budget)
                await self._check_behind(lambda: self._waiters.before(place), budget)

    def _next_pause(self) -> asyncio.Future[None]:
        if self._pause_known is None or self._pause_known.done():
            self._pause_known = asyncio.get_running_loop().create_future()
        return self._pause_known

    async def _check_behind(self, ahead: Callable[[], int], budget: WaitBudget) -> None:
        """Refuse a wait that is too long, unless the first waiter is just leaving: that one would count twice."""
        line = self._line()
        if line is not None and budget.max_wait < inf:
            wait = await self._wait_behind(ahead())
            if self._line() == line:
                budget.check(wait, self._paused)

    def _line(self) -> int | None:
        """Return the number of the line, its own at each change; `None` while its first is about to leave."""
        return self._waiters.gone if self._held_up.is_so or not len(self._waiters) else None

    async def _until_granted(self, budget: WaitBudget) -> Slot:
        while True:
            bells = self._connection.bells(self._name)
            self._stands = True
            admission, slot = await self._ask()
            self.expect_pause(admission.paused)
            if admission.granted:
                self._stands = False
                return slot
            budget.check(admission.wait, admission.paused)
            with self._held_up.during():
                # Nobody leaves before a pause is over.
                await self._connection.nap(bells, max(admission.paused, min(admission.wait, _LOOK)))

    async def _ask(self) -> tuple[Admission, Slot]:
        local = self._connection.local
        shared = await self._connection.ask(self._admit)
        if shared is None:
            admission = local.apply(self._admit)
            return admission, Slot(admission.moment)
        # Where the shared store is lost, the process's own knows what has left, and of the pause.
        moment = local.apply(lambda state, now: self._mirror(shared, state, now))
        return shared, Slot(moment, shared.moment)

    def _admit(self, state: State, now: float) -> Admission:
        state.believe_at_most(self._max_retry_after, now=now)
        # A store that was emptied learns of the pause again.
        if self._paused > state.paused(now) + _AGAIN:
            state.hold(now + self._paused)
        return state.admit(self._name, self._member, limit=self._limit, now=now)

    def _mirror(self, shared: Admission, state: State, now: float) -> float:
        if shared.paused > 0:
            state.hold(now + shared.paused)
        if shared.granted:
            state.depart(self._name, limit=self._limit, now=now)
        return now

    async def _renewed(self, slot: Slot) -> Slot | None:
        def renew(moment: float) -> Work[float | None]:
            return lambda state, now: now if state.renew(self._name, moment, now=now) else None

        local = self._connection.local
        stored = None if slot.stored is None else await self._connection.ask(renew(slot.stored))
        moment = local.apply(renew(slot.moment)) if slot.stored is None or stored is not None else None
        return None if moment is None else Slot(moment, stored)

    def _wait(self, others: int) -> Work[float]:
        """Return what asks how long one more request would wait behind so many others of this loop."""
        return lambda state, now: state.wait(self._name, self._member, limit=self._limit, ahead=others, now=now)

    async def _wait_behind(self, others: int) -> float:
        wait = self._wait(others)
        shared = await self._connection.ask(wait)
        return self._connection.local.apply(wait) if shared is None else max(shared, self._paused)

    def _leave_line_unless_needed(self) -> None:
        if self._stands and not len(self._waiters):
            self._stands = False
            self._connection.local.apply(self._leave_line)
            self._connection.tell(self._leave_line)

    def _leave_line(self, state: State, _: float) -> None:
        # By now another request of this loop may stand there.
        if not self._stands:
            state.leave_line(self._name, self._member)

    def _look(self, state: State, now: float) -> tuple[int, float]:
        wait = self._wait(len(self._waiters))(state, now)
        return state.windows[self._name].window.limit, wait
