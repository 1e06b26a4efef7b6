"""Looking at a queue: how full it is, what stands in it, and what stands last."""

from collections.abc import AsyncIterator, Mapping, Sequence
from math import ceil
from typing import Any

import attrs

from allo_async._sending.call_limits import UNLIMITED, CallLimits
from allo_async._sending.in_flight import InFlightRequest
from allo_async._sending.session import LoopSession
from allo_async._wire.answers import QueuePage, read_page
from allo_async._wire.assignee import Assignee
from allo_async._wire.queue_end import QueueEnd
from allo_async._wire.requests import LARGEST_PAGE, page_request
from allo_async.models import QueueNumber, QueueSettings, QueueState

# A queue that is being called moves up now and then; it seldom does so in each of these.
_LOOKS = 4


async def read_state(session: LoopSession, assignee: Assignee, limits: CallLimits = UNLIMITED) -> QueueState:
    """Ask how full the queue of *assignee* is: one request."""
    return (await _page(session, assignee, 1, limits, size=1)).state


async def read_numbers(
    session: LoopSession, assignee: Assignee, limits: CallLimits = UNLIMITED
) -> AsyncIterator[QueueNumber]:
    """Read the queue of *assignee* page by page, in order; entries that come in at its end meanwhile are read too."""
    page = 1
    while True:
        found = await _page(session, assignee, page, limits)
        for number in found.numbers():
            yield number
        if not found.has_more or not found.entries:
            return
        page += 1


async def read_queued(session: LoopSession, assignee: Assignee, limits: CallLimits = UNLIMITED) -> list[str]:
    """Read the numbers in the queue of *assignee*, in E.164."""
    return [number.number_to async for number in read_numbers(session, assignee, limits)]


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
    """Return the last page of a queue that was as *state* tells, and how many entries stand before it."""
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
        while page.has_more and page.entries and not shrank:
            number += 1
            following = await _page(session, assignee, number, limits)
            shrank = following.state.size < page.state.size
            entries += following.entries
            page = following
        if not shrank and (page is first or await _begins_with(session, assignee, first, limits)):
            return page.state.settings, entries
    return None


async def _begins_with(session: LoopSession, assignee: Assignee, first: QueuePage, limits: CallLimits) -> bool:
    """Tell whether the queue still begins as it did: reps call, and take off, from its front."""
    again = await _page(session, assignee, 1, limits)
    return [_identity(entry) for entry in again.entries] == [_identity(entry) for entry in first.entries]


def _identity(entry: Mapping[str, Any]) -> tuple[Any, Any]:
    return entry["number_to"], entry.get("created_at")


async def _page(
    session: LoopSession, assignee: Assignee, page: int, limits: CallLimits, *, size: int = LARGEST_PAGE
) -> QueuePage:
    request = InFlightRequest(page_request(assignee, page=page, size=size), read_page)
    found = await session.sender.send(request, limits)
    # A queue that holds more than was believed proves that it can.
    session.server_limits.queue_counted(found.state.size)
    return attrs.evolve(found, state=attrs.evolve(found.state, capacity=session.server_limits.queue_capacity))
