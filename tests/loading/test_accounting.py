"""The accounts of an append against a server that does whatever a server may do."""

import asyncio
import itertools
from collections import Counter

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from allo_async import AlloError, Contact
from allo_async._loading.brim import Brim
from allo_async._loading.deliver import Courier
from allo_async._loading.merge import merge
from allo_async._loading.prepare import Preparer
from allo_async._loading.stream import AppendStream
from allo_async._sending.calls import Calls
from allo_async._sending.lane import Lane
from allo_async._sending.pacing import Paces
from allo_async._sending.sender import Sender
from allo_async._wire.assignee import Assignee
from allo_async._wire.replies import Reply
from allo_async.errors import AttemptTimeoutError, ConnectionFailedError, ConnectionLostError
from tests.clocks import ManualClock

CAPACITY = 12

GOOD = st.integers(0, 15).map(lambda place: f"+1212555{place:04d}")
BAD = st.sampled_from(["", "N/A", None, 5, {}, {"number": 3}, {"number": "+12125550001", "fax": "x"}, "12"])
ROWS = st.lists(
    st.one_of(GOOD, GOOD.map(lambda number: {"number": number, "name": "Jo"}), GOOD.map(Contact), BAD), max_size=30
)

MOVES = [
    "answer",
    "answer some",
    "skip some",
    "refuse connection",
    "drop before",
    "drop after commit",
    "time out after commit",
    "cut answer",
    "conflict",
    "limit",
    "too large",
    "forbid",
    "fail before",
    "fail after commit",
    "stranger",
]


