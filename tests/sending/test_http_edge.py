import logging
import re
import uuid

import aiohttp
import attrs
import orjson
import pytest
from yarl import URL

from allo_async import AlloClient, Totals, errors

URL_ = "https://api.withallo.com/v2/api/dialing-queues/current/numbers"
KEY = "ak_live_secret123"
ADDED = {"data": {"added": [{"number_to": "+12125550010", "position": 0}], "skipped": []}}


def refusal(code, **fields):
    return {"error": {"code": code, "message": "No.", "retryable": False, **fields}}


def sent(server):
    return server.requests[("POST", URL(URL_))]


async def test_request_is_what_the_api_documents(server, allo):
    """An append goes to the documented path with the documented scheme, body and headers."""
    server.post(URL_, payload=ADDED)

    await allo.queue(user_id="usr-1").append([{"number": "+1 (212) 555-0010", "name": "Jo", "emails": ["jo@acme.com"]}])

    kwargs = sent(server)[0].kwargs
    assert orjson.loads(kwargs["data"].decode()) == {
        "user_id": "usr-1",
        "numbers": [{"number": "+12125550010", "name": "Jo", "emails": ["jo@acme.com"]}],
    }
    assert kwargs["headers"]["Authorization"] == f"Api-Key {KEY}"
    assert kwargs["headers"]["Content-Type"] == "application/json"
    assert uuid.UUID(kwargs["headers"]["Idempotency-Key"])
    assert re.fullmatch(r"req_[A-Za-z0-9]{12}", kwargs["headers"]["X-Request-Id"])
    assert kwargs["allow_redirects"] is False


async def test_owner_and_email_are_named_as_documented(server, allo):
    """The key owner's queue is asked for with no teammate, a teammate's by e-mail."""
    for _ in range(2):
        server.post(URL_, payload=ADDED)

    await allo.queue().append(["+12125550010"])
    await allo.queue(email="rep@acme.com").append(["+12125550010"])

    bodies = [orjson.loads(call.kwargs["data"].decode()) for call in sent(server)]
    assert [sorted(body) for body in bodies] == [["numbers"], ["email", "numbers"]]
    assert bodies[1]["email"] == "rep@acme.com"


@pytest.mark.parametrize(
    ("status", "code", "fields"),
    [
        (409, "DIALING_QUEUE_APPEND_CONFLICT", {}),
        (409, "OTHER_TRANSACTION_IN_PROGRESS", {}),
        (409, "SOMETHING_NEW", {"retryable": True}),
        (400, "SOMETHING_NEW", {"retryable": True}),
        (429, "RATE_LIMIT_EXCEEDED", {"retry_after_seconds": 3}),
        (500, "INTERNAL_SERVER_ERROR", {"retryable": True}),
        (502, "BAD_GATEWAY", {}),
    ],
)
async def test_what_may_succeed_is_tried_again(server, allo, status, code, fields):
    """These refusals are retried under the same key with the same bytes, whatever `retryable` says of a conflict."""
    server.post(URL_, status=status, payload=refusal(code, **fields))
    server.post(URL_, payload=ADDED)

    result = await allo.queue().append(["+12125550010"])

    assert [row.index for row in result.added] == [0]
    first, second = (call.kwargs for call in sent(server))
    assert first["headers"]["Idempotency-Key"] == second["headers"]["Idempotency-Key"]
    assert first["data"].decode() == second["data"].decode()
    assert first["headers"]["X-Request-Id"] != second["headers"]["X-Request-Id"]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "VALIDATION_ERROR", errors.BadRequestError),
        (401, "API_KEY_INVALID", errors.AuthenticationError),
        (403, "API_KEY_INSUFFICIENT_SCOPE", errors.InsufficientScopeError),
        (404, "ASSIGNEE_NOT_FOUND", errors.AssigneeNotFoundError),
        (409, "IDEMPOTENCY_KEY_REUSE", errors.IdempotencyKeyReuseError),
        (409, "SOMETHING_NEW", errors.ConflictError),
        (302, "MOVED", errors.ApiError),
    ],
)
async def test_what_cannot_succeed_is_not_tried_again(server, allo, status, code, expected):
    """These refusals end the call at once, with every row pending."""
    server.post(URL_, status=status, payload=refusal(code))

    with pytest.raises(expected) as caught:
        await allo.queue().append(["+12125550010", "nonsense"])

    assert len(sent(server)) == 1
    result = caught.value.result
    assert [[row.index for row in rows] for rows in (result.pending, result.skipped)] == [[0], [1]]


@pytest.mark.parametrize(
    ("body", "headers", "least"),
    [
        ({"retry_after_seconds": 3}, {}, 3.0),
        ({}, {"Retry-After": "4"}, 4.0),
        ({}, {"Retry-After": "Mon, 21 Sep 2026 14:13:26 GMT"}, 6.0),
        ({}, {}, 1.0),
    ],
)
async def test_rate_limit_is_waited_out_and_never_less(server, allo, clock, body, headers, least):
    """Every shape of a 429's wait is honoured in full, and a little more."""
    server.post(URL_, status=429, payload=refusal("RATE_LIMIT_EXCEEDED", **body), headers=headers)
    server.post(URL_, payload=ADDED)
    begun = clock.now

    await allo.queue().append(["+12125550010"])

    assert least <= clock.now - begun < least + 0.1


