"""Hostile replies: what servers, gateways and attackers may answer, each with what it can mean for the rows."""

from collections.abc import Iterator
from typing import Any

from tests.hostile.exchanges import exchanges
from tests.hostile.making import MILLION, ROWS, Hostile, Means, added, entry, error, http, http_json, lists

NEST = b"[" * 100_000 + b"]" * 100_000
ESCAPES = "\x1b[31mRED\x1b]0;title\x07\x9b2J\u202eback\u2028line\r\nWARNING forged [bold]x[/bold] [/] [link=http://x]y"


def _statuses() -> Iterator[tuple[str, Means, bytes]]:
    page = b"<html><body>gateway</body></html>"
    for status in (300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413):
        yield f"{status} in HTML", Means.UNKNOWN, http(page, status=f"{status} X", kind="text/html")
    for status in (414, 415, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 444, 449, 451, 460, 494, 499):
        yield f"{status} in HTML", Means.UNKNOWN, http(page, status=f"{status} X", kind="text/html")
    for status in (500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 522, 524, 525, 530, 598, 599, 600, 700, 999):
        yield f"{status} with nothing", Means.UNKNOWN, http(status=f"{status} X", kind="text/plain")
    yield "302 to another host", Means.UNKNOWN, http(b"", "Location: http://evil.invalid/", status="302 Found")
    yield "307 to itself", Means.UNKNOWN, http(b"", "Location: /v2/api/dialing-queues/current/numbers", status="307 X")
    yield "407 of a proxy", Means.UNKNOWN, http(b"", "Proxy-Authenticate: Basic", status="407 Proxy")


