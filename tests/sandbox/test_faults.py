import asyncio

import aiohttp
import pytest

from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import us_numbers


async def test_refusals_come_before_the_append(sandbox, call):
    """A fault without commit adds nothing and leaves the key unused."""
    sandbox.script(faults.error(500, message="Boom.", retryable=True, suggestion="Try."), at=1)
    sandbox.script(faults.html(502), at=2)
    sandbox.script(faults.empty(503), at=3)
    sandbox.script(faults.conflict(), at=4)

    answers = [await call.append(us_numbers(1), idempotency_key="k") for _ in range(5)]

    assert [status for status, _, _ in answers] == [500, 502, 503, 409, 200]
    assert answers[0][1]["error"] | {"request_id": ""} == {
        "type": "server_error",
        "code": "INTERNAL_SERVER_ERROR",
        "message": "Boom.",
        "retryable": True,
        "doc_url": "https://example.com/errors/INTERNAL_SERVER_ERROR",
        "suggestion": "Try.",
        "request_id": "",
    }
    assert (answers[1][2]["Content-Type"], "X-Request-Id" in answers[1][2]) == ("text/html", False)
    assert sandbox.numbers() == us_numbers(1)
    assert [request.fault for request in sandbox.ledger.appends][:2] == ["error 500", "html 502"]


async def test_committed_500_does_not_consume_the_key(sandbox, call):
    """After a 500 behind the commit, the same key executes again."""
    sandbox.script(faults.error(500, commit=True), at=1)

    first = await call.append(us_numbers(1), idempotency_key="k")
    second = await call.append(us_numbers(1), idempotency_key="k")

    assert (first[0], second[0], len(sandbox.numbers())) == (500, 200, 2)


@pytest.mark.parametrize("commit", [False, True])
async def test_dropped_connection(sandbox, call, commit):
    """The connection closes without an answer; after a commit, a replay gives it."""
    sandbox.script(faults.drop(commit=commit), at=1)

    with pytest.raises(aiohttp.ClientConnectionError):
        await call.append(us_numbers(1), idempotency_key="k")

    assert len(sandbox.numbers()) == int(commit)
    assert sandbox.ledger.appends[0].status is None
    status, _, headers = await call.append(us_numbers(1), idempotency_key="k")
    assert (status, headers.get("Idempotency-Replayed")) == (200, "true" if commit else None)
    assert sandbox.numbers() == us_numbers(1)


@pytest.mark.parametrize("fault", [faults.truncated_json(), faults.truncated_body()], ids=lambda fault: fault.name)
async def test_truncated_answer(sandbox, call, fault):
    """The append is committed, its answer cannot be read, a replay gives it."""
    sandbox.script(fault, at=1)

    with pytest.raises((aiohttp.ClientPayloadError, ValueError)):
        await call.append(us_numbers(3), idempotency_key="k")

    assert len((await call.append(us_numbers(3), idempotency_key="k"))[1]["data"]["added"]) == 3
    assert sandbox.numbers() == us_numbers(3)


async def hang_up_once(seen, session, sandbox):
    """Post an append and hang up as soon as *seen* tells that it is far enough."""
    url = f"{sandbox.url}/v2/api/dialing-queues/current/numbers"
    posting = asyncio.ensure_future(session.post(url, json={"numbers": [{"number": "+12125550010"}]}))
    while not seen():
        await asyncio.sleep(0.001)
    posting.cancel()
    await asyncio.wait({posting})


async def test_silence_ends_when_nobody_listens(clock):
    """A stalled answer holds up neither a client that gave up nor the closing of the sandbox."""

    class Patient:
        monotonic, time = clock.monotonic, clock.time

        async def sleep(self, seconds):
            await asyncio.Event().wait()

    async with Sandbox(clock=Patient()) as sandbox:
        sandbox.script(faults.commit_and_stall())
        async with aiohttp.ClientSession(headers={"Authorization": f"Api-Key {sandbox.api_key}"}) as session:
            await hang_up_once(sandbox.numbers, session, sandbox)

        assert sandbox.numbers() == ["+12125550010"]


