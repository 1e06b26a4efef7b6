"""The rest of the Power Dialer: each endpoint, and each of its documented errors."""

import asyncio

import pytest

from allo_async import AlloClient, ConfigurationError, InvalidTeammateError, errors
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import us_numbers

MARIE = "marie@acme.example"


async def test_state_tells_size_room_and_settings(sandbox, allo):
    """A queue's state is how full it is and what it is set to; a user without one has an empty state."""
    sandbox.fill(MARIE, 137)

    state = await allo.queue(email=MARIE).state()
    nothing = await allo.queue().state()

    assert (state.size, state.room) == (137, 863)
    assert state.settings.assignee_id == sandbox.users[1].id
    assert state.settings.voicemail_handling == "NO_SKIP"
    assert (nothing.size, nothing.room, nothing.settings) == (0, 1000, None)
    with pytest.raises(errors.AssigneeNotFoundError):
        await allo.queue(email="nobody@acme.example").state()


async def test_numbers_come_page_by_page(sandbox, allo):
    """All entries are read in order, a hundred a page."""
    sandbox.fill(None, 250)

    numbers = [number async for number in allo.queue().numbers()]

    assert [number.number_to for number in numbers] == sandbox.numbers()
    assert [number.position for number in numbers] == list(range(250))
    assert [request.query["size"] for request in sandbox.ledger.requests] == ["100"] * 3
    assert [number async for number in allo.queue(email=MARIE).numbers()] == []


async def test_numbers_are_consistent_while_the_queue_grows(sandbox, allo):
    """Entries that come in while the pages are read are read once, like all others."""
    sandbox.fill(None, 190)
    seen = []

    async for number in allo.queue().numbers():
        seen.append(number.number_to)
        if len(seen) in {50, 150}:
            sandbox.fill(None, 60)

    assert seen == sandbox.numbers()
    assert len(seen) == 310


async def test_called_entries_carry_what_the_api_tells(sandbox, allo):
    """Outcomes of calls are on the entries, fields that this version does not know among them."""
    sandbox.fill(None, 5)
    sandbox.start_calling(per_second=100, keeps=True)
    while sandbox.queue()[4].call_id is None:
        await asyncio.sleep(0.001)

    numbers = [number async for number in allo.queue().numbers()]

    assert numbers[0].routing_result in {"ANSWERED", "VOICEMAIL", "FAILED"}
    assert numbers[0].call_id.startswith("cll-")
    assert numbers[0].call_start_date is not None
    assert numbers[0].extra == {"call_status": "COMPLETED"}


async def test_update_changes_what_is_given(sandbox, allo):
    """Only the settings that are given change; values that the server refuses are told by field."""
    queue = allo.queue(email=MARIE)

    await queue.update(name="Cold calls", voicemail_handling="SKIP")
    settings = await queue.update(do_not_disturb="ENABLED")

    assert (settings.name, settings.voicemail_handling, settings.do_not_disturb) == ("Cold calls", "SKIP", "ENABLED")
    assert (await queue.state()).settings == settings
    for wrong in ({"name": ""}, {"name": "x" * 256}, {"voicemail_handling": "MAYBE"}):
        with pytest.raises(errors.BadRequestError) as caught:
            await queue.update(**wrong)
        assert caught.value.errors[0].field == next(iter(wrong))
    with pytest.raises(errors.AssigneeNotFoundError):
        await allo.queue(user_id="usr-0").update(name="x")


async def test_reset_gives_an_empty_queue(sandbox, allo):
    """The newest queue is the current one."""
    sandbox.fill(MARIE, 5)
    before = (await allo.queue(email=MARIE).state()).settings.id

    settings = await allo.queue(email=MARIE).reset(name="Monday")

    assert (settings.name, settings.creator_id) == ("Monday", sandbox.users[0].id)
    assert settings.id != before
    assert sandbox.numbers(MARIE) == []
    with pytest.raises(errors.AssigneeNotFoundError):
        await allo.queue(email="nobody@acme.example").reset()


