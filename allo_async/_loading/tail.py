"""Reading a queue: how full it is, what stands in it, and its tail, which an append has to know."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import timedelta
from math import ceil
from typing import Any

import attrs

from allo_async._sending.call_limits import UNLIMITED, CallLimits, StoppedError
from allo_async._sending.in_flight import InFlightRequest
from allo_async._sending.queue_locks import Identity
from allo_async._sending.session import LoopSession
from allo_async._wire.answers import (
    AppendReply,
    ClockReading,
    Entry,
    KnownEnd,
    QueueEnd,
    QueuePage,
    positions,
    read_page,
)
from allo_async._wire.requests import LARGEST_PAGE, page_request
from allo_async.errors import (
    AlloError,
    AssigneeNotFoundError,
    AuthenticationError,
    ClientClosedError,
    DeadlineExceededError,
    RateLimitedError,
)
from allo_async.models import Assignee, QueueNumber, QueueSettings, QueueState

_NO_DIGIT = re.compile(r"[^+\d]")

# A queue that is being called moves up now and then; it seldom does so in each of these.
_LOOKS = 4


async def read_state(session: LoopSession, assignee: Assignee, limits: CallLimits = UNLIMITED) -> QueueState:
    """Ask how full the queue of *assignee* is: one request."""
    return (await _page(session, assignee, 1, limits, size=1)).state


async def read_numbers(
    session: LoopSession, assignee: Assignee, limits: CallLimits = UNLIMITED
) -> AsyncIterator[QueueNumber]:
    """Read the queue of *assignee* page by page, in order; entries that come in at its end meanwhile are read too."""
    page, before = 1, list[Mapping[str, Any]]()
    while True:
        found = await _page(session, assignee, page, limits)
        # A server, or a proxy, that repeats a page has no end.
        if page > 1 and found.entries == before:
            return
        for number in found.numbers():
            yield number
        if not found.has_more:
            return
        page, before = page + 1, list(found.entries)


async def read_queued(session: LoopSession, assignee: Assignee, limits: CallLimits = UNLIMITED) -> list[str]:
    """Read the numbers in the queue of *assignee*, in E.164."""
    return [_NO_DIGIT.sub("", number.number_to) async for number in read_numbers(session, assignee, limits)]


async def read_end(
    session: LoopSession, assignee: Assignee, limits: CallLimits = UNLIMITED
) -> tuple[QueuePage, QueueEnd]:
    """Read the first page of a queue and what stands last: a request, or two where it has more than a page."""
    first = page = await _page(session, assignee, 1, limits)
    state, begin = first.state, 0
    queue_id = state.settings.id if state.settings is not None else None
    if page.has_more:
        page, begin = await _last_page(session, assignee, state, limits)
    if not page.entries:
        return first, QueueEnd(exists=page.state.settings is not None, queue_id=queue_id)
    # Of what came in between the two, nothing stood last at the first.
    stood_last = state.size - begin - 1
    return first, QueueEnd.at(page.entries[min(stood_last, len(page.entries) - 1)], queue_id)


async def read_last(
    session: LoopSession, assignee: Assignee, end: QueueEnd | None, limits: CallLimits
) -> tuple[QueueState, bool]:
    """Read how full the queue is, and whether the entry of *end* certainly is the last one still.

    It is looked for where it stood, and where the last one must be by the queue's count.
    """
    number = 1 if end is None or end.position is None else end.position // LARGEST_PAGE + 1
    page = await _page(session, assignee, number, limits)
    if page.has_more or (page.state.size and not page.entries):
        page, _ = await _last_page(session, assignee, page.state, limits)
    if end is None or page.has_more:
        return page.state, False
    if end.number_to is None:
        return page.state, not page.state.size
    return page.state, bool(page.entries) and end.place_in(page.entries) == len(page.entries) - 1


async def _last_page(
    session: LoopSession, assignee: Assignee, state: QueueState, limits: CallLimits
) -> tuple[QueuePage, int]:
    """Return the last page of a queue that was as *state* says, and how many entries stand before it."""
    looks = 0
    while True:
        number, looks = max(1, ceil(state.size / LARGEST_PAGE)), looks + 1
        page = await _page(session, assignee, number, limits)
        # A queue that is being called may have fewer pages by the time that its last one is read.
        if page.entries or not page.state.size or looks == _LOOKS:
            return page, (number - 1) * LARGEST_PAGE
        state = page.state


async def read_whole(
    session: LoopSession, assignee: Assignee, limits: CallLimits = UNLIMITED
) -> tuple[QueueSettings | None, Sequence[Mapping[str, Any]]] | None:
    """Read what the queue is set to, if there is one, and all of its entries.

    It is `None` where entries were taken off meanwhile each time. Whatever is taken off moves the rest up, and what
    moves up to a page that was read already is not seen.
    """
    for _ in range(_LOOKS):
        first = page = await _page(session, assignee, 1, limits)
        entries, number, shrank = list(page.entries), 1, False
        while page.has_more and not shrank and len(entries) < page.state.size:
            number += 1
            following = await _page(session, assignee, number, limits)
            shrank = following.state.size < page.state.size
            entries += following.entries
            page = following
        if not shrank and (page is first or await _begins_with(session, assignee, first, limits)):
            return page.state.settings, entries
    return None


async def _begins_with(session: LoopSession, assignee: Assignee, first: QueuePage, limits: CallLimits) -> bool:
    """Return whether the queue still begins as it did: reps call, and take off, from its front."""
    again = await _page(session, assignee, 1, limits)
    return [_identity(entry) for entry in again.entries] == [_identity(entry) for entry in first.entries]


def _identity(entry: Mapping[str, Any]) -> tuple[Any, Any]:
    return entry["number_to"], entry.get("created_at")


async def _page(
    session: LoopSession, assignee: Assignee, page: int, limits: CallLimits, *, size: int = LARGEST_PAGE
) -> QueuePage:
    request = InFlightRequest(page_request(assignee, page=page, size=size), read_page(page, size))
    found = await session.sender.send(request, limits)
    # A queue that holds more than was believed proves that it can.
    session.server_limits.queue_counted(found.state.size)
    return attrs.evolve(found, state=attrs.evolve(found.state, capacity=session.server_limits.queue_capacity))


#: Seconds for which a tail is trusted, because no event announces the appends of others.
FRESH = timedelta(minutes=1).total_seconds()

# A read that keeps failing must not hold up an append for as long as it could be retried.
_LOOK_SECONDS = 10.0

#: Seconds. A tail that was read so long before an attempt says little unless the server's clock is known exactly.
LONG_BEFORE = 2.5

#: Errors of a read that the caller wants to end.
ENDS = (ClientClosedError, DeadlineExceededError, StoppedError)

# The append would end in the same way.
_RAISED = (*ENDS, AssigneeNotFoundError, AuthenticationError, RateLimitedError)


def look_limits(session: LoopSession, limits: CallLimits) -> CallLimits:
    """Return *limits* for a read without which an append can go on."""
    return attrs.evolve(limits, retry_until=session.observers.now() + _LOOK_SECONDS)


def known_end(session: LoopSession, assignee: Assignee) -> KnownEnd | None:
    """Return what stands last in a queue, `None` if that is not known, or was seen too long ago."""
    known = session.tails.get(session.locks.identity(assignee))
    if known is None:
        return None
    # If only a `Date` shows the server's clock, dates of entries do not show which were added meanwhile.
    trusted_for = FRESH if known.is_dated else LONG_BEFORE
    return known if session.observers.now() - known.at < trusted_for else None


class QueueTail:
    """The tail of one queue, as far as one client knows.

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
        state, known = await self._read(self._limits)
        lock = self._session.locks.of(self._assignee)
        async with self._limits.stop.ends():
            await lock.acquire()
        try:
            # An append that ran meanwhile knows better, or has left rows in doubt.
            if not was_busy and self._session.tails.get(self._identity) is before:
                self._remember(known)
        finally:
            lock.release()
        return state.room

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
            _, known = await self._read(look_limits(self._session, self._limits))
        except _RAISED:
            raise
        except AlloError:
            return None
        self._remember(known)
        return known

    def appended(
        self,
        before: KnownEnd | None,
        reply: AppendReply,
        delivery: InFlightRequest[AppendReply],
        added: Sequence[Entry],
        end: QueueEnd | None,
    ) -> None:
        """Learn from the *reply* to an append what stands last now.

        Args:
            before: The last entries before it.
            reply: The reply.
            delivery: The append.
            added: The reply's entries that answer rows of the append.
            end: The last of those, `None` if nothing shows which it is.
        """
        now = self._session.observers.now()
        if reply.recovered or len(added) < len(reply.added):
            # It shows a moment that is over, and others may have appended since.
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
        forget_tails(self._session, self._assignee)

    async def _read(self, limits: CallLimits) -> tuple[QueueState, KnownEnd]:
        began = self._session.observers.now()
        page, end = await read_end(self._session, self._assignee, limits)
        now = self._session.observers.now()
        state = page.state
        if state.settings is not None and not self._session.locks.is_known(self._assignee):
            self._session.locks.learn(self._assignee, state.settings.assignee_id)
        # Entries show the clock that dates them more exactly.
        clock = self._session.key_state.clock or ClockReading.of_header(page.date, earliest=began, latest=now)
        return state, KnownEnd(end, began, clock)

    def _remember(self, known: KnownEnd) -> None:
        state = self._session.key_state
        forget_tails(self._session, self._assignee)
        state.tails[self._identity] = known
        if known.is_dated:
            state.clock = known.clock

    @property
    def _identity(self) -> Identity:
        return self._session.locks.identity(self._assignee)


def forget_tails(session: LoopSession, *assignees: Assignee) -> None:
    """Forget the tails of the queues of *assignees*, under all of their names."""
    for own in map(session.locks.identity, assignees):
        for identity in list(session.tails):
            if identity == own or session.locks.may_be_same(identity, own):
                del session.tails[identity]


def _follows(before: KnownEnd | None, added: Iterable[Entry]) -> bool:
    """Return whether *added* stands where it must if nobody else has changed the queue."""
    expected = None if before is None else before.end.following
    return expected is None or expected == min(positions(added))
