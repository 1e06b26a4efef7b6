"""Looking at a queue: how full it is, and what stands in it."""

from collections.abc import AsyncIterator

from allo_async._sending.lane import Lane
from allo_async._sending.sender import Delivery
from allo_async._wire.answers import QueuePage, read_page
from allo_async._wire.assignee import Assignee
from allo_async._wire.requests import LARGEST_PAGE, page_request
from allo_async.models import QueueNumber, QueueState


async def read_state(lane: Lane, assignee: Assignee, *, give_up_at: float | None = None) -> QueueState:
    """Ask how full the queue of *assignee* is: one request."""
    return (await _page(lane, assignee, page=1, size=1, give_up_at=give_up_at)).state


async def read_numbers(lane: Lane, assignee: Assignee) -> AsyncIterator[QueueNumber]:
    """Read the queue of *assignee* page by page, in order; entries that come in at its end meanwhile are read too."""
    page = 1
    while True:
        found = await _page(lane, assignee, page=page, size=LARGEST_PAGE, give_up_at=None)
        for number in found.numbers:
            yield number
        if not found.has_more or not found.numbers:
            return
        page += 1


async def read_queued(lane: Lane, assignee: Assignee) -> list[str]:
    """Read the numbers in the queue of *assignee*, in E.164."""
    return [number.number_to async for number in read_numbers(lane, assignee)]


async def _page(lane: Lane, assignee: Assignee, *, page: int, size: int, give_up_at: float | None) -> QueuePage:
    delivery = Delivery(page_request(assignee, page=page, size=size))
    return await lane.sender.send(delivery, read_page, give_up_at=give_up_at)
