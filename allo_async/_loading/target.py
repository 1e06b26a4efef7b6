"""The queue that rows go to: whose it is, under whichever name, and what stands last in it."""

import contextlib
from collections.abc import AsyncGenerator, Iterable

from allo_async._loading.mark import Mark
from allo_async._loading.queue_reads import read_end
from allo_async._sending.call_limits import CallLimits
from allo_async._sending.queue_locks import Identity
from allo_async._sending.session import LoopSession
from allo_async._wire.assignee import Assignee
from allo_async._wire.queue_end import Entry, QueueEnd
from allo_async.models import QueueState


class Target:
    """A queue, as far as one client knows it.

    Args:
        session: Carries the looks, and keeps what they found.
        assignee: Whose queue it is.
        limits: How long a look may take.
    """

    def __init__(self, session: LoopSession, assignee: Assignee, limits: CallLimits) -> None:
        self._session = session
        self._assignee = assignee
        self._limits = limits

    async def look(self) -> int:
        """Tell how much room there is, and remember what stands last."""
        state, end = await read_end(self._session, self._assignee, self._limits)
        self._learn(state)
        async with self._session.locks.of(self._assignee):
            # Who had the turn meanwhile knows better.
            self._session.ends.setdefault(self._identity, end)
        return state.room

    @contextlib.asynccontextmanager
    async def marked(self) -> AsyncGenerator[Mark]:
        """Mark what stands last before a block; it is looked at once, and known from the answers afterwards."""
        known = self._session.ends.get(self._identity)
        if known is not None:
            yield Mark(known)
            return
        async with Mark.looked_for(self._end, self._session.observers.now) as mark:
            yield mark

    def added(self, entries: Iterable[Entry]) -> None:
        """Note what was added at the end."""
        end = QueueEnd.behind(entries)
        if end is not None:
            self._session.ends[self._identity] = end

    @property
    def identified(self) -> bool:
        """Whether it is known whose queue it is, as far as that matters."""
        return self._session.locks.is_known(self._assignee)

    async def come_to_know(self) -> None:
        """Find out whose queue it is, and wait for those who may be appending to the same under another name."""
        turns = self._session.locks
        turns.use(self._assignee)
        if not turns.perhaps_the_same(self._assignee):
            return
        await self.identify()
        with self._session.observers.timed_wait("turn"):
            for turn in turns.perhaps_the_same(self._assignee):
                # Who has it now finds out whose queue that is before giving it back.
                async with turn:
                    pass
        await self.identify()

    async def identify(self) -> None:
        """Find out whose queue it is, where it may be in use under another name; nobody knows before it exists."""
        turns = self._session.locks
        if turns.is_known(self._assignee):
            return
        # Those who ask at the same time ask once.
        async with turns.question(self._assignee):
            if not turns.is_known(self._assignee):
                state, end = await read_end(self._session, self._assignee, self._limits)
                self._learn(state)
                self._session.ends.setdefault(self._identity, end)

    async def _end(self) -> QueueEnd:
        # A chunk under way may need it to be settled, though its caller asks to end.
        _, end = await read_end(self._session, self._assignee, self._limits.unstoppable)
        # An answer that came meanwhile knows better.
        return self._session.ends.setdefault(self._identity, end)

    @property
    def _identity(self) -> Identity:
        return self._session.locks.identity(self._assignee)

    def _learn(self, state: QueueState) -> None:
        if state.settings is not None and not self._session.locks.is_known(self._assignee):
            self._session.locks.learn(self._assignee, state.settings.assignee_id)
