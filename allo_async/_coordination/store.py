"""Where the shared state of a key is kept: the port, its bytes, and the store of one process."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Hashable, Iterable
from math import inf
from typing import Protocol, TypeVar
from weakref import ReferenceType, WeakSet, ref

from cattrs import BaseValidationError
from cattrs.preconf.orjson import make_converter

from allo_async._coordination.belief import LARGEST_STATE, is_sound
from allo_async._coordination.state import State, called
from allo_async.clock import Clock

_json = make_converter(omit_if_default=True)


def encode(state: State) -> bytes:
    """Return the bytes of *state*."""
    return _json.dumps(state)


def decode(content: bytes) -> State:
    """Read a state; an empty one where a process died while it wrote, or another version has written."""
    if len(content) > LARGEST_STATE:
        return State()
    try:
        state = _json.loads(content, State)
    except (BaseValidationError, ValueError, TypeError):
        return State()
    return state if is_sound(state) else State()


Answer = TypeVar("Answer")

#: Asks or changes the state at a moment of the store's clock. It may be called again where others change it meanwhile.
Work = Callable[[State, float], Answer]


class Wakeup(Protocol):
    """Wakes up a member that waits for a limit or a lock."""

    async def wait(self) -> object:
        """Wait until it is worth asking again."""
        ...


class Store(Protocol):
    """Keeps the state of one key, and does each piece of work on it in one step.

    Attributes:
        failures: The exceptions that it raises if it cannot do its work, `TimeoutError` included.
        lease: Seconds that a lock lasts here unless it is renewed; infinite where a dead holder is noticed.
    """

    @property
    def failures(self) -> tuple[type[Exception], ...]: ...

    @property
    def lease(self) -> float: ...

    async def transact(self, work: Work[Answer]) -> Answer:
        """Do *work* on the state, and keep the state where that has changed it."""
        ...

    def bell(self, name: str) -> Wakeup:
        """Return the event that wakes the waiters for *name*; to be taken before asking whether it is free."""
        ...

    async def close(self) -> None:
        """Release the file or the connection of the state."""
        ...


class Bells:
    """The events of the waiters on one event loop, by the name of what they wait for. Each rings once."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def get(self, name: str) -> asyncio.Event:
        """Return the event that the next call of `ring` sets."""
        return self._events.setdefault(name, asyncio.Event())

    def are_awaited(self, names: Iterable[str]) -> bool:
        """Return whether there may be a waiter for one of *names*."""
        return any(name in self._events for name in names)

    def ring(self, names: Iterable[str]) -> None:
        """Wake the waiters for one of *names*."""
        for name in names:
            event = self._events.pop(name, None)
            if event is not None:
                event.set()


class _Shared:
    """The state of one key, and which loops use it.

    Attributes:
        state: The state.
        stores: One for each loop that uses it.
        holders: The loops of the members that hold a lock.
    """

    def __init__(self, clock: Clock) -> None:
        self.state = State()
        self.clock = clock
        self.stores: WeakSet[MemoryStore] = WeakSet()
        self.holders: dict[str, ReferenceType[asyncio.AbstractEventLoop]] = {}

    def free_the_dead(self, now: float) -> None:
        """Take the locks from members whose loop does not run any more."""
        for member, holder in list(self.holders.items()):
            loop = holder()
            if loop is None or not loop.is_running():
                self.state.free(member, now=now)
                del self.holders[member]

    def note_holders(self) -> None:
        """Record for which loop a lock was taken."""
        held = {lock.holder for lock in self.state.locks.values() if lock.holder}
        for member in self.holders.keys() - held:
            del self.holders[member]
        for member in held - self.holders.keys():
            self.holders[member] = ref(asyncio.get_running_loop())


# Held for microseconds, and never while anything is awaited.
_lock = threading.Lock()
_of_process: dict[Hashable, _Shared] = {}


class MemoryStore:
    """One event loop's way to the state of a key in this process. It outlives its clients as long as it matters.

    Args:
        clock: Where time comes from.
        key: The name of the state; `None` for one that no other store shares.
    """

    failures: tuple[type[Exception], ...] = ()
    lease = inf

    def __init__(self, clock: Clock, key: Hashable = None) -> None:
        self._clock = clock
        self._bells = Bells()
        self._loop: asyncio.AbstractEventLoop | None = None
        with _lock:
            self._shared = _Shared(clock) if key is None else _shared(key, clock)
            self._shared.stores.add(self)

    def apply(self, work: Work[Answer]) -> Answer:
        """Do *work* at once."""
        with _lock:
            shared, now = self._shared, self._clock.monotonic()
            state = shared.state
            before = state.changes()
            shared.free_the_dead(now)
            state.come_to(now)
            answer = work(state, now)
            state.at = now
            shared.note_holders()
            names = called(before, state.changes())
            stores = list(shared.stores) if names else []
        for store in stores:
            store.ring(names)
        return answer

    async def transact(self, work: Work[Answer]) -> Answer:
        """Do *work*."""
        return self.apply(work)

    def bell(self, name: str) -> asyncio.Event:
        """Return the event that wakes the waiters for *name* on the running loop."""
        self._loop = asyncio.get_running_loop()
        return self._bells.get(name)

    def ring(self, names: list[str]) -> None:
        """Wake the waiters on this store's loop, from whichever thread."""
        if self._loop is not None and self._bells.are_awaited(names):
            # On a loop that is closed, nobody waits.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._bells.ring, names)

    async def close(self) -> None:
        """Release nothing: other loops may use the store."""


def _shared(key: Hashable, clock: Clock) -> _Shared:
    for other, shared in list(_of_process.items()):
        if not shared.stores and shared.state.is_idle(shared.clock.monotonic()):
            del _of_process[other]
    return _of_process.setdefault(key, _Shared(clock))


def _forked() -> None:
    """Begin anew in a child process, whose parent's loops and threads do not exist there."""
    global _lock  # noqa: PLW0603 - another thread of the parent may have held it
    _lock = threading.Lock()
    for shared in _of_process.values():
        shared.state.forked()
        shared.holders.clear()
        shared.stores.clear()


def _hold_still() -> None:
    _lock.acquire()


def _go_on() -> None:
    _lock.release()


if hasattr(os, "register_at_fork"):
    # Nobody changes a state while the process is copied.
    os.register_at_fork(before=_hold_still, after_in_parent=_go_on, after_in_child=_forked)
