import re

import aiohttp
import pytest

from tests.end_to_end.numbers import us_numbers
from tests.sandbox.conftest import APPEND


def code(content):
    return content["error"]["code"]


async def test_keys_are_told_apart(sandbox, call):
    """Missing, unknown, revoked, small and trial keys each get their own refusal."""
    revoked = sandbox.add_key()
    sandbox.revoke_key(revoked)
    small = sandbox.add_key(scopes=("USERS_READ",))
    trial = sandbox.add_key(trial=True)

    told = [(await call.append(us_numbers(1), key=key))[:2] for key in ("ak_x", revoked, small, trial)]

    assert [(status, code(content)) for status, content in told] == [
        (401, "API_KEY_INVALID"),
        (401, "API_KEY_REVOKED"),
        (403, "API_KEY_INSUFFICIENT_SCOPE"),
        (403, "API_KEY_TRIAL_NOT_ALLOWED"),
    ]
    assert sandbox.numbers() == []


async def test_other_schemes_get_a_bare_401(sandbox):
    """Any scheme but Api-Key is refused without a word, no header at all with the envelope."""
    async with aiohttp.ClientSession() as session:
        async with session.post(
            sandbox.url + APPEND, headers={"Authorization": f"Bearer {sandbox.api_key}"}
        ) as response:
            assert (response.status, await response.read()) == (401, b"")
        async with session.post(sandbox.url + APPEND) as response:
            assert (response.status, code(await response.json())) == (401, "UNAUTHORIZED")


async def test_every_answer_has_its_headers(call):
    """Limits, request id and idempotency key are in each answer, refusals included."""
    for numbers in (us_numbers(1), []):
        _, content, headers = await call.append(numbers, idempotency_key=f"k{len(numbers)}")

        assert headers["X-RateLimit-Limit"] == "1000000"
        assert int(headers["X-RateLimit-Remaining"]) < 1_000_000
        assert int(headers["X-RateLimit-Reset"]) > 1_700_000_000
        assert re.fullmatch(r"req_[A-Za-z0-9]{12}", headers["X-Request-Id"])
        assert headers["Idempotency-Key"] == f"k{len(numbers)}"
    assert content["error"]["request_id"] == headers["X-Request-Id"]


async def test_client_may_name_its_request(sandbox, call):
    """The client's own X-Request-Id is used."""
    _, content, headers = await call("GET", "/v2/api/nowhere", headers={"X-Request-Id": "req_mine00000001"})

    assert (code(content), headers["X-Request-Id"]) == ("ENDPOINT_NOT_FOUND", "req_mine00000001")
    assert content["error"]["request_id"] == "req_mine00000001"
    assert sandbox.ledger.requests[0].request_id == "req_mine00000001"


async def test_limit_is_an_exact_window_per_key(open_sandbox, clock):
    """Five writes and twenty reads in any second; a refusal says how long to wait and does not count."""
    sandbox, call = await open_sandbox()
    statuses = [(await call.append(us_numbers(1, place)))[0] for place in range(5)]
    status, content, headers = await call.append(us_numbers(1, 5))

    assert (statuses, status, code(content)) == ([200] * 5, 429, "RATE_LIMIT_EXCEEDED")
    assert (content["error"]["retry_after_seconds"], headers["Retry-After"]) == (1, "1")
    assert (await call("GET", "/v2/api/me"))[0] == 200
    assert (await call.append(us_numbers(1, 6), key=sandbox.add_key()))[0] == 200
    clock.now += 0.999
    assert (await call.append(us_numbers(1, 7)))[0] == 429
    clock.now += 0.001
    assert (await call.append(us_numbers(1, 8)))[0] == 200
    assert len(sandbox.ledger.refused) == 2
    assert [(await call("GET", "/v2/api/me"))[0] for _ in range(21)] == [200] * 20 + [429]


async def test_same_key_replays_for_an_hour(sandbox, call, clock):
    """Within an hour of a 2xx the same key gives the stored answer; later it executes again."""
    first = await call.append(us_numbers(2), idempotency_key="k")
    clock.now += 3599
    second = await call.append(us_numbers(2, 50), idempotency_key="k")
    clock.now += 2
    third = await call.append(us_numbers(2), idempotency_key="k")

    assert first[1] == second[1]
    assert "Idempotency-Replayed" not in first[2]
    assert second[2]["Idempotency-Replayed"] == "true"
    assert third[1]["data"]["added"][0]["position"] == 2
    assert [request.replayed for request in sandbox.ledger.appends] == [False, True, False]
    assert [len(request.added) for request in sandbox.ledger.appends] == [2, 0, 2]


