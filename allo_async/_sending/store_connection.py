"""The way to the stores: the process's own memory, and the one that it shares with other processes.

A circuit breaker: a shared store that does not answer in time counts as lost until it is back.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable
from typing import Any, TypeVar

from allo_async._coordination.state import State
from allo_async._coordination.store import Answer, MemoryStore, Store, Wakeup, Work
from allo_async._sending.call_limits import cancel_and_wait
from allo_async.causes import bare
from allo_async.clock import Clock
from allo_async.errors import CoordinationLostError
from allo_async.events import CoordinationLost, CoordinationRegained, Event

_log = logging.getLogger(__name__)

# Real seconds, whatever the client's clock does: a store answers in a millisecond, or something is wrong.
_ANSWER = 1.0

# Real seconds for which an answer still counts that came while the event loop was kept busy.
_HEARING = 0.1

# Real seconds between looks whether the store is back.
_MENDING = 0.5

_Result = TypeVar("_Result")


class StoreConnection:
    """Asks the stores, for all clients of a key on one event loop. The first question opens the shared one.

    Args:
        local: The store of this process.
        open_store: Makes the store that other processes share; `None` where there is none.
        clock: Measures how long to wait for a wake-up.
        raises: Whether a lost store is an error; otherwise there is a warning, and the process's own store has to do.

    Attributes:
        local: The store of this process.
        emit: Called with an event when the shared store is lost, and when it is back.
    """

    def __init__(
        self, local: MemoryStore, open_store: Callable[[], Store] | None = None, *, clock: Clock, raises: bool = False
    ) -> None:
        self.local = local
        self._open_store = open_store
        self._clock = clock
        self._raises = raises
        self.emit: Callable[[Event], None] = lambda _: None
        self._store: Store | None = None
        self._lost: CoordinationLostError | None = None
        self._mending: asyncio.Task[None] | None = None
        self._telling: set[asyncio.Task[Any]] = set()
        self._closing: set[asyncio.Task[Any]] = set()
        self._questions = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def is_shared(self) -> bool:
        """Whether other processes share a store with this one."""
        return self._open_store is not None

    @property
    def lease(self) -> float:
        """Seconds that a lock of the shared store lasts unless it is renewed."""
        return self._opened().lease

    async def ask(self, work: Work[Answer]) -> Answer | None:
        """Do *work* on the shared store; `None` where there is none, or it is lost.

        Raises:
            CoordinationLostError: The store is lost, and that is an error.
        """
        if not self.is_shared:
            return None
        store, lost = self._opened(), self._lost
        if lost is None:
            try:
                with self._asking():
                    async with _in_time():
                        return await store.transact(work)
            except asyncio.CancelledError as error:
                # The frames of a connection that is being made hold its password.
                bare(error)
                raise
            except store.failures as error:
                lost = self._lose(store, error)
        if self._raises:
            raise CoordinationLostError(str(lost)) from lost.__cause__
        return None

    def tell(self, work: Work[Answer], *, after: asyncio.Task[Any] | None = None) -> asyncio.Task[Answer | None] | None:
        """Do *work* on the shared store in the background, *after* another task where that matters."""
        if not self.is_shared:
            return None

        async def run() -> Answer | None:
            if after is not None:
                await asyncio.wait({after})
            with contextlib.suppress(CoordinationLostError):
                return await self.ask(work)
            return None

        return self._spawn(run(), self._telling)

    def bells(self, name: str) -> list[Wakeup]:
        """Return the event that wakes the waiters for *name*; to be taken before asking whether it is free."""
        bells: list[Wakeup] = [self.local.bell(name)]
        return [*bells, self._opened().bell(name)] if self.is_shared else bells

    async def nap(self, bells: Iterable[Wakeup], seconds: float) -> None:
        """Wait for one of *bells*, but no longer than *seconds*: a wake-up may be lost."""
        naps = [asyncio.ensure_future(bell.wait()) for bell in bells]
        naps.append(asyncio.ensure_future(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(naps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel_and_wait(*naps)

    async def close(self) -> None:
        """Finish what is under way, and close the shared store; the next question opens it again.

        A cancellation meanwhile closes it at once.
        """
        if self._store is None:
            return
        try:
            while self._telling or self._questions:
                await (asyncio.wait(self._telling) if self._telling else self._quiet.wait())
        finally:
            running, store = [self._mending, *self._telling], self._store
            self._mending = self._store = self._lost = None
            # Goes on also where this is cancelled.
            await asyncio.shield(self._spawn(_close(store, running), self._closing))

    def _opened(self) -> Store:
        if self._store is None:
            assert self._open_store is not None  # noqa: S101 - for the type checker
            self._store = self._open_store()
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
        bare(error)
        why = f"no answer within {_ANSWER:g} s" if isinstance(error, TimeoutError) else str(error)
        lost = CoordinationLostError(f"the coordination with other processes is lost: {why}")
        lost.__cause__ = error
        # A failure since the store was closed says nothing of the one that is in use.
        if self._lost is None and store is self._store:
            self._lost = lost
            if not self._raises:
                _log.warning("%s; going on with this process's own limits and locks", lost)
            self.emit(CoordinationLost(reason=why))
            self._mending = asyncio.create_task(self._mend(store))
        return lost

    async def _mend(self, store: Store) -> None:
        while store is self._store:
            await asyncio.sleep(_MENDING)
            with contextlib.suppress(*store.failures):
                async with _in_time():
                    # A store may answer and refuse to write, as a full one does.
                    await store.transact(_write)
                break
        if store is self._store:
            self._lost = None
            _log.info("the coordination with other processes is back")
            self.emit(CoordinationRegained())

    @staticmethod
    def _spawn(work: Coroutine[Any, Any, _Result], among: set[asyncio.Task[Any]]) -> asyncio.Task[_Result]:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)
        return task


def _write(state: State, now: float) -> None:
    """Change the state, so that it is written."""
    state.at = now


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
