"""The locks of queues: one append to a queue at a time, because two at once conflict and lose their order."""

import asyncio
import logging
import uuid
from collections.abc import Callable
from math import inf
from typing import Any, Literal
from weakref import WeakValueDictionary

from allo_async._coordination.state import LockAnswer, State
from allo_async._coordination.store import Work
from allo_async._sending.store_connection import StoreConnection
from allo_async.clock import Clock
from allo_async.models import Assignee

_log = logging.getLogger(__name__)

# Seconds after which a lease is renewed.
_RENEWAL = 1.0

# Seconds after which waiters look again; well before they count as dead.
_LOOK = 1.0


class LeasedLock(asyncio.Lock):
    """A fair lock within an event loop, and on top of that a lease in the process's store and in the shared one.

    Where the shared store is lost, two processes may append at once; the server refuses one of them, which tries again.
    A lease that is lost while it is held, as by a process that is stopped, costs no more than that.

    Args:
        name: The queue's name in the stores.
        kind: Which kind of name the queue is known by.
        connection: To the stores.
        on_taken_over: Called if another member may have had the lock since this one's last time.
        tell_kinds: Called with how many kinds of names are in use.
        clock: Measures when to renew.
        turns: This loop's last turn, by the queue's name, in both stores; it outlives the lock.

    Attributes:
        taken_over: Whether another member may have had the lock before the present turn.
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
        """Release the lock to the next waiter, on any loop and in any process."""
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


#: The same value for all ways of naming one queue.
Identity = tuple[str, str]


def kind_of(identity: Identity) -> str:
    """Return whether it names a queue by a user id, by an e-mail address, or not at all, as the key owner's own."""
    kind, name = identity
    return kind if name else "none"


class QueueLocks:
    """One fair lock a queue, for as long as anyone holds or awaits it.

    One queue has three names: a user id, an e-mail address, and none for the key owner's own. As long as one kind of
    name is in use, names are told apart as they are; from then on, the server is asked whose queue a name is.

    Args:
        make_lock: Makes the lock of a queue.

    Attributes:
        team: Held by the caller that asks the server for the team's ids.
        team_asked_at: The client's monotonic time when that was done last.
    """

    def __init__(self, make_lock: Callable[[Identity], asyncio.Lock] = lambda _: asyncio.Lock()) -> None:
        self._make_lock = make_lock
        self._locks: WeakValueDictionary[Identity, asyncio.Lock] = WeakValueDictionary()
        self._questions: WeakValueDictionary[Identity, asyncio.Lock] = WeakValueDictionary()
        self._users: dict[Identity, Identity] = {}
        self._kinds: set[str] = set()
        self._several_kinds = False
        self.team = asyncio.Lock()
        self.team_asked_at = -inf

    def of(self, assignee: Assignee) -> asyncio.Lock:
        """Return the lock of *assignee*'s queue, to be held for a whole request, its retries included."""
        identity = self.identity(assignee)
        lock = self._locks.get(identity)
        if lock is None:
            lock = self._locks[identity] = self._make_lock(identity)
        return lock

    def identity(self, assignee: Assignee) -> Identity:
        """Return whose queue it is, as far as that is known."""
        return self._users.get(assignee.identity, assignee.identity)

    def is_known(self, assignee: Assignee) -> bool:
        """Return whether it is known well enough whose queue it is."""
        return self._one_kind or self._is_settled(assignee.identity)

    def use(self, assignee: Assignee) -> None:
        """Record that this name is in use."""
        self._kinds.add(kind_of(assignee.identity))

    def perhaps_the_same(self, assignee: Assignee) -> list[asyncio.Lock]:
        """Return the held locks whose queue may turn out to be that of *assignee*, under another name."""
        if self._one_kind:
            return []
        own = self.identity(assignee)
        return [
            lock
            for identity, lock in self._locks.items()
            if lock.locked() and identity != own and self.may_be_same(identity, own)
        ]

    def may_be_same(self, identity: Identity, own: Identity) -> bool:
        """Return whether two identities may turn out to be of one queue, or did so after a lock was taken."""
        if self._is_settled(identity) and self._is_settled(own):
            # The lock of a name that was settled meanwhile is still held under that name.
            return self._users.get(identity, identity) == own
        return kind_of(identity) != kind_of(own)

    @property
    def _one_kind(self) -> bool:
        return len(self._kinds) <= 1 and not self._several_kinds

    def _is_settled(self, identity: Identity) -> bool:
        """Return whether it will not turn out to be another's."""
        return kind_of(identity) == "user_id" or identity in self._users

    def others_use(self, kinds: int) -> None:
        """Record how many kinds of names are in use by all loops and processes together."""
        self._several_kinds = kinds > 1

    def learn(self, assignee: Assignee, user_id: str | None) -> None:
        """Record that the queue of *assignee* is that of *user_id*; `None` if the server does not say."""
        self._users[assignee.identity] = assignee.identity if user_id is None else ("user_id", user_id)

    def question(self, assignee: Assignee) -> asyncio.Lock:
        """Return the lock of the question whose queue it is, so that it is asked once."""
        lock = self._questions.get(assignee.identity)
        if lock is None:
            lock = self._questions[assignee.identity] = asyncio.Lock()
        return lock