async def test_clear_removes_by_each_filter(sandbox, allo):
    """By number, by place, by both, or all that were not called yet."""
    queue, numbers = allo.queue(), us_numbers(4)
    await queue.append([*numbers, numbers[0], numbers[0]], keep_duplicates=True)

    assert await queue.clear(position=1) == 1
    assert await queue.clear(number="(212) 200-0000", position=3) == 1
    assert sandbox.numbers() == [numbers[0], numbers[2], numbers[3], numbers[0]]
    assert await queue.clear(number=numbers[0]) == 2
    assert await queue.clear(number=numbers[0]) == 0
    assert await queue.clear(unassigned=True) == 2
    assert sandbox.numbers() == []


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({}, "number, position or unassigned=True"),
        ({"unassigned": True, "position": 0}, "cannot be combined"),
        ({"unassigned": True, "number": "+12125550010"}, "cannot be combined"),
    ],
)
async def test_filters_that_cannot_be_meant_are_refused_here(sandbox, allo, filters, told):
    """No filter, and two that exclude each other, are a mistake of the caller's; nothing is sent."""
    with pytest.raises(errors.ConfigurationError, match=told):
        await allo.queue().clear(**filters)

    assert sandbox.ledger.requests == []


async def test_clear_tells_what_is_not_there(sandbox, allo):
    """No queue, no such place, no number, no teammate: each has its error."""
    with pytest.raises(errors.NotFoundError, match="DIALING_QUEUE_NOT_FOUND"):
        await allo.queue().clear(position=0)
    sandbox.fill(None, 1)
    with pytest.raises(errors.NotFoundError, match="QUEUE_NUMBER_POSITION_NOT_FOUND"):
        await allo.queue().clear(position=7)
    with pytest.raises(errors.BadRequestError, match="INVALID_PHONE_NUMBER"):
        await allo.queue().clear(number="nope")
    with pytest.raises(errors.AssigneeNotFoundError):
        await allo.queue(email="nobody@acme.example").clear(position=0)


async def test_filters_of_a_foreign_client_are_refused_by_the_server(allo):
    """The API itself refuses what this client does not let through."""
    path = "/v2/api/dialing-queues/current/numbers"
    with pytest.raises(errors.BadRequestError, match="DIALING_QUEUE_DELETE_FILTER_REQUIRED"):
        await allo.request("DELETE", path)
    with pytest.raises(errors.BadRequestError, match="DIALING_QUEUE_DELETE_FILTER_CONFLICT"):
        await allo.request("DELETE", path, params={"unassigned": True, "position": 1})


async def test_queue_moves_to_a_teammate(sandbox, allo):
    """Numbers and all; whose it was has none afterwards."""
    sandbox.fill(MARIE, 3)
    numbers = sandbox.numbers(MARIE)

    await allo.queue(email=MARIE).reassign(to_email="tom@acme.example")
    await allo.queue(email="tom@acme.example").reassign(to_user_id=sandbox.users[3].id)

    assert (sandbox.numbers(MARIE), sandbox.numbers("ana@acme.example")) == ([], numbers)


async def test_reassigning_has_its_errors(sandbox, allo, clock):
    """Nobody to give it to, nothing to give, not allowed to, not now."""
    with pytest.raises(InvalidTeammateError):
        await allo.queue(email=MARIE).reassign()
    with pytest.raises(InvalidTeammateError):
        await allo.queue(email=MARIE).reassign(to_email=" ")
    with pytest.raises(errors.NotFoundError, match="no queue to move"):
        await allo.queue(email=MARIE).reassign(to_email="tom@acme.example")
    sandbox.fill(MARIE, 900)
    with pytest.raises(errors.AssigneeNotFoundError):
        await allo.queue(email=MARIE).reassign(to_email="nobody@acme.example")
    with pytest.raises(errors.BadRequestError, match="DIALING_QUEUE_ASSIGNEE_REQUIRED"):
        await allo.request("PATCH", "/v2/api/dialing-queues/pdl_0/assignee", json={})
    with pytest.raises(errors.NotFoundError, match="DIALING_QUEUE_NOT_FOUND"):
        await allo.request("PATCH", "/v2/api/dialing-queues/pdl_0/assignee", json={"email": MARIE})
    member = sandbox.add_key(sandbox.users[2])
    async with AlloClient(member, base_url=sandbox.url, clock=clock) as toms:
        with pytest.raises(errors.PermissionDeniedError, match="DIALING_QUEUE_ASSIGN_FORBIDDEN"):
            await toms.queue(email=MARIE).reassign(to_email="tom@acme.example")
    sandbox.start_calling(MARIE, per_second=10)
    while len(sandbox.numbers(MARIE)) == 900:
        await asyncio.sleep(0.001)
    with pytest.raises(errors.ConflictError, match="DIALING_QUEUE_SESSION_ACTIVE"):
        await allo.queue(email=MARIE).reassign(to_email="tom@acme.example")


