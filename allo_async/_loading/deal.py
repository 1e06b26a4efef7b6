"""Which row goes to which queue: pure arithmetic over rooms and rows."""

import heapq
from collections.abc import Iterable, Sequence
from typing import Literal

import attrs

from allo_async._loading.normalize import is_likely
from allo_async._loading.prepare import PreparedRow

#: How to deal rows: to all queues alike, or to one after another.
Strategy = Literal["even", "fill"]


@attrs.define
class Seat:
    """A queue's place at the table while rows are dealt.

    Attributes:
        added: How many numbers of this load it has already.
        room: How many more it holds.
        hand: The rows that it was dealt, in input order.
    """

    added: int
    room: int
    hand: list[PreparedRow] = attrs.field(factory=list[PreparedRow])


def weigh(rows: Iterable[PreparedRow]) -> Iterable[tuple[PreparedRow, int]]:
    """Give each row with the room that it will probably take: none for one that the server will probably skip."""
    return ((row, int(row.e164 is not None and is_likely(row.e164))) for row in rows)


def deal(rows: Iterable[tuple[PreparedRow, int]], seats: Sequence[Seat], strategy: Strategy) -> None:
    """Deal weighed *rows* into the hands of *seats* as far as their room allows; the rest is dealt to nobody.

    `even` keeps the counts of added numbers within one of each other as far as room allows; `fill` fills one seat
    after another. A row that takes no room goes where the next one would.
    """
    order = [(seat.added if strategy == "even" else 0, place) for place, seat in enumerate(seats) if seat.room > 0]
    heapq.heapify(order)
    for row, weight in rows:
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
