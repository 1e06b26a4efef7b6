"""A signal during a load: the first asks the loads to end in order, the second ends them at once."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, TypeVar

from allo_async.cli.cancelling import canceller
from allo_async.cli.signals import handling

_Answer = TypeVar("_Answer")


@contextlib.contextmanager
def stop_on_interrupt(said: Callable[[], None]) -> Generator[asyncio.Event]:
    """Yield an event that the first signal sets while the block runs; a second one cancels the running task.

    A chunk whose answer is waited for is settled a moment later; cut off, all of its rows would be in doubt.

    Args:
        said: Called at the first signal, to tell the user that it was heard.
    """
    stop = asyncio.Event()
    loop, cancel = asyncio.get_running_loop(), canceller()
    heard: list[None] = []

    def begin_to_stop() -> None:
        stop.set()
        said()

    def handle() -> None:
        if heard:
            cancel()
            return
        heard.append(None)
        # Not here, where a line may be half printed.
        loop.call_soon_threadsafe(begin_to_stop)

    with handling(handle):
        yield stop


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
