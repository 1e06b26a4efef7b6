"""Coroutines that a signal cancels."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from allo_async.cli.signals import SignalledError, end, first_signal, handling

_Answer = TypeVar("_Answer")


def run(work: Coroutine[Any, Any, _Answer]) -> _Answer:
    """Run *work* on an event loop of its own; a signal cancels it.

    Raises:
        KeyboardInterrupt: A signal did.
    """

    async def cancellable() -> _Answer:
        with handling(canceller()):
            return await work

    try:
        return asyncio.run(cancellable())
    except asyncio.CancelledError:
        if first_signal() is None:
            raise
        raise SignalledError from None


def canceller() -> Callable[[], None]:
    """Return what cancels the running task at the first call; where its loop does not get to that, the next raises."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    asked: list[None] = []

    def cancel() -> None:
        if task is None or asked:
            end()
        else:
            asked.append(None)
            loop.call_soon_threadsafe(task.cancel)

    return cancel