async def test_rate_limit_holds_everyone_on_the_client(server, clock):
    """A 429 that one call does not wait out is waited out by the next, on whichever queue."""
    server.post(URL_, status=429, payload=refusal("RATE_LIMIT_EXCEEDED", retry_after_seconds=5))
    server.post(URL_, payload=ADDED)
    begun = clock.now

    async with AlloClient(KEY, clock=clock, retry_budget=0) as allo:
        with pytest.raises(errors.RateLimitedError):
            await allo.queue(email="a@acme.com").append(["+12125550010"])
        await allo.queue(email="b@acme.com").append(["+12125550010"])

    assert clock.now - begun == 5.0


async def test_rate_limit_beyond_the_budget_is_raised_at_once(server, allo, clock):
    """A wait that the retry budget does not cover is not begun."""
    server.post(URL_, status=429, payload=refusal("RATE_LIMIT_EXCEEDED", retry_after_seconds=21))

    with pytest.raises(errors.RateLimitedError) as caught:
        await allo.queue().append(["+12125550010"])

    assert caught.value.retry_after == 21.0
    assert clock.slept == []
    assert [row.index for row in caught.value.result.pending] == [0]


async def test_rate_limit_beyond_the_longest_wait_is_raised_before_anything_is_sent(server, allo, clock):
    """While a 429 holds the key, a caller that may not wait so long learns at once how long it lasts, by no reply."""
    server.post(URL_, status=429, payload=refusal("RATE_LIMIT_EXCEEDED", retry_after_seconds=15))
    server.post(URL_, payload=ADDED)

    with pytest.raises(errors.RateLimitedError) as first:
        await allo.queue().append(["+12125550010"], max_rate_limit_wait=14)
    with pytest.raises(errors.RateLimitWaitError, match=r"^the server wants|^the rate limit") as second:
        await allo.queue().append(["+12125550010", "nope"], max_rate_limit_wait=2)

    assert (first.value.status, second.value.status, second.value.code) == (429, None, None)
    assert (first.value.retry_after, second.value.retry_after) == (15.0, 15.0)
    assert clock.slept == []
    assert len(sent(server)) == 1
    assert second.value.result.totals == Totals(pending=1, skipped=1)
    assert len((await allo.queue().append(["+12125550010"], max_rate_limit_wait=20)).added) == 1


async def test_backoff_is_full_jitter_within_the_budget(server, allo, clock):
    """Conflicts back off with a growing, random wait from 50 ms, until the budget ends."""
    server.post(URL_, status=409, payload=refusal("DIALING_QUEUE_APPEND_CONFLICT"), repeat=True)
    begun = clock.now

    with pytest.raises(errors.AppendConflictError) as caught:
        await allo.queue().append(["+12125550010"])

    waits = clock.slept
    assert clock.now - begun <= 20.0
    assert all(
        wait <= min(5.0, 0.05 * 2**place) or wait == pytest.approx(1.03, abs=1.03) for place, wait in enumerate(waits)
    )
    assert len(set(waits)) == len(waits)
    assert caught.value.result.totals.pending == 1


async def test_unclear_failures_leave_rows_in_doubt(server, allo):
    """When the budget ends on failures that may yet be carried out, the rows are in doubt, not pending."""
    server.post(URL_, status=502, body="<html>", repeat=True)

    with pytest.raises(errors.ServerError) as caught:
        await allo.queue().append(["+12125550010", "+12125550011"])

    assert [row.index for row in caught.value.result.in_doubt] == [0, 1]
    assert caught.value.result.in_doubt[0].reason.startswith(
        "no answer told whether it arrived; the last attempt ended with: 502"
    )


REFUSALS = [
    (400, "DIALING_QUEUE_LIMIT_REACHED", errors.QueueFullError),
    (413, "BATCH_TOO_LARGE", errors.RequestTooLargeError),
]


@pytest.mark.parametrize(("status", "code", "expected"), REFUSALS)
async def test_refusal_after_an_unclear_attempt_is_looked_into(server, allo, status, code, expected):
    """It may be due to the very chunk that it refuses; where the queue does not hold it, it stands."""
    server.post(URL_, status=200, body=b'{"data": {"added": [')
    server.post(URL_, status=status, payload=refusal(code))

    with pytest.raises(expected) as caught:
        await allo.queue().append(["+12125550010"])

    assert [row.index for row in caught.value.result.pending] == [0]


@pytest.mark.parametrize(("status", "code", "expected"), REFUSALS)
async def test_doubt_outlives_a_refusal_that_cannot_be_looked_into(server, allo, status, code, expected):
    """Where the queue cannot be read, a refusal says nothing of the attempt before it, and nothing is re-cut."""
    server.post(URL_, status=500, payload=refusal("INTERNAL_SERVER_ERROR", retryable=True))
    server.post(URL_, status=status, payload=refusal(code))
    # The first sees the end of the queue, the second looks for the chunk.
    server.refused_reads = range(3, 100)

    with pytest.raises(expected) as caught:
        await allo.queue().append(["+12125550010", "+12125550011"])

    assert [row.index for row in caught.value.result.in_doubt] == [0, 1]
    assert len(sent(server)) == 2


