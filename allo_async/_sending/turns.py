"""Turns: one append to a queue at a time, since two at once conflict and lose their order."""

import asyncio
from weakref import WeakValueDictionary

from allo_async._wire.assignee import Assignee


class Turns:
    """One fair lock a queue, for as long as anyone holds or awaits it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    def of(self, assignee: Assignee) -> asyncio.Lock:
        """Give the lock of *assignee*'s queue, to be held for a whole chunk, its retries included."""
        lock = self._locks.get(assignee.identity)
        if lock is None:
            lock = self._locks[assignee.identity] = asyncio.Lock()
        return lock
