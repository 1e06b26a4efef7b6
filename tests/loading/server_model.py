"""A server that does whatever a server may do, in memory."""

import itertools
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import orjson
from multidict import CIMultiDict

from allo_async._wire.replies import Reply
from allo_async.errors import AttemptTimeoutError, ConnectionFailedError, ConnectionLostError

CAPACITY = 12

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

    def __init__(self, moves, *, honours=True, clock=None, capacity=CAPACITY):
        self.moves = list(moves)
        self.carried_out = Counter()
        self._clock = clock
        self._capacity = capacity
        self._stored = {}
        self._honours = honours
        self._strangers = itertools.count(5_000_000)
        self.queue = []

    async def exchange(self, request, *, request_id, on_send):
        reply = self._look(request, request_id) if request.reads else self._answer(request, request_id, on_send)
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
        while self.moves and self.moves[0] == "stranger":
            self.moves.pop(0)
            self.stranger()
        return self.moves.pop(0) if self.moves else "answer"

    def stranger(self):
        """Somebody else appends a number."""
        self.queue.append(f"+1646{next(self._strangers)}")

    def called(self, count):
        """The rep calls and takes off so many numbers, one a second."""
        self._clock.now += count
        del self.queue[:count]

    def forget(self):
        """An hour passes, and with it all keys."""
        self._clock.now += 3_600
        self._stored.clear()

    def _lose(self, move):
        if move == "drop after commit":
            raise ConnectionLostError("dropped")
        if move == "time out after commit":
            raise AttemptTimeoutError("late")
        return refusal("fail before") if move == "fail after commit" else None

    def _carry_out(self, request, move):
        numbers = [row["number"] for row in orjson.loads(request.body)["numbers"]]
        return None if len(self.queue) + len(numbers) > self._capacity else self._commit(numbers, move)

    def _look(self, request, request_id):
        query = parse_qs(urlsplit(request.target).query)
        page, size = int(query["page"][0]), int(query["size"][0])
        entries = [{"number_to": number, "position": place} for place, number in enumerate(self.queue)]
        shown = entries[(page - 1) * size : page * size]
        pagination = {"total_count": len(entries), "has_more": page * size < len(entries)}
        content = {"data": shown, "pagination": pagination, "queue": {"id": "pdl_1"}}
        return Reply(200, CIMultiDict(), orjson.dumps(content), request_id)

    def _commit(self, numbers, move):
        skipped = numbers[::2] if move == "skip some" else []
        added = [number for number in numbers if number not in skipped]
        start = len(self.queue)
        self.queue += added
        self.carried_out.update(added)
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
