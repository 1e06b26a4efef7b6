"""Ctrl-C: the first asks the loads to end in order, the second ends them at once."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, TypeVar

_Answer = TypeVar("_Answer")


@contextlib.contextmanager
def stop_on_interrupt(said: Callable[[], None]) -> Generator[asyncio.Event]:
    """Give an event that the first Ctrl-C sets while the block runs; a second one cancels the running task.

    A chunk whose answer is waited for is settled a moment later; cut off, all of its rows would be in doubt.

    Args:
        said: Called at the first Ctrl-C, to tell the user that it was heard.
    """
    stop = asyncio.Event()
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def interrupted() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
        elif not stop.is_set():
            stop.set()
            said()

    try:
        loop.add_signal_handler(signal.SIGINT, interrupted)
    except (NotImplementedError, RuntimeError, ValueError):
        # On Windows, and outside the main thread, asyncio's own handler stays: it cancels at the first.
        yield stop
        return
    try:
        yield stop
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@contextlib.asynccontextmanager
async def calling_once_set(stop: asyncio.Event, act: Callable[[], None]) -> AsyncGenerator[None]:
    """Call *act* as soon as *stop* is set, if that is while the block runs."""

    async def watch() -> None:
        await stop.wait()
        act()

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait({watching})


async def unless_set(stop: asyncio.Event, question: Coroutine[Any, Any, _Answer]) -> _Answer | None:
    """Return the answer to *question*, or `None` as soon as *stop* is set: whatever it waits for is given up."""
    asking = asyncio.create_task(question)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return asking.result() if asking.done() else None
    finally:
        asking.cancel()
        stopping.cancel()
        await asyncio.wait({asking, stopping})
