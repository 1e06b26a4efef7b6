"""What is sent, frozen before it is sent."""

from collections.abc import Iterable

import attrs
import orjson

from allo_async._wire.assignee import Assignee

#: `POST` here appends; the OpenAPI document calls it `appendDialingQueueNumbers`.
APPEND_PATH = "/v2/api/dialing-queues/current/numbers"


@attrs.frozen
class Request:
    """One HTTP request: the same bytes however often it is sent.

    Attributes:
        method: The HTTP method.
        path: The path below the base URL.
        body: The JSON body.
        idempotency_key: Goes out as `Idempotency-Key`; bound to the body for good.
    """

    method: str
    path: str
    body: bytes = attrs.field(repr=False)
    idempotency_key: str = attrs.field(repr=False)


def append_request(assignee: Assignee, entries: Iterable[bytes], *, idempotency_key: str) -> Request:
    """Build the append of *entries*, each the JSON of one element of `numbers`."""
    head = b"".join(orjson.dumps(name) + b":" + orjson.dumps(value) + b"," for name, value in assignee.fields().items())
    body = b"{" + head + b'"numbers":[' + b",".join(entries) + b"]}"
    return Request("POST", APPEND_PATH, body, idempotency_key)
