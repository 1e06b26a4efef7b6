"""Keeping the event loop free: long work in short stretches."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

_Item = TypeVar("_Item")

# Seconds. Opening a connection and sending take several steps, each of which waits for a stretch to end: a request that
# is ready is not to wait for the rows of the next.
_STRETCH = 0.00025


class TimeSlice:
    """Lets others run whenever a stretch of work has taken its time.

    Example:
        ```python
        time_slice = TimeSlice()
        for row in rows:
            work(row)
            if time_slice.over:
                await time_slice.renew()
        ```
    """

    def __init__(self) -> None:
        self._ends = time.perf_counter() + _STRETCH

    @property
    def over(self) -> bool:
        """Whether it is time to let others run."""
        return time.perf_counter() >= self._ends

    async def renew(self) -> None:
        """Let others run, and begin the next stretch."""
        await asyncio.sleep(0)
        self._ends = time.perf_counter() + _STRETCH


async def in_slices(steps: Iterable[object]) -> None:
    """Take all *steps*, and let others run in between."""
    time_slice = TimeSlice()
    for _ in steps:
        if time_slice.over:
            await time_slice.renew()


def at_once(steps: Iterable[object]) -> None:
    """Take all *steps* without a pause, where a cancellation must not come in between."""
    deque(steps, maxlen=0)


async def filtered(items: Iterable[_Item], keep: Callable[[_Item], bool]) -> list[_Item]:
    """Return those of *items* that are to *keep*, and let others run in between."""
    kept: list[_Item] = []
    time_slice = TimeSlice()
    for item in items:
        if keep(item):
            kept.append(item)
        if time_slice.over:
            await time_slice.renew()
    return kept
