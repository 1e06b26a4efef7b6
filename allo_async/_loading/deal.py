"""Which row goes to which queue: arithmetic over rooms and rows."""

import asyncio
import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import attrs

from allo_async._loading.prepare import PreparedRow
from allo_async._loading.time_slice import TimeSlice
from allo_async._numbers.plans import is_likely

#: How to deal rows: to all queues alike, or to one after another.
Strategy = Literal["even", "fill"]


Weighed = tuple[PreparedRow, int]

# So many rows are dealt in well below the time that a stretch of the loop may take.
_STRETCH = 500


@attrs.define
class Seat:
    """A queue's place at the table while rows are dealt.

    Attributes:
        count: How many numbers of this load it has, or will have.
        room: How many more it holds.
        hand: The rows that it was dealt, in input order.
    """

    count: int
    room: int
    hand: list[PreparedRow] = attrs.field(factory=list[PreparedRow])


async def weigh(rows: Iterable[PreparedRow]) -> list[Weighed]:
    """Give each row with the room that it will probably take: none for one that the server will probably skip."""
    weighed: list[Weighed] = []
    time_slice = TimeSlice()
    for row in rows:
        weighed.append((row, int(row.e164 is not None and is_likely(row.e164))))
        if time_slice.over:
            await time_slice.renew()
    return weighed


def deal_as_before(rows: Sequence[Weighed], seats: Sequence[Seat], place_of: Callable[[int], int | None]) -> None:
    """Deal weighed *rows* as an earlier run of the load did, as far as room allows; the rest is dealt to nobody."""
    for row, weight in rows:
        place = place_of(row.index)
        if place is not None and seats[place].room > 0:
            seats[place].hand.append(row)
            seats[place].room -= weight


async def deal(rows: Sequence[Weighed], seats: Sequence[Seat], strategy: Strategy) -> None:
    """Deal weighed *rows* into the hands of *seats* as far as their room allows; the rest is dealt to nobody.

    `even` keeps the counts within one of each other as far as room allows; `fill` fills one seat after another. A row
    that takes no room goes where the next one would.
    """
    order = [(seat.count if strategy == "even" else 0, place) for place, seat in enumerate(seats) if seat.room > 0]
    heapq.heapify(order)
    for start in range(0, len(rows), _STRETCH):
        for row, weight in rows[start : start + _STRETCH]:
            if not order:
                return
            count, place = order[0]
            seat = seats[place]
            seat.hand.append(row)
            seat.room -= weight
            if seat.room <= 0:
                heapq.heappop(order)
            elif strategy == "even":
                heapq.heapreplace(order, (count + weight, place))
        await asyncio.sleep(0)
