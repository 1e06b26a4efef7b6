"""The tail of a queue: read before the first append, and again as soon as anybody else may have written behind it."""

import contextlib
from collections.abc import AsyncGenerator, Iterable
from datetime import timedelta

import attrs

from allo_async._loading.queue_reads import read_end, read_state
from allo_async._sending.call_limits import UNLIMITED, CallLimits
from allo_async._sending.in_flight import InFlightRequest
from allo_async._sending.queue_locks import Identity
from allo_async._sending.session import LoopSession
from allo_async._sending.stop import StoppedError
from allo_async._wire.answers import AppendReply, read_list
from allo_async._wire.assignee import Assignee
from allo_async._wire.queue_end import ClockReading, Entry, KnownEnd, QueueEnd
from allo_async._wire.requests import users_request
from allo_async.errors import (
    AlloError,
    ApiError,
    AssigneeNotFoundError,
    AuthenticationError,
    ClientClosedError,
    DeadlineExceededError,
    RateLimitedError,
)
from allo_async.models import User

# Nothing tells of what others append, so that what is known of a tail is not taken on trust for longer.
_FRESH = timedelta(minutes=1).total_seconds()

# A read that keeps failing must not hold up an append for as long as it could be retried.
_LOOK_SECONDS = 10.0

# The caller wants it to end.
_ENDS = (ClientClosedError, DeadlineExceededError, StoppedError)

# The append would end in the same way.
_RAISED = (*_ENDS, AssigneeNotFoundError, AuthenticationError, RateLimitedError)


def known_end(session: LoopSession, assignee: Assignee) -> KnownEnd | None:
    """Return what stands last in a queue, `None` if that is not known, or was seen too long ago."""
    known = session.tails.get(session.locks.identity(assignee))
    return known if known is not None and session.observers.now() - known.at < _FRESH else None