def _bodies() -> Iterator[tuple[str, Means, bytes]]:
    done, unknown = Means.DONE, Means.UNKNOWN
    raw = http_json(added())
    yield from (
        ("204", unknown, http(status="204 No Content", length=None)),
        ("205", unknown, http(status="205 Reset Content")),
        ("206 of a part", done, http(raw[:50], "Content-Range: bytes 0-49/500", status="206 Partial")),
        ("202 accepted", done, http(b"{}", status="202 Accepted")),
        ("empty", done, http()),
        ("null", done, http(b"null")),
        ("a number", done, http(b"5")),
        ("a list", done, http(b"[]")),
        ("data is null", done, http({"data": None})),
        ("data is a list", done, http({"data": []})),
        ("data is nothing", done, http({"data": {}})),
        ("an error with 200", done, http(error("INTERNAL_ERROR"))),
        ("a page of a queue", done, http({"data": [entry()], "pagination": {"total_count": 1, "has_more": False}})),
        ("added is text", done, http(lists("x", []))),
        ("added is an object", done, http(lists({"0": entry()}, []))),
        ("added is a number", done, http(lists(3, []))),
        ("added of nulls", done, http(lists([None] * 3, None))),
        ("added of lists", done, http(lists([[[]], [entry()]], []))),
        ("skipped is a number", done, http(lists([entry(i) for i in range(3)], 0))),
        ("only skipped", done, http({"data": {"skipped": []}})),
        ("nothing added", done, http(lists([], []))),
        ("one is missing", done, http(lists([entry(0), entry(2)], []))),
        ("added twice", done, http(lists([entry(i) for i in (0, 0, 1, 1, 2, 2)], []))),
        ("added and skipped", done, http(lists([entry(0)], [{"number": ROWS[0], "reason": "ALREADY_QUEUED"}]))),
        ("somebody else's rows", done, http(lists([entry(0, number_to="+442079460958")], []))),
        ("in another order", done, http(lists([entry(i) for i in (2, 0, 1)], []))),
        ("nested without end", done, http(NEST)),
        ("nested in data", done, http(b'{"data":{"added":' + NEST + b',"skipped":[]}}')),
        ("nested in an entry", done, http(raw.replace(b'"position": 0', b'"x":' + b"[" * 900 + b"]" * 900))),
        ("a float above all", done, http(raw.replace(b'"position": 0', b'"position": 1e400'))),
        ("five thousand digits", done, http(raw.replace(b'"position": 0', b'"position": 1' + b"0" * 5_000))),
        ("above 64 bits", done, http(added(position=2**64 - 1))),
        ("not a number", done, http(raw.replace(b'"position": 0', b'"position": NaN'))),
        ("negative position", done, http(added(position=-5))),
        ("position is true", done, http(added(position=True))),
        ("position is text", done, http(added(position="0"))),
        ("the same position", done, http(added(position=0))),
        (
            "every field of another type",
            done,
            http(added(created_at=5, call_id=[], routing_result={}, voicemail_left="x")),
        ),
        (
            "names of Python's",
            done,
            http(added(self=1, index=9, raw=2, kind=3, __class__=2, __init__=3, extra={"a": 1})),
        ),
        ("dates are objects", done, http(added(created_at={"a": 1}, updated_at=[1]))),
        ("date of the year 99999", done, http(added(created_at="99999-01-01T00:00:00"))),
        ("date with an absurd zone", done, http(added(created_at="2026-01-01T00:00:00+99:99"))),
        ("date of a megabyte", done, http(added(created_at="2" * MILLION))),
        (
            "keys twice",
            done,
            http(b'{"data":{"added":[],"added":[{"number_to":"+12125550010"}],"skipped":[]},"data":5}'),
        ),
        ("empty number", done, http(added(number_to=""))),
        ("number of a megabyte", done, http(added(number_to="+1" * (MILLION // 2)))),
        ("number of half a pair", done, http(added(number_to="\ud800"))),
        ("number with escapes", done, http(added(number_to=ESCAPES))),
        ("bytes of another encoding", done, http(raw.replace(b"+12125550010", b"\xff\xfe"))),
        ("UTF-16", done, http(raw.decode().encode("utf-16"))),
        ("UTF-32 with a mark", done, http(raw.decode().encode("utf-32"))),
        ("a byte order mark", done, http(b"\xef\xbb\xbf" + raw)),
        ("NULs around", done, http(b"\0\0" + raw + b"\0\0")),
        ("anti-hijacking prefix", done, http(b")]}',\n" + raw)),
        ("eight megabytes of nothing", unknown, http(b" " * 2**23)),
        ("two documents", done, http(raw + raw)),
        (
            "half a million entries",
            done,
            http(b'{"data":{"added":[' + b",".join([b"{}"] * 500_000) + b'],"skipped":[]}}'),
        ),
        (
            "a hundred thousand of ours",
            done,
            http(b'{"data":{"added":[' + b",".join([b'{"number_to":"+12125550010"}'] * 100_000) + b'],"skipped":[]}}'),
        ),
        (
            "a hundred thousand skipped",
            done,
            http(lists([], [{"number": f"+1 212 555 {i:05d}", "reason": "A"} for i in range(100_000)])),
        ),
        ("megabyte of a reason", done, http(lists([], [{"number": row, "reason": "R" * MILLION} for row in ROWS]))),
        (
            "reasons of other types",
            done,
            http(lists([], [{"number": ROWS[i], "reason": r} for i, r in enumerate((5, None, []))])),
        ),
        ("reason with escapes", done, http(lists([], [{"number": row, "reason": ESCAPES} for row in ROWS]))),
        ("skipped numbers are numbers", done, http(lists([], [{"number": 12125550010 + i} for i in range(3)]))),
        ("extra of ten thousand keys", done, http(added(**{f"k{i}": i for i in range(10_000)}))),
    )


def _envelopes() -> Iterator[tuple[str, Means, bytes]]:
    refused, unknown = Means.REFUSED, Means.UNKNOWN

    def no(*headers: str | bytes, status: str = "400 Bad", **fields: Any) -> bytes:
        return http(error(**fields), *headers, status=status)

    yield from (
        ("code is a number", unknown, no(code=5)),
        ("code is empty", unknown, no(code="")),
        ("code is unknown", refused, no(code="WHATEVER_ELSE")),
        ("code with escapes", refused, no(code=ESCAPES)),
        ("code of a megabyte", refused, no(code="C" * MILLION)),
        ("error is text", unknown, http({"error": "nope"}, status="400 Bad")),
        ("error is a list", unknown, http({"error": [1]}, status="400 Bad")),
        ("error is nothing", unknown, http({"error": {}}, status="400 Bad")),
        ("error is nested", unknown, http(b'{"error":' + NEST + b"}", status="400 Bad")),
        ("list for an envelope", unknown, http([1], status="422 Bad")),
        ("message is a list", refused, no(message=["x"])),
        ("message is null", refused, no(message=None)),
        ("message is half a pair", refused, http(b'{"error":{"code":"X","message":"\\ud800 x"}}', status="400 Bad")),
        ("message with escapes", refused, no(message=ESCAPES)),
        ("message of six megabytes", refused, no(message="+1" + " ()" * 2 * MILLION)),
        ("message of many numbers", refused, no(message="+1 " * 300_000)),
        ("message of digits", refused, no(message="1" * 3 * MILLION)),
        ("message of a space apart", refused, no(message="1 " * MILLION)),
        ("message that names a row", refused, no(message=f"{ROWS[0]} is bad")),
        ("fields of other types", refused, no(type={}, errors="x", param=1, suggestion=[], doc_url=2, request_id=7)),
        ("errors of other types", refused, no(errors=[None, 5, "x", {"field": 5, "code": [], "message": {}}, {}, []])),
        (
            "errors by the hundred thousand",
            refused,
            no(errors=[{"field": f"numbers[{i}].number", "code": "BAD"} for i in range(100_000)]),
        ),
        ("errors with escapes", refused, no(errors=[{"field": ESCAPES, "code": ESCAPES, "message": ESCAPES}])),
        ("errors of a megabyte", refused, no(errors=[{"field": "f" * MILLION, "message": "m" * MILLION}] * 5)),
        ("request id with escapes", refused, no(request_id=ESCAPES)),
        ("request id of a megabyte", refused, no(request_id="r" * MILLION)),
        ("request id of bytes", refused, no(b"X-Request-Id: \xff\xfe\x1b[31m")),
        ("suggestion with escapes", refused, no(suggestion=ESCAPES, doc_url="javascript:alert(1)")),
        ("retryable is text", refused, no(retryable="true")),
        ("retryable is a number", refused, no(retryable=1)),
        ("retryable is true for ever", refused, no(retryable=True)),
        ("conflict for ever", refused, no(code="DIALING_QUEUE_APPEND_CONFLICT", status="409 Conflict")),
        ("key used otherwise", refused, no(code="IDEMPOTENCY_KEY_REUSE", status="422 Bad")),
        ("transaction in progress", refused, no(code="OTHER_TRANSACTION_IN_PROGRESS", status="409 Conflict")),
        ("unknown teammate", refused, no(code="ASSIGNEE_NOT_FOUND", status="404 Not Found")),
        ("scope is missing", refused, no(code="API_KEY_INSUFFICIENT_SCOPE", status="403 No", message=ESCAPES)),
        ("too large", refused, no(code="BATCH_TOO_LARGE", status="413 Too Large")),
        ("full", refused, no(code="DIALING_QUEUE_LIMIT_REACHED", message="the queue is full: 1000 of 1000")),
        ("full below nothing", refused, no(code="DIALING_QUEUE_LIMIT_REACHED", message="limit is -5, 10 too many")),
        ("full of digits", refused, no(code="DIALING_QUEUE_LIMIT_REACHED", message="limit " + "9" * 5_000)),
        ("full with 500", unknown, no(code="DIALING_QUEUE_LIMIT_REACHED", status="500 X")),
        ("type of the content is odd", unknown, http(status="400 Bad", kind="a" * 5_000)),
        ("the API failed", unknown, no(code="INTERNAL_ERROR", status="500 X")),
        ("the API is away", unknown, no(code="SERVICE_UNAVAILABLE", status="503 X", retryable=False)),
    )


def _waits() -> Iterator[tuple[str, Means, bytes]]:
    def slow(*headers: str | bytes, **fields: Any) -> bytes:
        return http(error("RATE_LIMIT_EXCEEDED", "Slow.", **fields), *headers, status="429 Too Many")

    values = (
        *("-1", "NaN", "inf", "1e308", "1e15", "1_0", "0x10", "", " ", "a b", "٣", "9" * 5_000, "1790000000", "0.0001"),
        *("Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 99999999999999999999 23:59:59 GMT", "Fri, 31", ",,,,"),
        *("Fri, 31 Dec 2026 23:59:59 +99999999999999999", "Fri, 31 Dec 9999 23:59:59 -2359", "((((((((((", "3, 5, 7"),
        *("Mon, 01 Jan 0001 00:00:00 +2359", "0 0 0 0 0 0", "2026-01-01T00:00:00Z", "1;2", "-" * 300, "2, " * 5_000),
    )
    for value in values:
        yield f"Retry-After: {value[:40]}", Means.REFUSED, slow(f"Retry-After: {value}")
    yield "Retry-After a thousand times", Means.REFUSED, slow(*["Retry-After: 1"] * 1_000)
    yield (
        "Date of a huge year",
        Means.REFUSED,
        slow("Retry-After: Fri, 31 Dec 2026 23:59:59 GMT", f"Date: Fri, 31 Dec {'9' * 50} 23:59:59 GMT"),
    )
    for value in ("5", True, -3, 1e308, None, [1], {}, 2**64 - 1, 1e-300, 0, float("1790000000"), "Fri", "9" * 5_000):
        yield f"retry_after_seconds: {str(value)[:20]}", Means.REFUSED, slow(retry_after_seconds=value)


def _headers() -> Iterator[tuple[str, Means, bytes]]:
    limits = (*("0", "-5", "abc", "1e9", "1000000000", "9" * 5_000, "٣", "10, 20", " ", "0.5", "5;w=1"),)
    for value in limits:
        yield f"X-RateLimit-Limit: {value[:20]}", Means.DONE, http(added(), f"X-RateLimit-Limit: {value}")
        spent = f"X-RateLimit-Limit: {value}", "X-RateLimit-Remaining: 0"
        yield f"X-RateLimit-Limit: {value[:20]}, none left", Means.DONE, http(added(), *spent)
    for value in ("-1", "x", "9" * 5_000, "20"):
        left = "X-RateLimit-Limit: 10", f"X-RateLimit-Remaining: {value}"
        yield f"X-RateLimit-Remaining: {value[:20]}", Means.DONE, http(added(), *left)
    for value in ("x", "9" * 50, "-1", "1790000000"):
        yield f"X-RateLimit-Reset: {value[:20]}", Means.DONE, http(added(), f"X-RateLimit-Reset: {value}")
    for value in ("other", "", "\x1b[31m", "x" * 10_000):
        yield f"Idempotency-Key: {value[:10]!r}", Means.DONE, http(added(), f"Idempotency-Key: {value}")
    for value in ("true", "TRUE", "yes", "x" * 10_000):
        yield f"Idempotency-Replayed: {value[:10]}", Means.DONE, http(added(), f"Idempotency-Replayed: {value}")
    for value in (
        "x",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "9" * 5_000,
        "Fri, 31 Dec 2026 23:59:59 +99999999999",
    ):
        yield f"Date: {value[:30]}", Means.DONE, http(added(), f"Date: {value}")


#: All of them, by name.
REPLIES = {
    name: Hostile(name, means, reply)
    for table in (_statuses, exchanges, _bodies, _envelopes, _waits, _headers)
    for name, means, reply in table()
}
