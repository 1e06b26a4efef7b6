"""The record of every request that the sandbox received, and of its effect."""

from collections import deque
from collections.abc import Iterable

import attrs


@attrs.define(kw_only=True, eq=False)
class RecordedRequest:
    """One request, filled in while it is being served.

    Attributes:
        method: The HTTP method.
        path: The path without its query.
        query: The query's fields; of a repeated one the last.
        api_key_id: The id of the key (`api-…`), never the key itself; `None` if the key was not accepted.
        request_id: The client's own `X-Request-Id`, or the one the sandbox minted.
        idempotency_key: The `Idempotency-Key` header, also when the sandbox does not honour it; None if it is no key.
        user_id: The owner of the queue that is meant, once that is known.
        rows: The raw numbers of an append, in the request's order.
        body: The body, byte for byte.
        ordinal: Which append this is, from 1; None for any other request.
        received_at: When it had arrived whole, in the clock's monotonic seconds.
        answered_at: When its reply was sent; `None` if none was.
        status: The status that was sent; `None` if no reply was.
        code: The code of the error that was sent.
        added: The E.164 numbers this very request committed, in order, also if its reply was lost.
        replayed: Whether the reply was a stored one, and nothing was executed.
        fault: The name of the scripted fault, or spontaneous refusal, that hit it.
    """

    method: str
    path: str
    query: dict[str, str] = attrs.field(factory=dict[str, str])
    api_key_id: str | None = None
    request_id: str
    idempotency_key: str | None = None
    user_id: str | None = None
    rows: list[str] = attrs.field(factory=list[str])
    body: bytes = attrs.field(default=b"", repr=False)
    ordinal: int | None = None
    received_at: float
    answered_at: float | None = None
    status: int | None = None
    code: str | None = None
    added: list[str] = attrs.field(factory=list[str])
    replayed: bool = False
    fault: str | None = None


@attrs.define
class Ledger:
    """Every request in order of arrival.

    Attributes:
        requests: All of them, those being served right now included.
        keeps: How many of the latest stay; None for all. A server that runs for days would hold every body else.
    """

    requests: list[RecordedRequest] = attrs.field(factory=list[RecordedRequest])
    keeps: int | None = None

    def record(self, request: RecordedRequest) -> None:
        """Add a request, which has just arrived."""
        self.requests.append(request)
        if self.keeps is not None:
            del self.requests[: -self.keeps]

    @property
    def appends(self) -> list[RecordedRequest]:
        """The append requests only, in order of arrival."""
        return [request for request in self.requests if request.ordinal is not None]

    @property
    def refused(self) -> list[RecordedRequest]:
        """The requests that were answered with a 4xx."""
        return [r for r in self.requests if r.status is not None and 400 <= r.status < 500]  # noqa: PLR2004

    def most_writes_in_a_second(self) -> int:
        """The most requests other than GET that arrived in any one second, refused ones included."""
        return _densest(r.received_at for r in self.requests if r.method != "GET")

    def most_reads_in_a_second(self) -> int:
        """The most GET requests that arrived in any one second, refused ones included."""
        return _densest(r.received_at for r in self.requests if r.method == "GET")


def _densest(moments: Iterable[float]) -> int:
    """The most *moments* (ascending) in any half-open span of one second."""
    span = deque[float]()
    most = 0
    for moment in moments:
        span.append(moment)
        while moment - span[0] >= 1:
            span.popleft()
        most = max(most, len(span))
    return most