class QueueTail:
    """The tail of one queue, and whose queue that is, as far as one client knows.

    Args:
        session: Carries the reads, and keeps what they found.
        assignee: Whose queue it is.
        limits: How long a read may take.
    """

    def __init__(self, session: LoopSession, assignee: Assignee, limits: CallLimits) -> None:
        self._session = session
        self._assignee = assignee
        self._limits = limits

    async def look(self) -> int:
        """Return how much room there is, and remember what stands last."""
        was_busy, before = self._session.locks.of(self._assignee).locked(), self._session.tails.get(self._identity)
        room, known = await self._read(self._limits)
        async with self._session.locks.of(self._assignee):
            # An append that ran meanwhile knows better, or has left rows in doubt.
            if not was_busy and self._session.tails.get(self._identity) is before:
                self._remember(known)
        return room

    async def known(self) -> KnownEnd | None:
        """Return what stands last, reading it if need be; `None` if it cannot be read. The queue's lock is held.

        Raises:
            AlloError: The append would fail as this read did.
        """
        known = known_end(self._session, self._assignee)
        if known is not None:
            return known
        self.forget()
        try:
            _, known = await self._read(self._look_limits())
        except _RAISED:
            raise
        except AlloError:
            return None
        self._remember(known)
        return known

    def appended(
        self, before: KnownEnd | None, reply: AppendReply, delivery: InFlightRequest[AppendReply], added: list[Entry]
    ) -> None:
        """Learn from the *reply* to an append what stands last now.

        Args:
            before: What stood last before it.
            reply: The reply.
            delivery: The append.
            added: The reply's entries that answer rows of the append.
        """
        now = self._session.observers.now()
        end = QueueEnd.behind(added, before.end.queue_id if before else None)
        if reply.recovered or len(added) < len(reply.added):
            # It tells of a moment that is over, and others may have appended since.
            self.forget()
        elif end is not None:
            began = delivery.began.monotonic if delivery.began is not None else None
            clock = None if began is None else ClockReading.of_entries(added, earliest=began, latest=now)
            if _follows(before, added):
                self._remember(KnownEnd(end, now, clock))
            else:
                self.forget()

    def forget(self) -> None:
        """Forget what stands last."""
        forget_ends(self._session, self._assignee)

    @property
    def identified(self) -> bool:
        """Whether it is known whose queue it is, as far as that matters."""
        return self._session.locks.is_known(self._assignee)

    async def come_to_know(self) -> None:
        """Find out whose queue it is, and wait for those who may be appending to the same under another name."""
        locks = self._session.locks
        locks.use(self._assignee)
        if locks.perhaps_the_same(self._assignee):
            await self._ask_team()
        if not locks.perhaps_the_same(self._assignee):
            return
        await self.identify()
        with self._session.observers.timed_wait("turn"):
            for lock in locks.perhaps_the_same(self._assignee):
                # Whose queue that is, its holder finds out before giving it back.
                async with lock:
                    pass
        await self.identify()

    async def identify(self) -> None:
        """Find out whose queue it is, where it may be in use under another name; nobody knows before it exists."""
        locks = self._session.locks
        if locks.is_known(self._assignee):
            return
        # Those who ask at the same time ask once.
        async with locks.question(self._assignee):
            if not locks.is_known(self._assignee):
                state = await read_state(self._session, self._assignee, self._limits)
                if state.settings is not None:
                    locks.learn(self._assignee, state.settings.assignee_id)

    async def _ask_team(self) -> None:
        """Learn the ids of all e-mail addresses at once, where the key may read the team."""
        locks = self._session.locks
        async with locks.team:
            now = self._session.observers.now()
            if now - locks.team_asked_at < _FRESH or not locks.perhaps_the_same(self._assignee):
                return
            locks.team_asked_at = now
            request = InFlightRequest(users_request(role=None, status=None), read_list(User))
            try:
                users = await self._session.sender.send(request, self._look_limits())
            except _ENDS:
                raise
            except AlloError:
                # Each queue is asked for whose it is instead, once it exists.
                return
        for user in users:
            if user.email:
                locks.learn(Assignee(email=user.email), user.id)

    def _look_limits(self) -> CallLimits:
        return attrs.evolve(self._limits, retry_until=self._session.observers.now() + _LOOK_SECONDS)

    async def _read(self, limits: CallLimits) -> tuple[int, KnownEnd]:
        began = self._session.observers.now()
        page, end = await read_end(self._session, self._assignee, limits)
        now = self._session.observers.now()
        state = page.state
        if state.settings is not None and not self._session.locks.is_known(self._assignee):
            self._session.locks.learn(self._assignee, state.settings.assignee_id)
        # Entries tell the clock that dates them more exactly.
        clock = self._session.key_state.clock or ClockReading.of_header(page.date, earliest=began, latest=now)
        return state.room, KnownEnd(end, began, clock)

    def _remember(self, known: KnownEnd) -> None:
        state = self._session.key_state
        state.tails[self._identity] = known
        if known.clock is not None and not known.clock.slack:
            state.clock = known.clock

    @property
    def _identity(self) -> Identity:
        return self._session.locks.identity(self._assignee)


def forget_ends(session: LoopSession, *assignees: Assignee) -> None:
    """Forget what stands last in the queues of *assignees*, under all of their names."""
    for assignee in assignees:
        if session.locks.is_settled(assignee):
            session.tails.pop(session.locks.identity(assignee), None)
        else:
            # It may be any queue whose name is of another kind.
            session.tails.clear()


@contextlib.asynccontextmanager
async def changing(session: LoopSession, *assignees: Assignee) -> AsyncGenerator[None]:
    """Hold the locks of queues under all of their names while a block changes them, and forget what stood last."""
    for assignee in assignees:
        # The change itself says better why the server refuses to tell whose queue it is.
        with contextlib.suppress(ApiError):
            await QueueTail(session, assignee, UNLIMITED).come_to_know()
    while True:
        names = {session.locks.identity(assignee): assignee for assignee in assignees}
        async with contextlib.AsyncExitStack() as stack:
            # One order for all, so that two who move queues to each other do not wait for each other.
            for name in sorted(names):
                await stack.enter_async_context(session.locks.of(names[name]))
            if names.keys() == set(map(session.locks.identity, assignees)):
                forget_ends(session, *assignees)
                try:
                    yield
                finally:
                    forget_ends(session, *assignees)
                return


def _follows(before: KnownEnd | None, added: Iterable[Entry]) -> bool:
    """Return whether *added* stands where it must if nobody else has changed the queue."""
    if before is None:
        return True
    end = before.end
    expected = 0 if end.number_to is None else None if end.position is None else end.position + 1
    return expected is None or expected == min(
        entry["position"] for entry in added if isinstance(entry.get("position"), int)
    )
