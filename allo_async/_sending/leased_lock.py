"""The lock of one queue: among the tasks of an event loop, the loops of a process, and processes."""

import asyncio
import logging
import uuid
from collections.abc import Callable
from math import inf
from typing import Any, Literal

from allo_async._coordination.state import LockAnswer, State
from allo_async._coordination.store import Work
from allo_async._sending.store_connection import StoreConnection
from allo_async.clock import Clock

_log = logging.getLogger(__name__)

# Seconds after which a lease is renewed.
_RENEWAL = 1.0

# Seconds after which those who wait look again; well before they count as dead.
_LOOK = 1.0


class LeasedLock(asyncio.Lock):
    """A fair lock within an event loop, and on top of that a lease in the process's store and in the shared one.

    Where the shared store is lost, two processes may append at once; the server refuses one of them, which tries again.
    A lease that is lost while it is held, as by a process that is stopped, costs no more than that.

    Args:
        name: What the queue is called in the stores.
        kind: Which kind of name the queue is known by.
        connection: To the stores.
        on_taken_over: Called where somebody else may have had the lock since this one's last time.
        tell_kinds: Called with how many kinds of names are in use.
        clock: Measures when to renew.
        turns: What this loop's last turn was, by the queue's name, in both stores; it outlives the lock.

    Attributes:
        taken_over: Whether somebody else may have had the lock before the present turn.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        *,
        connection: StoreConnection,
        on_taken_over: Callable[[], None],
        tell_kinds: Callable[[int], None],
        clock: Clock,
        turns: dict[str, tuple[str, str]],
    ) -> None:
        super().__init__()
        self._name = name
        self._kind = kind
        self._connection = connection
        self._on_taken_over = on_taken_over
        self._tell_kinds = tell_kinds
        self._clock = clock
        self._turns = turns
        self._member = ""
        self._renewing: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[Any] | None = None
        self.taken_over = False

    async def acquire(self) -> Literal[True]:
        """Wait for the lock on this loop, in this process, and among all processes.

        Raises:
            CoordinationLostError: The shared store is lost, and that is an error.
        """
        await super().acquire()
        self._member = uuid.uuid4().hex
        try:
            await self._take()
        except BaseException:
            self._give_back(shared=self._connection.is_shared)
            super().release()
            raise
        if self.taken_over:
            self._on_taken_over()
        return True

    def release(self) -> None:
        """Give the lock to the next that waits, on any loop and in any process."""
        self._give_back(shared=self._renewing is not None)
        super().release()

    async def _take(self) -> None:
        last, last_shared = self._turns.get(self._name, ("", ""))
        self._turns.pop(self._name, None)
        local = await self._granted(lambda: self._take_local(last))
        assert local is not None  # noqa: S101 - the process's own store always answers
        self.taken_over, kinds = local.taken_over, local.kinds
        shared = await self._granted(lambda: self._take_shared(last_shared)) if self._connection.is_shared else None
        if shared is not None:
            self.taken_over, kinds = self.taken_over or shared.taken_over, max(kinds, shared.kinds)
            self._renewing = asyncio.create_task(self._renew(self._member))
        elif self._connection.is_shared:
            self.taken_over = True
        self._turns[self._name] = (self._member, self._member if shared is not None else "")
        self._tell_kinds(kinds)

    async def _granted(self, take: Callable[[], Any]) -> LockAnswer | None:
        while True:
            bells = self._connection.bells(self._name)
            answer: LockAnswer | None = await take()
            if answer is None or answer.granted:
                return answer
            await self._connection.nap(bells, min(answer.wait or _LOOK, _LOOK))

    async def _take_local(self, last: str) -> LockAnswer:
        return self._connection.local.apply(self._taking(self._connection.local.lease, last))

    async def _take_shared(self, last: str) -> LockAnswer | None:
        return await self._connection.ask(self._taking(self._connection.lease, last))

    def _taking(self, lease: float, last: str) -> Work[LockAnswer]:
        member, kind = self._member, self._kind
        return lambda state, now: state.take_lock(self._name, member, kind=kind, lease=lease, last=last, now=now)

    def _give_back(self, *, shared: bool) -> None:
        member = self._member

        def leave(state: State, now: float) -> None:
            state.leave_lock(self._name, member, now=now)

        self._connection.local.apply(leave)
        if shared:
            # A renewal that is under way must not come after that.
            self._connection.tell(leave, after=self._keeping)
        if self._renewing is not None:
            self._renewing.cancel()
        self._renewing = self._keeping = None

    async def _renew(self, member: str) -> None:
        lease = self._connection.lease

        def keep(state: State, now: float) -> bool:
            return state.keep_lock(self._name, member, lease=lease, now=now)

        while lease < inf:
            await self._clock.sleep(_RENEWAL)
            self._keeping = self._connection.tell(keep)
            assert self._keeping is not None  # noqa: S101 - there is a shared store
            await asyncio.wait({self._keeping})
            if self._keeping.result() is False:
                _log.info("the lock of a queue was lost to another process, which took this one for dead")
                return