class Server:
    """Keeps one queue, and makes the next of *moves* at each append; then it is honest.

    Strangers append numbers of their own.
    """

    def __init__(self, moves, *, honours=True):
        self._moves = list(moves)
        self._stored = {}
        self._honours = honours
        self._strangers = itertools.count(5_000_000)
        self.queue = []

    async def exchange(self, request, *, request_id, on_send):
        reply = self._look(request_id) if request.reads else self._answer(request, request_id, on_send)
        if self._honours and not request.reads:
            reply.headers["Idempotency-Key"] = request.idempotency_key
        return reply

    def _answer(self, request, request_id, on_send):
        move = self._next_move()
        if move == "refuse connection":
            raise ConnectionFailedError("refused")
        on_send()
        if move == "drop before":
            raise ConnectionLostError("dropped")
        if move in {"conflict", "limit", "too large", "forbid", "fail before"}:
            return refusal(move)
        key = request.idempotency_key
        replayed = key in self._stored
        body = self._stored[key] if replayed else self._carry_out(request, move)
        if body is None:
            return refusal("full")
        if self._honours and move != "fail after commit":
            self._stored[key] = body
        return self._lose(move) or Reply(
            200,
            CIMultiDict({"Idempotency-Replayed": "true"} if replayed else {}),
            body[: len(body) // 2] if move == "cut answer" else body,
            request_id,
        )

    def _next_move(self):
        while self._moves and self._moves[0] == "stranger":
            self._moves.pop(0)
            self.queue.append(f"+1646{next(self._strangers)}")
        return self._moves.pop(0) if self._moves else "answer"

    def _lose(self, move):
        if move == "drop after commit":
            raise ConnectionLostError("dropped")
        if move == "time out after commit":
            raise AttemptTimeoutError("late")
        return refusal("fail before") if move == "fail after commit" else None

    def _carry_out(self, request, move):
        numbers = [row["number"] for row in orjson.loads(request.body)["numbers"]]
        return None if len(self.queue) + len(numbers) > CAPACITY else self._commit(numbers, move)

    def _look(self, request_id):
        # The API's cap is 1,000; this server's is smaller.
        pagination = {"total_count": 1_000 - CAPACITY + len(self.queue), "has_more": False}
        entries = [{"number_to": number, "position": place} for place, number in enumerate(self.queue)]
        content = {"data": entries, "pagination": pagination, "queue": {"id": "pdl_1"}}
        return Reply(200, CIMultiDict(), orjson.dumps(content), request_id)

    def _commit(self, numbers, move):
        skipped = numbers[::2] if move == "skip some" else []
        added = [number for number in numbers if number not in skipped]
        start = len(self.queue)
        self.queue += added
        entries = [{"number_to": number, "position": start + place} for place, number in enumerate(added)]
        told = entries[::2] if move == "answer some" else entries
        return orjson.dumps({"data": {"added": told, "skipped": [{"number": n, "reason": "WHY"} for n in skipped]}})


def refusal(move):
    status, code = {
        "conflict": (409, "DIALING_QUEUE_APPEND_CONFLICT"),
        "limit": (429, "RATE_LIMIT_EXCEEDED"),
        "too large": (413, "BATCH_TOO_LARGE"),
        "forbid": (403, "FORBIDDEN"),
        "fail before": (500, "INTERNAL_SERVER_ERROR"),
        "full": (400, "DIALING_QUEUE_LIMIT_REACHED"),
    }[move]
    return Reply(status, CIMultiDict(), orjson.dumps({"error": {"code": code, "message": "No."}}), "req_x")


def courier(lane, bounds, clock):
    return Courier(lane, Assignee(), Brim(lane, Assignee(), clock=clock), waits=False, bounds=bounds)


async def load(server, rows, chunk_size, *, keep_duplicates=False, retry_budget=5.0):
    """Run the whole path over *server*; give what append would give or raise, and whether it raised."""
    clock = ManualClock()
    sender = Sender(server, Paces(clock=clock), clock=clock, retry_budget=retry_budget)
    lane = Lane(server, sender, Calls(clock))
    stream = AppendStream(
        rows,
        Preparer(region=None, keep_duplicates=keep_duplicates),
        lambda: lane,
        lambda lane, bounds, _: courier(lane, bounds, clock),
        clock=clock,
        chunk_size=chunk_size,
        deadline=None,
    )
    results = []
    try:
        async for result in stream:
            results.append(result)  # noqa: PERF401 - a comprehension would lose them all to an error
    except AlloError as error:
        results += [error.result, await stream.take_rest()]
    assert stream.totals == merge(results).totals
    return merge(results)


def indexes(rows):
    return [row.index for row in rows]


@settings(max_examples=400, deadline=None)
@given(
    rows=ROWS,
    moves=st.lists(st.sampled_from(MOVES), max_size=12),
    chunk_size=st.integers(1, 9),
    keep_duplicates=st.booleans(),
    retry_budget=st.sampled_from([0.0, 0.5, 20.0]),
    honours=st.booleans(),
)
def test_every_row_has_one_fate_and_it_is_true(rows, moves, chunk_size, keep_duplicates, retry_budget, honours):
    """Whatever the server does, the four lists part the rows, and agree with what stands in the queue."""
    server = Server(moves, honours=honours)

    result = asyncio.run(load(server, rows, chunk_size, keep_duplicates=keep_duplicates, retry_budget=retry_budget))

    lists = (result.added, result.skipped, result.pending, result.in_doubt)
    assert sorted(index for fates in lists for index in indexes(fates)) == list(range(len(rows)))
    assert all(indexes(fates) == sorted(indexes(fates)) for fates in lists)
    # In order: the queue's positions follow the input.
    positions = [row.position for row in result.added]
    assert positions == sorted(positions)
    assert [server.queue[row.position] for row in result.added] == [row.number_to for row in result.added]
    # Nothing twice, and nothing in the queue of which it is not said that it may be there.
    counted = Counter(number for number in server.queue if number.startswith("+1212"))
    sent = Counter(row.number_to for row in result.added) + Counter(row.contact.number for row in result.in_doubt)
    assert not counted - sent
    if not keep_duplicates:
        assert max(counted.values(), default=1) == 1
        assert not {row.contact.number for row in result.pending} & counted.keys()


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(GOOD, max_size=30), chunk_size=st.integers(1, 9))
def test_honest_server_gets_every_number_once(rows, chunk_size):
    """Without trouble the queue holds the distinct numbers in the order of their first coming, up to its brim."""
    server = Server([])

    result = asyncio.run(load(server, rows, chunk_size))

    distinct = list(dict.fromkeys(rows))
    assert server.queue == distinct[: len(server.queue)]
    assert len(server.queue) == min(len(distinct), CAPACITY)
    assert len(result.pending) == len(distinct) - len(server.queue)
    assert len(result.skipped) == len(rows) - len(distinct)
