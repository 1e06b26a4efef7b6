import asyncio
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_async import AlloClient, AlloError
from allo_async.sandbox import Sandbox
from tests.hostile.account import HastyClock, append_through
from tests.hostile.fields import altered, odd_headers, odd_values, with_header
from tests.hostile.making import ROWS, error, http
from tests.hostile.middleman import Middleman, Strike

ALWAYS = range(1, 1_000_000)
EMAIL = "marie@acme.example"
HEADERS = (
    *("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After", "Date", "X-Request-Id"),
    *(
        "Idempotency-Key",
        "Idempotency-Replayed",
        "Content-Type",
        "Content-Language",
        "Server",
        "Set-Cookie",
        "Location",
    ),
)
REFUSALS = (
    *(
        (400, "VALIDATION_ERROR"),
        (400, "DIALING_QUEUE_LIMIT_REACHED"),
        (401, "API_KEY_INVALID"),
        (404, "ASSIGNEE_NOT_FOUND"),
    ),
    *(
        (403, "API_KEY_INSUFFICIENT_SCOPE"),
        (409, "DIALING_QUEUE_APPEND_CONFLICT"),
        (409, "OTHER_TRANSACTION_IN_PROGRESS"),
    ),
    *(
        (409, "IDEMPOTENCY_KEY_REUSE"),
        (413, "BATCH_TOO_LARGE"),
        (429, "RATE_LIMIT_EXCEEDED"),
        (500, "INTERNAL_SERVER_ERROR"),
    ),
)
ENVELOPE = {
    "type": "t",
    "request_id": "req_1",
    "param": "p",
    "suggestion": "s",
    "doc_url": "https://docs",
    "errors": [{"field": "numbers[0].number", "code": "C", "message": "m"}],
    "retryable": False,
    "retry_after_seconds": 1,
}

places = st.integers(0, 500)
fuzzed = settings(max_examples=120, deadline=None)


def append(*strikes, before=0):
    """Append three rows behind so many others, through a middleman who strikes."""

    async def run():
        clock = HastyClock()
        async with Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox:
            if before:
                async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo:
                    await allo.queue().append([f"+1212{5_560_000 + i}" for i in range(before)])
            return await append_through(sandbox, clock, ROWS, *strikes)

    return asyncio.run(run())


@fuzzed
@given(places, odd_values)
def test_field_of_the_reply_to_an_append(at, value):
    """Rows that went in are told as added or in doubt, whatever one field of the reply holds."""
    result = append(Strike(change=altered(at, value)))
    assert not result.pending


@fuzzed
@given(places, odd_values, st.sampled_from([0, 3, 150]))
def test_field_of_the_tail(at, value, before):
    """The tail that is read before an append may hold anything."""
    result = append(Strike(change=altered(at, value), method="GET"), before=before)
    assert result.totals.added == len(ROWS)


@fuzzed
@given(places, odd_values, st.sampled_from([0, 3, 150]), st.booleans())
def test_field_of_what_is_read_back(at, value, before, commit):
    """What is read back after a lost reply may hold anything, and no row is told otherwise than it is."""
    reads = Strike(change=altered(at, value), method="GET", at=range(2 if before < 100 else 3, 1_000_000))
    append(reads, Strike(commit=commit), before=before)


@fuzzed
@given(st.sampled_from(REFUSALS), places, odd_values, st.booleans())
def test_field_of_a_refusal(refusal, at, value, again):
    """A refusal may hold anything beside its code."""
    status, code = refusal
    whole = http(error(code, **ENVELOPE), status=f"{status} X")
    append(Strike(reply=altered(at, value)(*_parted(whole)), at=ALWAYS if again else range(1, 2)))


@fuzzed
@given(st.sampled_from(HEADERS), odd_headers, st.sampled_from(["append", "tail", "refusal"]))
def test_header(name, value, where):
    """A header may hold anything."""
    if where == "refusal":
        whole = http(error("RATE_LIMIT_EXCEEDED", retry_after_seconds=1), status="429 X")
        append(Strike(reply=with_header(name, value)(*_parted(whole))))
    else:
        append(Strike(change=with_header(name, value), method="GET" if where == "tail" else "POST"))


async def _calls(allo):
    queue = allo.queue(email=EMAIL)
    yield "GET", allo.users
    yield "GET", allo.me
    yield "GET", lambda: allo.user("usr_1")
    yield "GET", queue.state
    yield "GET", lambda: _all(queue.numbers())
    yield "PATCH", lambda: queue.update(name="Monday")
    yield "POST", lambda: queue.reset(name="Monday")
    yield "PATCH", lambda: queue.reassign(to_email="tom@acme.example")
    yield "DELETE", lambda: queue.clear(position=0)
    yield "GET", lambda: allo.request("GET", "/v2/api/me")
    yield "GET", lambda: queue.plan(ROWS)


async def _all(numbers):
    return [number async for number in numbers]


@pytest.mark.parametrize("call", range(11))
@settings(max_examples=60, deadline=None)
@given(places, odd_values)
def test_field_of_any_other_reply(call, at, value):
    """Whatever a field holds, a call returns or raises an `AlloError`."""

    async def run():
        clock = HastyClock()
        async with (
            Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox,
            Middleman(sandbox.url) as middleman,
            AlloClient(sandbox.api_key, base_url=middleman.url, clock=clock, timeout=50, retry_budget=1) as allo,
        ):
            await allo.queue(email=EMAIL).append(ROWS)
            method, ask = [one async for one in _calls(allo)][call]
            middleman.strike(Strike(change=altered(at, value), method=method, at=ALWAYS))
            with contextlib.suppress(AlloError):
                repr(await ask())

    asyncio.run(run())


@settings(max_examples=80, deadline=None)
@given(places, odd_values, st.sampled_from(["GET", "POST"]), st.sampled_from([range(1, 2), ALWAYS]))
def test_field_of_a_spread(at, value, method, which):
    """A spread over mixed names ends with an `AlloError` at most, and with every row in one of its lists."""

    async def run():
        clock = HastyClock()
        async with (
            Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox,
            Middleman(sandbox.url) as middleman,
            AlloClient(sandbox.api_key, base_url=middleman.url, clock=clock, timeout=50, retry_budget=1) as allo,
        ):
            marie = (await allo.users())[1].id
            middleman.strike(Strike(change=altered(at, value), method=method, at=which))
            over = [allo.queue(user_id=marie), allo.queue(email="tom@acme.example")]
            try:
                result = await allo.spread(ROWS, over=over)
            except AlloError as error:
                result = error.result
            told = [row for rows in (result.added, result.skipped, result.pending, result.in_doubt) for row in rows]
            assert sorted(row.index for row in told) == [0, 1, 2]
            stands = [*sandbox.numbers(EMAIL), *sandbox.numbers("tom@acme.example")]
            assert len(stands) == len(set(stands))
            assert {ROWS[row.index] for row in result.added} <= set(stands)
            assert not {ROWS[row.index] for row in result.pending} & set(stands)

    asyncio.run(run())


def _parted(whole):
    head, _, body = whole.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", body
