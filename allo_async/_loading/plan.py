"""The plan of a load: the same arithmetic, and no write."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil

from allo_async._loading.allocate import Allocation, Weighed, allocate, weigh
from allo_async._loading.feeder import take_all
from allo_async._loading.prepare import Preparer
from allo_async._loading.rows import Chunk, Rows
from allo_async._loading.tail import known_end, read_queued, read_state
from allo_async._sending.session import LoopSession
from allo_async._wire.requests import LARGEST_PAGE
from allo_async.choices import SpreadStrategy
from allo_async.models import Assignee, Plan, PlannedRequest, QueueState

_LOOK = PlannedRequest("GET")


# A row by its weight: a plan needs no more of it.
_WEIGHED = ((None, 0), (None, 1))


class _Taken:
    """The rows of a plan, as far as it needs them.

    Attributes:
        weighed: A weight for each row that would be sent.
        skipped: How many rows would not be sent, by reason.
    """

    def __init__(self) -> None:
        self.weighed: list[Weighed[None]] = []
        self.skipped = Counter[str]()

    async def look(self, chunk: Chunk) -> None:
        """Take *chunk*."""
        self.weighed += [_WEIGHED[weight] for _, weight in await weigh(chunk.rows)]
        self.skipped.update(row.reason for row in chunk.skipped)

    def plan(self, room: int, requests: tuple[PlannedRequest, ...]) -> Plan:
        """Return the plan of *requests* to queues with *room* in all."""
        sent = sum(request.rows for request in requests if not request.refused)
        return Plan(
            rows=len(self.weighed) + self.skipped.total(),
            skipped=dict(self.skipped.most_common()),
            room=room,
            pending=len(self.weighed) - sent,
            requests=requests,
        )


async def plan_append(
    session: LoopSession, assignee: Assignee, rows: Rows, preparer: Preparer, *, chunk_size: int, skip_queued: bool
) -> Plan:
    """Plan the append of *rows*: what it would look at, and its chunks."""
    pages = await _leave_out(session, assignee, preparer) if skip_queued else 0
    taken = _Taken()
    await take_all(rows, preparer, taken.look)
    state = await read_state(session, assignee)
    looks = pages + (0 if known_end(session, assignee) is not None or not taken.weighed else _looks(state))
    appends = _append(taken.weighed, state.room, chunk_size)
    return taken.plan(state.room, (*[_LOOK] * looks, *appends))


async def plan_spread(
    session: LoopSession,
    assignees: Sequence[Assignee],
    rows: Rows,
    preparer: Preparer,
    *,
    strategy: SpreadStrategy,
    chunk_size: int,
    skip_queued: bool,
) -> Plan:
    """Plan the spread of *rows*: a look at each queue, then each queue's chunks."""
    states = await asyncio.gather(*(read_state(session, assignee) for assignee in assignees))
    looks = sum(map(_looks, states))
    if skip_queued:
        looks += sum(await asyncio.gather(*(_leave_out(session, assignee, preparer) for assignee in assignees)))
    taken = _Taken()
    await take_all(rows, preparer, taken.look)
    allocations = [Allocation[None](0, state.room) for state in states]
    await allocate(taken.weighed, allocations, strategy)
    requests = [_LOOK] * looks
    for allocation in allocations:
        sizes = range(0, len(allocation.rows), chunk_size)
        requests += [PlannedRequest("POST", len(allocation.rows[start : start + chunk_size])) for start in sizes]
    return taken.plan(sum(state.room for state in states), tuple(requests))


def _looks(state: QueueState) -> int:
    """Return how many requests it takes to see what stands last in a queue."""
    return 1 if state.size <= LARGEST_PAGE else 2


async def _leave_out(session: LoopSession, assignee: Assignee, preparer: Preparer) -> int:
    """Read the numbers in a queue, for *preparer* to skip, and return how many pages that took."""
    queued = await read_queued(session, assignee)
    preparer.leave_out(queued)
    return max(1, ceil(len(queued) / LARGEST_PAGE))


def _append(rows: Sequence[Weighed[None]], room: int, chunk_size: int) -> Iterator[PlannedRequest]:
    """Go the way of the loader: whole chunks until one is refused, then what its look at the queue says."""
    for start in range(0, len(rows), chunk_size):
        chunk = rows[start : start + chunk_size]
        if _weight(chunk) <= room:
            yield PlannedRequest("POST", len(chunk))
            room -= _weight(chunk)
            continue
        yield PlannedRequest("POST", len(chunk), refused=True)
        yield _LOOK
        while room > 0 and chunk:
            batch, chunk = chunk[:room], chunk[room:]
            yield PlannedRequest("POST", len(batch))
            room -= _weight(batch)
        return


def _weight(rows: Sequence[Weighed[None]]) -> int:
    return sum(weight for _, weight in rows)