async def test_team_and_key_can_be_asked(sandbox, allo, clock):
    """Users by role and status, one user, and the key itself."""
    sandbox.add_user("gone@acme.example", status="BLOCKED")

    assert [user.email for user in await allo.users(role="ADMIN")] == ["olivia@acme.example"]
    assert [user.status for user in await allo.users(status="BLOCKED")] == ["BLOCKED"]
    assert (await allo.user(sandbox.users[1].id)).name == "Marie Laurent"
    with pytest.raises(errors.NotFoundError, match="USER_NOT_FOUND"):
        await allo.user("usr-0")
    me = await allo.me()
    assert (me.rate_limits.write_per_second, me.team.name) == (500, "Acme Sales")
    assert me.endpoints[0].path == "/v2/api/dialing-queues/current"
    async with AlloClient(sandbox.add_key(scopes=()), base_url=sandbox.url, clock=clock) as small:
        assert (await small.me()).scopes == []
        with pytest.raises(errors.InsufficientScopeError):
            await small.users()
        with pytest.raises(errors.InsufficientScopeError):
            await small.queue().state()


async def test_any_endpoint_can_be_called(sandbox, allo):
    """request() gives the JSON that came, and the same errors."""
    told = await allo.request("get", "/v2/api/users", params={"role": "MEMBER", "status": None})

    assert len(told["data"]) == 3
    assert sandbox.ledger.requests[0].query == {"role": "MEMBER"}
    with pytest.raises(errors.NotFoundError):
        await allo.request("GET", "/v2/api/tags")
    with pytest.raises(errors.NotFoundError):
        await allo.request("GET", "/v2/api/a b\tHost: evil.example")
    assert sandbox.ledger.requests[-1].path == "/v2/api/a b\tHost: evil.example"
    for path in ("v2/api/tags", "@evil.example/", "https://evil.example/"):
        with pytest.raises(ConfigurationError, match="slash"):
            await allo.request("GET", path)


async def test_reads_are_paced_apart(sandbox, allo):
    """Reads do not wait for writes, and stay below twenty a second themselves."""
    await asyncio.gather(*(allo.queue().state() for _ in range(19)), allo.queue().append(us_numbers(1)))

    assert [request.status for request in sandbox.ledger.requests] == [200] * 21


@pytest.mark.parametrize(
    "fault",
    [faults.html(502), faults.drop(), faults.truncated_json(), faults.rate_limited(seconds=1)],
    ids=lambda fault: fault.name,
)
async def test_reads_are_tried_again(sandbox, allo, fault):
    """A read that fails in any passing way is made again."""
    sandbox.fill(None, 3)
    sandbox.script(fault, at=1, method="GET")

    assert (await allo.queue().state()).size == 3
    assert len(sandbox.ledger.requests) == 2


async def test_lost_answer_to_a_clear_is_asked_for_again(sandbox, allo):
    """The same key gives the answer back; nothing more is removed."""
    sandbox.fill(None, 3)
    sandbox.script(faults.commit_and_drop(), at=1, method="DELETE")

    assert await allo.queue().clear(position=0) == 1
    assert len(sandbox.numbers()) == 2
    assert [request.replayed for request in sandbox.ledger.requests] == [False, True]


async def test_clear_by_place_is_not_repeated_after_a_5xx(sandbox, allo):
    """Where the answer may hide a removal, the next entry is not removed in its stead."""
    sandbox.fill(None, 3)
    sandbox.script(faults.error(500, commit=True), at=1, method="DELETE")

    with pytest.raises(errors.ServerError):
        await allo.queue().clear(position=0)

    assert len(sandbox.numbers()) == 2


