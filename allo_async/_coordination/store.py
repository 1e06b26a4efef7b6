"""The port behind which the shared state of a key is kept: in memory, in a file, or in Redis."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from allo_async._coordination.state import State

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
        failures: What it raises where it cannot do its work, `TimeoutError` included.
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
        """Return what wakes up those who wait for *name*; to be taken before asking whether it is free."""
        ...

    async def close(self) -> None:
        """Let go of what the state is kept in."""
        ...


class Bells:
    """The events of those who wait on one event loop, by the name of what they wait for. Each rings once."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def get(self, name: str) -> asyncio.Event:
        """Return the event that the next call of `ring` sets."""
        return self._events.setdefault(name, asyncio.Event())

    def are_awaited(self, names: Iterable[str]) -> bool:
        """Return whether somebody may wait for one of *names*."""
        return any(name in self._events for name in names)

    def ring(self, names: Iterable[str]) -> None:
        """Wake up those who wait for one of *names*."""
        for name in names:
            event = self._events.pop(name, None)
            if event is not None:
                event.set()