async def test_connection_failure_is_retried_and_leaves_rows_pending(server, allo):
    """Where no connection can be made, nothing was sent: the rows are pending."""
    server.post(URL_, exception=aiohttp.ClientConnectionError("refused"), repeat=True)

    with pytest.raises(errors.ConnectionFailedError) as caught:
        await allo.queue().append(["+12125550010"])

    assert len(sent(server)) > 1
    assert [row.index for row in caught.value.result.pending] == [0]


async def test_oversized_reply_is_refused(server, clock):
    """An answer above the bound is not read to its end; the queue tells that it was not the one to the append."""
    server.post(URL_, status=200, body=b" " * 2_000, repeat=True)

    async with AlloClient(KEY, max_reply_bytes=1_000, retry_budget=0, clock=clock) as allo:
        with pytest.raises(errors.ReplyTooLargeError, match="1,000 bytes") as caught:
            await allo.queue().append(["+12125550010"])

    assert [row.index for row in caught.value.result.pending] == [0]


async def test_log_tells_retries_and_one_line_an_append(server, allo, caplog):
    """Retries are warnings, an append is one INFO line, and neither shows a key, a number or a name."""
    caplog.set_level(logging.INFO, "allo_async")
    server.post(URL_, status=400, payload=refusal("SOMETHING_NEW", retryable=True, message="Not +12125550010 again."))
    server.post(URL_, payload=ADDED)

    await allo.queue(email="zoe.martin@acme.com").append([{"number": "+12125550010", "name": "Marie"}])

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "1 added, 0 skipped, 0 pending, 0 in doubt; 2 requests" in caplog.text
    for secret in (KEY, "2125550010", "Marie", "zoe"):
        assert secret not in caplog.text


async def test_closed_client_sends_nothing(server, clock):
    """After close, an append ends at once with its rows pending."""
    allo = AlloClient(KEY, clock=clock)
    queue = allo.queue()
    await allo.close()

    with pytest.raises(errors.ClientClosedError) as caught:
        await queue.append(["+12125550010", "+12125550011"])

    assert [row.index for row in caught.value.result.pending] == [0, 1]


async def test_callers_session_is_used_and_stays_open(server, clock):
    """A session that was handed in carries the requests and is not closed."""
    server.post(URL_, payload=ADDED)

    async with aiohttp.ClientSession() as session:
        async with AlloClient(KEY, session=session, clock=clock) as allo:
            await allo.queue().append(["+12125550010"])

        assert not session.closed


async def test_session_that_refuses_the_request_is_told(server, clock):
    """A misconfigured session of the caller's is an error of its own, and no row is lost or retried."""
    server.post(URL_, exception=ValueError("Cannot combine AUTHORIZATION header with AUTH argument"))

    async with AlloClient(KEY, clock=clock) as allo:
        with pytest.raises(errors.TransportError, match="Cannot combine") as caught:
            await allo.queue().append(["+12125550010"])

    assert [row.index for row in caught.value.result.pending] == [0]


async def test_absurd_limits_are_told_once_and_not_followed(server, allo, clock, caplog):
    """A limit that no API has, and a pause of years, are not believed; the log says so once."""
    headers = {"X-RateLimit-Limit": "1000000000", "X-RateLimit-Remaining": "0"}
    for _ in range(3):
        server.post(URL_, payload=ADDED, headers=headers)
        await allo.queue().append(["+12125550010"])
    for _ in range(2):
        server.post(URL_, status=429, payload=refusal("RATE_LIMIT_EXCEEDED", retry_after_seconds=1e12))
        with pytest.raises(errors.RateLimitedError) as caught:
            await allo.queue().append(["+12125550010"])
        clock.now += 3_601

    assert caught.value.retry_after == 3_600
    told = [record.getMessage() for record in caplog.records if "believed" in record.msg or "ignored" in record.msg]
    assert told == [
        "the server tells of a limit of 1000000000 requests a second, which is ignored",
        "the server asks for a pause of 2.592e+06 s; 3600 s are believed",
    ]


async def test_long_texts_of_a_refusal_are_cut(server, allo):
    """However much a server says, an error keeps the beginning of each text."""
    fields = [{"field": "f" * 10_000, "code": "c" * 10_000, "message": "m" * 10_000}]
    refused = refusal("VALIDATION_ERROR", suggestion="s" * 10_000, param="p" * 10_000, errors=fields)
    refused["error"]["message"] = "x" * 10_000
    server.post(URL_, status=400, payload=refused)

    with pytest.raises(errors.BadRequestError) as caught:
        await allo.queue().append(["+12125550010"])

    error = caught.value
    told = [error.message, error.suggestion, error.param, *attrs.astuple(error.errors[0])]
    assert {len(text) for text in told} == {501}