async def test_clear_waits_for_the_append_before_it(clock):
    """What moves positions takes its turn: a clear behind an append finds all that was appended."""
    async with (
        Sandbox(clock=clock, append_seconds_per_row=0.05, write_per_second=None) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo,
    ):
        appending = asyncio.create_task(allo.queue().append(us_numbers(30)))
        while not sandbox.ledger.appends:
            await asyncio.sleep(0.001)
        removed = await allo.queue().clear(unassigned=True)

        assert (removed, len((await appending).added)) == (30, 30)


@pytest.mark.parametrize("user_id", ["", " ", ".", "..", "../me", "usr-1/../../me", "a\\b", None])
async def test_user_id_is_never_another_path(sandbox, allo, user_id):
    """What cannot be one is refused before anything is sent."""
    with pytest.raises(InvalidTeammateError):
        await allo.user(user_id)

    assert sandbox.ledger.requests == []


async def test_clear_by_another_name_waits_for_the_append(sandbox, allo):
    """An id and an address of one rep name one queue, whose positions must not move under an append."""
    marie = sandbox.users[1]
    by_id = allo.queue(user_id=marie.id)
    await by_id.append(us_numbers(1))
    sandbox.script(faults.stall(5, commit=True), at=1)
    appending = asyncio.create_task(by_id.append(us_numbers(1, 1)))
    while len(sandbox.ledger.appends) < 2:
        await asyncio.sleep(0.001)

    await allo.queue(email=marie.email).clear(position=0)

    assert appending.done()
    assert len((await appending).added) == 1


async def test_change_by_another_name_makes_the_tail_unknown(sandbox, allo):
    """What stood last under one name is taken off under the other: what is in front of it is not a lost append."""
    marie, numbers = sandbox.users[1], us_numbers(4)
    by_id = allo.queue(user_id=marie.id)
    await by_id.append(numbers[:3])
    await allo.queue(email=marie.email).clear(number=numbers[2])
    sandbox.script(faults.error(500), at=1)

    result = await by_id.append([*numbers[:2], numbers[3]])

    assert [row.position for row in result.added] == [2, 3, 4]


async def test_two_who_move_queues_to_each_other_do_not_wait_for_each_other(sandbox, allo):
    """The locks of both reps are taken in one order."""
    marie, tom = sandbox.users[1].email, sandbox.users[2].email
    sandbox.fill(marie, 1)
    sandbox.fill(tom, 1)

    async with asyncio.timeout(5):
        await asyncio.gather(
            allo.queue(email=marie).reassign(to_email=tom),
            allo.queue(email=tom).reassign(to_email=marie),
            return_exceptions=True,
        )


@pytest.mark.parametrize("may_read_users", [True, False])
async def test_queues_under_mixed_names_that_do_not_exist_yet(sandbox, clock, may_read_users):
    """The team's ids are asked for once; a key that may not read them finds out as each queue comes to be."""
    users = [sandbox.add_user(f"rep{place}@acme.example") for place in range(5)]
    key = sandbox.add_key() if may_read_users else sandbox.add_key(scopes=("DIALING_QUEUE_READ_WRITE",))
    sandbox.script(faults.stall(40, commit=True))
    async with AlloClient(key, base_url=sandbox.url, clock=clock, timeout=250) as allo:
        names = [*({"user_id": user.id} for user in users[:2]), *({"email": user.email} for user in users[2:])]
        await asyncio.gather(*(allo.queue(**name).append(us_numbers(1, place)) for place, name in enumerate(names)))

    asked = [request.status for request in sandbox.ledger.requests if request.path == "/v2/api/users"]
    assert asked == [200 if may_read_users else 403]
    assert [sandbox.numbers(user.id) for user in users] == [us_numbers(1, place) for place in range(5)]
    in_parallel = [request.received_at for request in sandbox.ledger.appends]
    first_answer = min(request.answered_at for request in sandbox.ledger.appends)
    assert not may_read_users or sum(received < first_answer for received in in_parallel) > 2