async def test_refusal_does_not_consume_the_key(sandbox, call):
    """After a 4xx the key may be used again."""
    assert (await call.append([], idempotency_key="k"))[0] == 400
    assert (await call.append(us_numbers(1), idempotency_key="k"))[0] == 200


async def test_keys_of_two_api_keys_never_meet(sandbox, call):
    """The same idempotency key under another API key is another one."""
    await call.append(us_numbers(1), idempotency_key="k")
    await call.append(us_numbers(1, 1), idempotency_key="k", key=sandbox.add_key())

    assert sandbox.numbers() == us_numbers(2)


async def test_server_may_ignore_keys(open_sandbox):
    """honour_idempotency=False neither echoes nor obeys."""
    sandbox, call = await open_sandbox(honour_idempotency=False)

    for _ in range(2):
        _, _, headers = await call.append(us_numbers(1), idempotency_key="k")
        assert "Idempotency-Key" not in headers

    assert len(sandbox.numbers()) == 2


async def test_me_tells_the_key_itself(sandbox, call):
    """GET /me needs no scope and tells scopes, endpoints, team and limits."""
    _, content, _ = await call("GET", "/v2/api/me", key=sandbox.add_key(scopes=()))
    _, full, _ = await call("GET", "/v2/api/me")

    assert (content["data"]["scopes"], content["data"]["endpoints"]) == ([], [])
    assert content["data"]["rate_limits"] == {"read_per_second": 20, "write_per_second": 1_000_000}
    assert full["data"]["scopes"] == ["DIALING_QUEUE_READ_WRITE", "USERS_READ"]


async def test_users_are_filtered(sandbox, call):
    """Users come by role and status, active ones by default, single ones by id."""
    blocked = sandbox.add_user("gone@acme.example", status="BLOCKED")

    async def emails(query):
        return [user["email"] for user in (await call("GET", f"/v2/api/users{query}"))[1]["data"]]

    assert await emails("?role=ADMIN") == ["olivia@acme.example"]
    assert await emails("?status=BLOCKED") == ["gone@acme.example"]
    assert len(await emails("")) == 4
    assert (await call("GET", f"/v2/api/users/{blocked.id}"))[1]["data"]["status"] == "BLOCKED"
    assert code((await call("GET", "/v2/api/users/usr-0"))[1]) == "USER_NOT_FOUND"


@pytest.mark.parametrize(
    ("query", "places", "pages", "more"),
    [("", range(20), 7, True), ("?page=7", range(120, 137), 7, False), ("?page=2&size=100", range(100, 137), 2, False)],
)
async def test_current_queue_comes_in_pages(sandbox, call, query, places, pages, more):
    """A page holds 20 entries by default and 100 at most, in order, with the queue beside it."""
    sandbox.fill(None, 137)

    _, content, _ = await call("GET", f"/v2/api/dialing-queues/current{query}")

    assert [entry["position"] for entry in content["data"]] == list(places)
    pagination = content["pagination"]
    assert (pagination["total_count"], pagination["total_pages"], pagination["has_more"]) == (137, pages, more)
    assert content["queue"]["assignee_id"] == sandbox.users[0].id


async def test_user_without_a_queue_has_an_empty_page(call):
    """No queue is no error."""
    status, content, _ = await call("GET", "/v2/api/dialing-queues/current?email=marie@acme.example")

    assert (status, content["data"], "queue" in content) == (200, [], False)
    assert content["pagination"]["total_count"] == 0
    assert (await call("GET", "/v2/api/dialing-queues/current?page=0"))[0] == 400
    assert code((await call("GET", "/v2/api/dialing-queues/current?size=101"))[1]) == "INVALID_PAGE_SIZE"


async def test_ledger_may_keep_the_latest_only(sandbox, call):
    """A ledger with `keeps` forgets the oldest requests, and serves on."""
    sandbox.ledger.keeps = 2
    for path in ("/v2/api/me", "/v2/api/users", "/v2/api/users/usr-0"):
        await call("GET", path)

    assert [(request.path, request.status) for request in sandbox.ledger.requests] == [
        ("/v2/api/users", 200),
        ("/v2/api/users/usr-0", 404),
    ]