@pytest.mark.parametrize(
    ("fault", "body", "header"),
    [
        (faults.rate_limited(), None, None),
        (faults.rate_limited(seconds=3), 3, None),
        (faults.rate_limited(header="seconds", header_seconds=4), None, "4"),
        (faults.rate_limited(header="date", header_seconds=10), None, "Mon, 21 Sep 2026 14:13:30 GMT"),
        (faults.rate_limited(header="soon", seconds=1), 1, "soon"),
    ],
)
async def test_every_shape_of_a_rate_limit(sandbox, call, fault, body, header):
    """A 429 says how long to wait in each of the ways that servers have."""
    sandbox.script(fault, at=1)

    status, content, headers = await call.append(us_numbers(1))

    assert (status, content["error"].get("retry_after_seconds"), headers.get("Retry-After")) == (429, body, header)


async def test_strange_replies(sandbox, call):
    """Replies can hold what nobody announced, in any order, with rows left out and made up."""
    for place, fault in enumerate(
        [
            faults.unknown_fields(),
            faults.unknown_enum_values(),
            faults.unknown_skip_reason("NEW"),
            faults.leave_out(0),
            faults.made_up(2),
            faults.reversed_order(),
        ],
        start=1,
    ):
        sandbox.script(fault, at=place)

    data = [(await call.append([*us_numbers(2), "nope"]))[1]["data"] for _ in range(6)]

    assert "call_status" in data[0]["added"][0]
    assert data[1]["added"][0]["routing_result"] == "TELEPATHY"
    assert data[2]["skipped"] == [{"number": "nope", "reason": "NEW"}]
    assert [len(one["added"]) for one in data] == [2, 2, 2, 1, 3, 2]
    assert [len(one["skipped"]) for one in data] == [1, 1, 1, 1, 2, 1]
    assert [entry["position"] for entry in data[5]["added"]] == [11, 10]
    assert len(sandbox.numbers()) == 12


async def test_ledger_knows_of_no_answer_that_nobody_heard(clock):
    """A client that hangs up before the answer leaves a request without a status, and an append that was committed."""

    class Slow:
        monotonic, time = clock.monotonic, clock.time

        async def sleep(self, seconds):
            await asyncio.sleep(0.1)

    async with Sandbox(clock=Slow(), latency=1.0) as sandbox:
        async with aiohttp.ClientSession(headers={"Authorization": f"Api-Key {sandbox.api_key}"}) as session:
            await hang_up_once(lambda: sandbox.ledger.appends, session, sandbox)
        while not sandbox.numbers():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)

        (record,) = sandbox.ledger.appends
        assert (record.status, record.answered_at, record.added) == (None, None, ["+12125550010"])


async def test_fault_is_noted_where_it_strikes(sandbox, call):
    """A request that was refused before its fault could strike does not bear its name."""
    sandbox.script(faults.conflict(), times=1)

    await call.append(us_numbers(1), key="ak_wrong")
    await call.append(us_numbers(1))

    assert [request.fault for request in sandbox.ledger.appends] == [None, None]


async def test_filled_numbers_are_distinct(sandbox):
    """What fill() puts in never stands in two places."""
    sandbox.fill(None, 3)
    sandbox.fill("marie@acme.example", 3)
    sandbox.fill(None, 2)

    numbers = sandbox.numbers() + sandbox.numbers("marie@acme.example")
    assert len(set(numbers)) == len(numbers) == 8


async def test_script_picks_its_appends(sandbox, call):
    """Faults strike by place, by number of times and by what the request is."""
    sandbox.script(faults.error(500), at=range(2, 4))
    sandbox.script(faults.html(502), times=1, when=lambda request: request.idempotency_key == "special")

    keys = ["a", "b", "c", "special", "special", "d"]
    statuses = [(await call.append(us_numbers(1), idempotency_key=key))[0] for key in keys]

    assert statuses == [200, 500, 500, 502, 200, 200]


async def test_ledger_counts_the_densest_second(sandbox, call, clock):
    """The ledger tells the most writes and reads in any second."""
    for gap in (0, 0.5, 0.4, 0.2, 2):
        clock.now += gap
        await call.append(us_numbers(1))
    await call("GET", "/v2/api/me")

    assert sandbox.ledger.most_writes_in_a_second() == 3
    assert sandbox.ledger.most_reads_in_a_second() == 1


async def test_sandbox_answers_only_once_entered():
    """The URL is known once the sandbox listens."""
    with pytest.raises(RuntimeError, match="async with"):
        _ = Sandbox().url


async def test_unknown_user_is_a_key_error(sandbox):
    """Asking for a queue of nobody is a mistake of the test."""
    with pytest.raises(KeyError):
        sandbox.numbers("nobody@acme.example")
