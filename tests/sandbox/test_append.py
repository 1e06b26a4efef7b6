import asyncio

import aiohttp
import pytest

from allo_async.sandbox import Sandbox
from allo_async.testing import FastClock
from tests.end_to_end.numbers import us_numbers
from tests.sandbox.conftest import APPEND, Caller


def code(content):
    return content["error"]["code"]


async def test_numbers_are_normalised_and_bad_ones_skipped(sandbox, call):
    """Valid numbers are added in E.164 at the end, invalid ones skipped as they came."""
    status, content, _ = await call.append(["(212) 555-0010", "nope", "+33 6 12 34 56 78", "+1 123 456 7890"])

    assert status == 200
    assert [(entry["number_to"], entry["position"]) for entry in content["data"]["added"]] == [
        ("+12125550010", 0),
        ("+33612345678", 1),
    ]
    assert content["data"]["skipped"] == [
        {"number": "nope", "reason": "INVALID_PHONE_NUMBER"},
        {"number": "+1 123 456 7890", "reason": "INVALID_PHONE_NUMBER"},
    ]
    assert set(content["data"]["added"][0]) == {"number_to", "position", "created_at", "updated_at"}
    assert sandbox.numbers() == ["+12125550010", "+33612345678"]


async def test_same_number_may_stand_twice(sandbox, call):
    """A repeat is added like any other."""
    await call.append(["+12125550010", "+12125550010"])
    await call.append(["+12125550010"])

    assert [entry.position for entry in sandbox.queue()] == [0, 1, 2]


async def test_queue_is_whose_it_is_said_to_be(sandbox, call):
    """user_id wins over email, any case of an address will do, and neither is the key's owner."""
    owner, marie, tom, _ = sandbox.users

    await call.append(["+12125550010"], email=marie.email.upper())
    await call.append(["+12125550011"], user_id=tom.id, email=marie.email)
    await call.append(["+12125550012"])

    assert sandbox.numbers(marie.email) == ["+12125550010"]
    assert sandbox.numbers(tom.id) == ["+12125550011"]
    assert sandbox.numbers(owner.email) == ["+12125550012"]
    assert [request.user_id for request in sandbox.ledger.appends] == [marie.id, tom.id, owner.id]


async def test_unknown_teammate_is_refused(sandbox, call):
    """Nobody's queue receives what was meant for somebody unknown."""
    status, content, _ = await call.append(["+12125550010"], email="nobody@acme.example")

    assert (status, code(content)) == (404, "ASSIGNEE_NOT_FOUND")
    assert all(sandbox.queue(user.id) == () for user in sandbox.users)


async def test_overflow_is_refused_whole(sandbox, call):
    """A request that would overflow the queue adds nothing; one that fills it to the brim is fine."""
    sandbox.fill(None, 995)

    status, content, _ = await call.append(us_numbers(6))

    assert (status, code(content), content["error"]["retryable"]) == (400, "DIALING_QUEUE_LIMIT_REACHED", False)
    assert len(sandbox.numbers()) == 995
    assert (await call.append([*us_numbers(5), "not a number"]))[0] == 200
    assert len(sandbox.numbers()) == 1000


async def test_bad_bodies_are_told_by_field(call):
    """Each wrong field is named, with its row."""
    rows = [{"number": "+12125550010", "name": 5}, {"name": "Jo"}, {"number": "+12125550011", "emails": "x"}]
    status, content, _ = await call.append(rows, email=7)

    assert (status, code(content)) == (400, "VALIDATION_ERROR")
    assert [error["field"] for error in content["error"]["errors"]] == [
        "email",
        "numbers[0].name",
        "numbers[1].number",
        "numbers[2].emails",
    ]
    for data in (b"", b"{", b"[]", b'{"numbers": []}', b'{"numbers": "x"}', b'{"numbers": [5]}'):
        assert (await call("POST", APPEND, data=data, headers={"Content-Type": "application/json"}))[0] == 400


async def test_overlapping_appends_conflict(open_sandbox, clock):
    """Of two appends that overlap in time the first to commit wins, the other adds nothing."""
    sandbox, call = await open_sandbox(append_seconds_per_row=0.001, write_per_second=None)

    answers = await asyncio.gather(call.append(us_numbers(50)), call.append(us_numbers(5, 100)))

    assert sorted(status for status, _, _ in answers) == [200, 409]
    refused = next(content for status, content, _ in answers if status == 409)
    assert (code(refused), refused["error"]["retryable"]) == ("DIALING_QUEUE_APPEND_CONFLICT", False)
    assert "Retry" in refused["error"]["suggestion"]
    assert len(sandbox.numbers()) in {50, 5}


async def test_appends_to_two_queues_do_not_conflict(open_sandbox):
    """Different queues go in parallel."""
    sandbox, call = await open_sandbox(append_seconds_per_row=0.001, write_per_second=None)

    answers = await asyncio.gather(*(call.append(us_numbers(9), user_id=user.id) for user in sandbox.users))

    assert [status for status, _, _ in answers] == [200] * 4


async def test_too_many_rows_at_once(open_sandbox):
    """Above max_rows_per_request the answer is 413."""
    _, call = await open_sandbox(max_rows_per_request=2)

    status, content, _ = await call.append(us_numbers(3))

    assert (status, code(content)) == (413, "BATCH_TOO_LARGE")


@pytest.mark.parametrize("seed", [1, 2])
async def test_spontaneous_refusals_come_at_their_rate(open_sandbox, seed):
    """conflict_rate and rate_limit_rate refuse about so many appends, before anything happens."""
    sandbox, call = await open_sandbox(conflict_rate=0.3, rate_limit_rate=0.2, seed=seed, write_per_second=None)

    statuses = [(await call.append(us_numbers(1, place)))[0] for place in range(200)]

    assert 35 < statuses.count(409) < 85
    assert 20 < statuses.count(429) < 60
    assert len(sandbox.numbers()) == statuses.count(200)


async def test_append_notices_a_reset_meanwhile():
    """An append that began on the queue before a reset conflicts, instead of filling the fresh one."""
    async with Sandbox(clock=FastClock(50), append_seconds_per_row=0.5) as sandbox, aiohttp.ClientSession() as session:
        call = Caller(session, sandbox)
        await call.append(us_numbers(1))
        appending = asyncio.create_task(call.append(us_numbers(9, 50)))
        while len(sandbox.ledger.appends) < 2:
            await asyncio.sleep(0.001)

        assert (await call("POST", "/v2/api/dialing-queues/current"))[0] == 200
        assert (await appending)[0] == 409
        assert sandbox.numbers() == []
