"""Which row goes to which queue: arithmetic over rooms and rows."""

import asyncio
import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import attrs

from allo_async._loading.prepared_rows import PreparedRow
from allo_async._numbers.plans import is_likely
from allo_async.choices import SpreadStrategy
from allo_async.clock import TimeSlice

_Row = TypeVar("_Row")

#: A row, or whatever stands for it, with the room that it takes.
Weighed = tuple[_Row, int]

# So many rows are allocated in well below the time that a stretch of the loop may take.
_STRETCH = 500


@attrs.define
class Allocation(Generic[_Row]):
    """The rows for one queue.

    Attributes:
        count: How many numbers of this load the queue has already.
        room: How many more it holds.
        rows: The rows for it, in input order.
    """

    count: int
    room: int
    rows: list[_Row] = attrs.field(factory=list[_Row])


async def weigh(rows: Iterable[PreparedRow]) -> list[Weighed[PreparedRow]]:
    """Return each row with the room that it will probably take: none if the server will probably skip it."""
    weighed: list[Weighed[PreparedRow]] = []
    time_slice = TimeSlice()
    for row in rows:
        weighed.append((row, int(row.e164 is not None and is_likely(row.e164))))
        if time_slice.over:
            await time_slice.renew()
    return weighed


async def allocate_as_before(
    rows: Sequence[Weighed[PreparedRow]],
    allocations: Sequence[Allocation[PreparedRow]],
    queue_index: Callable[[int], int | None],
) -> None:
    """Allocate weighed *rows* as an earlier run of the load did, as far as room allows; the rest has no queue."""
    time_slice = TimeSlice()
    for row, weight in rows:
        index = queue_index(row.index)
        if index is not None and allocations[index].room > 0:
            allocations[index].rows.append(row)
            allocations[index].room -= weight
        if time_slice.over:
            await time_slice.renew()


async def allocate(
    rows: Sequence[Weighed[_Row]], allocations: Sequence[Allocation[_Row]], strategy: SpreadStrategy
) -> None:
    """Allocate weighed *rows* to queues as far as their room allows; the rest has no queue.

    `even` keeps the counts within one of each other as far as room allows; `fill` fills one queue after another. A row
    that takes no room goes where the next one would.
    """
    order = [
        (allocation.count if strategy == "even" else 0, queue_index)
        for queue_index, allocation in enumerate(allocations)
        if allocation.room > 0
    ]
    heapq.heapify(order)
    for start in range(0, len(rows), _STRETCH):
        for row, weight in rows[start : start + _STRETCH]:
            if not order:
                return
            count, queue_index = order[0]
            allocation = allocations[queue_index]
            allocation.rows.append(row)
            allocation.room -= weight
            if allocation.room <= 0:
                heapq.heappop(order)
            elif strategy == "even":
                heapq.heapreplace(order, (count + weight, queue_index))
        await asyncio.sleep(0)
