"""How a request arrives: read whole, written down, and refused where it is odd as HTTP."""

import re
from collections.abc import Callable, Sequence

import attrs
from aiohttp import web

from allo_async.sandbox.append import raw_numbers
from allo_async.sandbox.clock import Clock
from allo_async.sandbox.envelope import Refusal, refuse, refuse_fields
from allo_async.sandbox.ledger import RecordedRequest

APPEND = ("POST", "/v2/api/dialing-queues/current/numbers")

# An append of 1,000 rows with every field filled is a tenth of that.
LARGEST_BODY = 16 * 1024 * 1024

# No length is documented. What is longer, many clients cannot read when it is echoed.
_LONGEST_KEY = 255
_PRINTABLE = re.compile(rf"[\x20-\x7e]{{1,{_LONGEST_KEY}}}")


@attrs.frozen(kw_only=True)
class Received:
    """A request as it arrived.

    Attributes:
        record: Its line in the ledger.
        authorization: The header of that name.
        is_json: Whether the body is said to be JSON.
        refusal: Why no endpoint may see it; None if one may.
    """

    record: RecordedRequest
    authorization: str | None
    is_json: bool
    refusal: Refusal | None


async def receive(request: web.BaseRequest, clock: Clock, new_id: Callable[[], str]) -> Received:
    """Read a request whole; *new_id* makes the id of one that brings none that can be echoed."""
    body, refusal = await _body(request)
    own_id, keys = request.headers.get("X-Request-Id", ""), request.headers.getall("Idempotency-Key", [])
    key = keys[0] if _is_key(keys) else None
    record = RecordedRequest(
        method=request.method,
        path=request.path,
        query=dict(request.query.items()),
        request_id=own_id if _PRINTABLE.fullmatch(own_id) else new_id(),
        idempotency_key=key,
        body=body,
        received_at=clock.monotonic(),
    )
    if (record.method, record.path) == APPEND:
        record.rows = raw_numbers(body)
    if keys and key is None:
        refusal = refuse_fields([("Idempotency-Key", f"must be one, of at most {_LONGEST_KEY} printable characters")])
    repeated = sorted({name for name in request.query if len(request.query.getall(name)) > 1})
    if repeated:
        refusal = refuse_fields([(name, "must be given once") for name in repeated])
    return Received(
        record=record,
        authorization=request.headers.get("Authorization"),
        is_json=request.content_type == "application/json",
        refusal=refusal,
    )


def _is_key(keys: Sequence[str]) -> bool:
    return len(keys) == 1 and _PRINTABLE.fullmatch(keys[0]) is not None


async def _body(request: web.BaseRequest) -> tuple[bytes, Refusal | None]:
    """Return the body, and why it is refused if it cannot be read; the rest of it is then not waited for."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > LARGEST_BODY:
                return b"", refuse("PAYLOAD_TOO_LARGE", megabytes=LARGEST_BODY // 2**20)
    except web.RequestPayloadError:
        return b"", refuse("INVALID_REQUEST_BODY", details={"param": "body"})
    return bytes(body), None
