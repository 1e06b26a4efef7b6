"""What a load would do: the same arithmetic, and no write."""

from collections import Counter
from collections.abc import Iterator, Sequence

from allo_async._loading.chunk import Chunk
from allo_async._loading.deal import Seat, Strategy, deal, weigh
from allo_async._loading.prepare import PreparedRow
from allo_async.models import Plan, PlannedRequest

_Weighed = tuple[PreparedRow, int]

_LOOK = PlannedRequest("GET")


def plan_append(chunk: Chunk, room: int, chunk_size: int) -> Plan:
    """Plan the append of all rows, which are in *chunk*, to a queue with *room*."""
    rows = list(weigh(chunk.rows))
    requests = tuple(_append(rows, room, chunk_size))
    return _plan(chunk, room, requests)


def plan_spread(chunk: Chunk, rooms: Sequence[int], chunk_size: int, strategy: Strategy) -> Plan:
    """Plan the spread of all rows over queues with *rooms*: a look at each, then each hand in its chunks."""
    seats = [Seat(0, room) for room in rooms]
    deal(weigh(chunk.rows), seats, strategy)
    requests = [_LOOK for _ in rooms]
    for seat in seats:
        sizes = range(0, len(seat.hand), chunk_size)
        requests += [PlannedRequest("POST", len(seat.hand[start : start + chunk_size])) for start in sizes]
    return _plan(chunk, sum(rooms), tuple(requests))


def _append(rows: Sequence[_Weighed], room: int, chunk_size: int) -> Iterator[PlannedRequest]:
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
            piece, chunk = chunk[:room], chunk[room:]
            yield PlannedRequest("POST", len(piece))
            room -= _weight(piece)
        return


def _weight(rows: Sequence[_Weighed]) -> int:
    return sum(weight for _, weight in rows)


def _plan(chunk: Chunk, room: int, requests: tuple[PlannedRequest, ...]) -> Plan:
    sent = sum(request.rows for request in requests if not request.refused)
    return Plan(
        rows=len(chunk.rows) + len(chunk.skipped),
        skipped=dict(Counter(row.reason for row in chunk.skipped).most_common()),
        room=room,
        left_over=len(chunk.rows) - sent,
        requests=requests,
    )
