"""The way to the store: a question is answered in time, or the link counts as lost until the store is back."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Iterable
from typing import Any, TypeVar

from allo_async._coordination.store import Bell, Store
from allo_async._sending.call_limits import cancel_and_wait
from allo_async.clock import Clock
from allo_async.errors import CoordinationLostError
from allo_async.events import CoordinationLost, CoordinationRegained, Event

_log = logging.getLogger(__name__)

# Real seconds, whatever the client's clock does: a store answers in a millisecond, or something is wrong.
_ANSWER = 1.0

# Real seconds for which an answer is still heard that came while the event loop was kept busy.
_HEARING = 0.1

# Real seconds between looks whether the store is back.
_MENDING = 0.5

_Answer = TypeVar("_Answer")


class Link:
    """Asks the store, for all clients of a key on one event loop. It is opened by the first question.

    Args:
        opened: Makes the store.
        clock: Measures how long to wait for a bell.
        raises: Whether a lost link is an error; otherwise there is a warning, and no answer.

    Attributes:
        tell_of: Is told when the link is lost, and when it is back.
    """

    def __init__(self, opened: Callable[[], Store], *, clock: Clock, raises: bool) -> None:
        self._opened = opened
        self._clock = clock
        self._raises = raises
        self.tell_of: Callable[[Event], None] = lambda _: None
        self._store: Store | None = None
        self._lost: CoordinationLostError | None = None
        self._mending: asyncio.Task[None] | None = None
        self._telling: set[asyncio.Task[Any]] = set()
        self._closing: set[asyncio.Task[Any]] = set()
        self._questions = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def ask(self, question: Callable[[Store], Awaitable[_Answer]]) -> _Answer | None:
        """Ask the store, and give its answer; `None` where there is none since the link is lost.

        Raises:
            CoordinationLostError: The link is lost, and that is an error.
        """
        store, lost = self._open(), self._lost
        if lost is None:
            try:
                with self._asking():
                    async with _in_time():
                        return await question(store)
            except store.failures as error:
                lost = self._lose(store, error)
        if self._raises:
            raise CoordinationLostError(str(lost)) from lost.__cause__
        return None

    def tell(
        self, what: Callable[[Store], Awaitable[_Answer]], *, after: asyncio.Task[Any] | None = None
    ) -> asyncio.Task[_Answer | None]:
        """Ask in the background, *after* another task where that matters; give the answer, `None` for none."""

        async def run() -> _Answer | None:
            if after is not None:
                await asyncio.wait({after})
            with contextlib.suppress(CoordinationLostError):
                return await self.ask(what)
            return None

        return self._spawn(run(), self._telling)

    def bell(self, name: str) -> Bell:
        """Give what rings when *name* may have become free; to be taken before asking whether it is."""
        return self._open().bell(name)

    async def nap(self, bell: Bell, seconds: float) -> None:
        """Wait for *bell*, but no longer than *seconds*: a ring may be lost."""
        naps = [asyncio.ensure_future(bell.wait()), asyncio.ensure_future(self._clock.sleep(seconds))]
        try:
            await asyncio.wait(naps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel_and_wait(*naps)

    async def hang_up(self) -> None:
        """Say what is still to be said, and close; the next question opens the link again.

        Who is cancelled meanwhile closes at once, with that unsaid.
        """
        try:
            while self._telling or self._questions:
                await (asyncio.wait(self._telling) if self._telling else self._quiet.wait())
        finally:
            running, store = [self._mending, *self._telling], self._store
            self._mending = self._store = self._lost = None
            # Goes on also where this is cancelled.
            await asyncio.shield(self._spawn(_close(store, running), self._closing))

    def _open(self) -> Store:
        if self._store is None:
            self._store = self._opened()
        return self._store

    @contextlib.contextmanager
    def _asking(self) -> Generator[None]:
        self._questions += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._questions -= 1
            if not self._questions:
                self._quiet.set()

    def _lose(self, store: Store, error: Exception) -> CoordinationLostError:
        why = f"no answer within {_ANSWER:g} s" if isinstance(error, TimeoutError) else str(error)
        lost = CoordinationLostError(f"the coordination with other processes is lost: {why}")
        lost.__cause__ = error
        # What fails since its store was closed says nothing of the one that is in use.
        if self._lost is None and store is self._store:
            self._lost = lost
            if not self._raises:
                _log.warning("%s; going on with this process's own pace and turns", lost)
            self.tell_of(CoordinationLost(reason=why))
            self._mending = asyncio.create_task(self._mend(store))
        return lost

    async def _mend(self, store: Store) -> None:
        while store is self._store:
            await asyncio.sleep(_MENDING)
            with contextlib.suppress(*store.failures):
                async with _in_time():
                    # A store may answer and refuse to write, as a full one does.
                    await store.hold(0)
                break
        if store is self._store:
            self._lost = None
            _log.info("the coordination with other processes is back")
            self.tell_of(CoordinationRegained())

    @staticmethod
    def _spawn(work: Coroutine[Any, Any, _Answer], among: set[asyncio.Task[Any]]) -> asyncio.Task[_Answer]:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)
        return task


async def _close(store: Store | None, running: Iterable[asyncio.Task[Any] | None]) -> None:
    await cancel_and_wait(*running)
    if store is not None:
        await store.close()


@contextlib.asynccontextmanager
async def _in_time() -> AsyncGenerator[None]:
    """Bound a block to the time within which a store answers; a loop that was kept busy is not the store's fault.

    Raises:
        TimeoutError: It took longer.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as scope:
        over = loop.call_later(_ANSWER, lambda: scope.reschedule(loop.time() + _HEARING))
        try:
            yield
        finally:
            over.cancel()
