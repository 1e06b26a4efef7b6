"""Lost answers, keys that cannot be trusted, and keys that have grown old: nothing is lost, and nothing comes twice."""

import attrs
import pytest

from allo_async import AlloClient, AlloError, errors
from allo_async.sandbox import Sandbox, faults
from tests.chaos.clock import MovableClock
from tests.end_to_end.numbers import fates, us_numbers

LOST = {
    "dropped": faults.commit_and_drop(),
    "stalled": faults.commit_and_stall(),
    "truncated JSON": faults.truncated_json(),
    "truncated body": faults.truncated_body(),
}
FAILED = {
    "500": faults.error(500, "INTERNAL_SERVER_ERROR", retryable=True, commit=True),
    "HTML 502": faults.html(502, commit=True),
}


@pytest.fixture(name="clock")
def _clock():
    return MovableClock()


@pytest.fixture(name="ignorant")
async def _ignorant(clock):
    """A sandbox that ignores idempotency keys."""
    async with Sandbox(clock=clock, write_per_second=500, read_per_second=2_000, honour_idempotency=False) as sandbox:
        yield sandbox


def client(sandbox, clock, **settings):
    return AlloClient(
        sandbox.api_key, base_url=sandbox.url, clock=clock, **{"timeout": 25, "retry_budget": 500, **settings}
    )


def keys(sandbox):
    return [request.idempotency_key for request in sandbox.ledger.appends]


def reads(sandbox):
    return [request.method for request in sandbox.ledger.requests].count("GET")


@pytest.mark.parametrize("lost", LOST)
async def test_replay_gives_the_lost_answer_back(sandbox, clock, lost):
    """Once the server was seen to honour keys, the same bytes under the same key settle it, without a read."""
    sandbox.script(LOST[lost], at=2)
    async with client(sandbox, clock) as allo:
        await allo.queue().append(us_numbers(1, 500))
        before = reads(sandbox)

        result = await allo.queue().append([*us_numbers(5), "+1 123 456 7890"])

    assert fates(result) == dict.fromkeys(range(5), "added") | {5: "skipped"}
    assert result.recovered == 1
    assert [request.replayed for request in sandbox.ledger.appends] == [False, False, True]
    assert len({request.body for request in sandbox.ledger.appends[1:]}) == 1
    assert reads(sandbox) == before


@pytest.mark.parametrize("lost", ["dropped", "stalled", "truncated body"])
async def test_first_answer_of_all_is_not_trusted_to_a_replay(sandbox, clock, lost):
    """Before the server was seen to honour keys, the queue is read back, and nothing is sent again."""
    sandbox.fill(None, 3)
    sandbox.script(LOST[lost], at=1)
    async with client(sandbox, clock) as allo:
        result = await allo.queue().append([*us_numbers(5), "+1 123 456 7890"])

    assert [row.position for row in result.added] == [3, 4, 5, 6, 7]
    assert result.skipped == []
    assert [row.index for row in result.in_doubt] == [5]
    assert "but not this row" in result.in_doubt[0].reason
    assert result.recovered == 1
    assert len(sandbox.ledger.appends) == 1


@pytest.mark.parametrize("fault", {**LOST, **FAILED})
@pytest.mark.parametrize("chunk", [1, 2, 3])
async def test_server_that_ignores_keys(ignorant, clock, fault, chunk):
    """Where keys are seen to be ignored, the queue itself tells what landed."""
    ignorant.script({**LOST, **FAILED}[fault], at=chunk)
    async with client(ignorant, clock) as allo:
        result = await allo.queue().append(us_numbers(30), chunk_size=10)

    assert ignorant.numbers() == us_numbers(30)
    assert [(row.index, row.position) for row in result.added] == [(place, place) for place in range(30)]
    assert len(ignorant.ledger.appends) == 3


@pytest.mark.parametrize("fault", [faults.drop(), faults.stall(), faults.html(502)], ids=lambda fault: fault.name)
async def test_what_did_not_land_is_sent_again(ignorant, clock, fault):
    """A chunk that is not in the queue was not carried out: it is sent again, the same bytes under the same key."""
    ignorant.script(fault, at=2)
    async with client(ignorant, clock) as allo:
        await allo.queue().append(us_numbers(30), chunk_size=10)

    assert ignorant.numbers() == us_numbers(30)
    first, second = ignorant.ledger.appends[1:3]
    assert (first.idempotency_key, first.body) == (second.idempotency_key, second.body)


@pytest.mark.parametrize("failed", FAILED)
async def test_5xx_after_the_commit_is_read_back_though_keys_are_honoured(sandbox, clock, failed):
    """A 5xx does not consume the key, so a replay would add the chunk again."""
    sandbox.script(FAILED[failed], at=2)
    async with client(sandbox, clock) as allo:
        result = await allo.queue().append(us_numbers(30), chunk_size=10)

    assert sandbox.numbers() == us_numbers(30)
    assert result.recovered == 1
    assert len(sandbox.ledger.appends) == 3


async def test_late_commit_is_not_doubled(ignorant, clock):
    """An append carried out when its client has given it up already conflicts with the one sent in its stead."""
    ignorant.script(faults.late(40), at=2)
    async with client(ignorant, clock) as allo:
        result = await allo.queue().append(us_numbers(30), chunk_size=10)
        await clock.sleep(60)

    assert ignorant.numbers() == us_numbers(30)
    assert fates(result) == dict.fromkeys(range(30), "added")


async def test_what_cannot_be_told_is_in_doubt_and_the_load_goes_on(ignorant, clock):
    """Others repeat a number of a chunk that is lost: its rows are in doubt, with the reason, and never sent again."""
    numbers = us_numbers(30)
    user = ignorant.users[0].id

    def repeat(request):
        if request.ordinal == 2:
            ignorant._team.queue_of(user, user).extend([(numbers[15], {})], ignorant._now())
        return request.ordinal == 2

    ignorant.script(faults.drop(), when=repeat)
    async with client(ignorant, clock) as allo:
        result = await allo.queue().append(numbers, chunk_size=10)

    assert fates(result) == {place: "in doubt" if 10 <= place < 20 else "added" for place in range(30)}
    assert len({row.reason for row in result.in_doubt}) == 1
    assert "not as this append would have put them there" in result.in_doubt[0].reason
    assert len(ignorant.ledger.appends) == 3


async def test_queue_that_cannot_be_read_leaves_doubt(ignorant, clock):
    """Where neither a replay nor a look can settle it, the rows are in doubt, and the rest is pending."""
    ignorant.script(faults.commit_and_drop(), at=2)
    ignorant.script(faults.error(403, "FORBIDDEN"), method="GET", at=range(2, 100))
    async with client(ignorant, clock) as allo:
        with pytest.raises(AlloError) as caught:
            await allo.queue().append(us_numbers(30), chunk_size=10)

    assert fates(caught.value.result) == {
        place: "added" if place < 10 else "in doubt" if place < 20 else "pending" for place in range(30)
    }
    assert len(ignorant.ledger.appends) == 2


@pytest.mark.parametrize(("hours", "fresh"), [(0.9, False), (0.92, True), (2.0, True)])
async def test_no_key_is_used_after_55_minutes(sandbox, clock, hours, fresh):
    """From then on only a look settles what is unclear, and what did not land goes out under a new key."""
    sandbox.script(faults.html(503), at=2)

    def age(request):
        if request.ordinal == 2:
            clock.offset += hours * 3_600
        return False

    sandbox.script(faults.drop(), when=age)
    async with client(sandbox, clock, retry_budget=10_000, timeout=20_000) as allo:
        result = await allo.queue().append(us_numbers(30), chunk_size=10)

    assert sandbox.numbers() == us_numbers(30)
    assert fates(result) == dict.fromkeys(range(30), "added")
    assert (keys(sandbox)[1] != keys(sandbox)[2]) == fresh
    assert len(sandbox.ledger.appends) == 4


async def test_lost_answer_is_read_back_when_the_key_has_grown_old(sandbox, clock):
    """Though the server honours keys, one that it has forgotten would add the chunk again."""

    def age(request):
        if request.ordinal == 2:
            clock.offset += 2 * 3_600
        return request.ordinal == 2

    sandbox.script(faults.truncated_json(), when=age)
    async with client(sandbox, clock, retry_budget=10_000, timeout=20_000) as allo:
        result = await allo.queue().append(us_numbers(30), chunk_size=10)

    assert sandbox.numbers() == us_numbers(30)
    assert result.recovered == 1
    assert len(sandbox.ledger.appends) == 3


async def test_end_of_a_queue_is_looked_at_once_for_a_client(sandbox, clock):
    """The answers tell what stands last from then on; a reset, which empties the queue, makes it unknown."""
    async with client(sandbox, clock) as allo:
        for place in range(3):
            await allo.queue().append(us_numbers(1, place))
        assert reads(sandbox) == 1
        await allo.queue().reset()
        sandbox.script(faults.html(502, commit=True), at=1)

        result = await allo.queue().append(us_numbers(3))

    assert [row.position for row in result.added] == [0, 1, 2]
    assert sandbox.numbers() == us_numbers(3)


async def test_append_leaves_though_the_look_before_it_keeps_failing(sandbox, clock):
    """A queue that cannot be read holds up an append for seconds, and not for as long as a read could be retried."""
    sandbox.script(faults.html(502), method="GET")
    async with client(sandbox, clock) as allo:
        before = clock.monotonic()
        await allo.queue().append(us_numbers(5))

        assert clock.monotonic() - before < 100

    assert sandbox.numbers() == us_numbers(5)


async def test_append_to_a_rep_that_does_not_exist_costs_no_write(sandbox, clock):
    """The look before it says so already."""
    async with client(sandbox, clock) as allo:
        with pytest.raises(errors.AssigneeNotFoundError) as caught:
            await allo.queue(email="nobody@acme.example").append(us_numbers(5))

    assert fates(caught.value.result) == dict.fromkeys(range(5), "pending")
    assert sandbox.ledger.appends == []


async def test_what_a_colleague_queued_long_ago_is_not_taken_for_a_lost_append(sandbox, clock):
    """What stood last is read again after a minute: the same numbers, appended by somebody else, are in front of it."""
    async with client(sandbox, clock) as allo:
        await allo.queue().append(us_numbers(1, 500))
        async with AlloClient(sandbox.add_key(), base_url=sandbox.url, clock=clock) as colleague:
            await colleague.queue().append(us_numbers(3))
        clock.offset += 61
        sandbox.script(faults.html(503), at=1)
        result = await allo.queue().append(us_numbers(3))

    assert [row.position for row in result.added] == [4, 5, 6]
    assert sandbox.numbers()[1:] == [*us_numbers(3), *us_numbers(3)]


async def test_numbers_that_somebody_else_queued_and_the_rep_called_are_in_doubt(sandbox, clock):
    """Shortly after our own append only the clock tells whose entries are; its seconds cannot tell them apart."""
    async with client(sandbox, clock) as allo:
        await allo.queue().append(us_numbers(1, 500))
        user = sandbox.users[0].id
        queue = sandbox._team.queue_of(user, user)
        queue.extend([(number, {}) for number in us_numbers(3)], sandbox._now())
        queue.entries[1:] = [attrs.evolve(entry, routing_result="ANSWERED") for entry in queue.entries[1:]]
        sandbox.script(faults.html(503), at=1)
        result = await allo.queue().append(us_numbers(3))

    assert fates(result) == dict.fromkeys(range(3), "in doubt")
    assert "others may have added them" in result.in_doubt[0].reason
    assert len(sandbox.numbers()) == 4


async def test_tail_is_read_again_after_a_conflict(sandbox, clock):
    """Whoever won may have appended the same numbers: they stand in front of what our next attempt adds."""
    async with client(sandbox, clock) as allo:
        await allo.queue().append(us_numbers(1, 500))
        user = sandbox.users[0].id

        def win(request):
            sandbox._team.queue_of(user, user).extend([(number, {}) for number in us_numbers(3)], sandbox._now())
            return True

        sandbox.script(faults.conflict(), at=1, when=win)
        sandbox.script(faults.html(503), at=2, times=1)
        result = await allo.queue().append(us_numbers(3))

    assert [row.position for row in result.added] == [4, 5, 6]
    assert len(sandbox.numbers()) == 7


async def test_first_answer_is_lost_and_nobody_knows_how_the_queue_ended(sandbox, clock):
    """Where it could not be looked at in time, the same list, loaded before, would look the same: that is in doubt."""
    sandbox.script(faults.error(403, "FORBIDDEN"), method="GET", at=1)
    sandbox.script(faults.commit_and_drop(), at=1)
    async with client(sandbox, clock) as allo:
        result = await allo.queue().append(us_numbers(5))

    assert fates(result) == dict.fromkeys(range(5), "in doubt")
    assert "may have stood there before" in result.in_doubt[0].reason
    assert len(sandbox.ledger.appends) == 1


async def test_same_list_again_is_told_from_the_first_where_its_end_was_seen(sandbox, clock):
    """A load that was begun anew, and lost its first answer: the look that left before it tells the two apart."""
    async with client(sandbox, clock) as allo:
        await allo.queue().append(us_numbers(5))
    sandbox.script(faults.commit_and_drop(), at=1)
    async with client(sandbox, clock) as allo:
        again = await allo.queue().append(us_numbers(5))

    assert [row.position for row in again.added] == [5, 6, 7, 8, 9]
    assert again.recovered == 1


async def test_write_that_cannot_be_looked_for_is_not_repeated_where_keys_are_ignored(ignorant, clock):
    """A lost answer to any other write is raised then: sending it again could do it twice."""
    ignorant.script(faults.commit_and_drop(), method="POST", at=1)
    async with client(ignorant, clock) as allo:
        await allo.queue().update(name="Monday")
        with pytest.raises(errors.ConnectionLostError):
            await allo.request("POST", "/v2/api/dialing-queues/current", json={"name": "Tuesday"})

    assert [request.method for request in ignorant.ledger.requests] == ["PATCH", "POST"]


@pytest.mark.parametrize(
    ("front", "coming"),
    [(0, 0), (150, 0), (0, 60)],
    ids=["called", "cleared in its middle", "called as others come in"],
)
async def test_queue_that_keeps_moving_is_read_until_it_stands_still(sandbox, clock, front, coming):
    """Entries that are taken off while the queue is read would hide others; it is read again then."""
    sandbox.fill(None, 440)
    user, moves = sandbox.users[0].id, []
    sandbox.script(faults.html(502, commit=True), at=2)

    def call(request):
        # The chunk moves up to a page that was read already.
        if request.query.get("page") == "5" and sandbox.ledger.appends[1:] and len(moves) < 2:
            queue = sandbox._team.queue_of(user, user)
            queue.remove(queue.entries[front : front + 60], sandbox._now())
            sandbox.fill(None, coming)
            moves.append(1)
        return False

    sandbox.script(faults.drop(), method="GET", when=call)
    async with client(sandbox, clock) as allo:
        await allo.queue().append(us_numbers(1, 500))
        result = await allo.queue().append(us_numbers(8))

    assert fates(result) == dict.fromkeys(range(8), "added")
    assert [number for number in sandbox.numbers() if number in us_numbers(8)] == us_numbers(8)


@pytest.mark.parametrize(
    ("first", "second"), [("email", "id"), ("none", "id"), ("id", "email"), ("email", "none"), ("none", "email")]
)
async def test_rows_of_before_under_another_name_are_not_taken_for_a_lost_append(sandbox, clock, first, second):
    """An append under one name of a queue changes what stands last in it under the others, too."""
    olivia = sandbox.users[0]
    numbers = us_numbers(3)
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=500) as allo:
        named = {"id": allo.queue(user_id=olivia.id), "email": allo.queue(email=olivia.email), "none": allo.queue()}
        await named[first].append(us_numbers(1, 5_000))
        await named[second].append(numbers)
        sandbox.script(faults.error(500), times=1)

        result = await named[first].append(numbers)

    assert not result.recovered
    assert sandbox.numbers() == [*us_numbers(1, 5_000), *numbers, *numbers]


async def test_raw_write_is_not_taken_for_a_lost_append(sandbox, clock):
    """What `request` has put into a queue is not ours to tell as added."""
    numbers = us_numbers(3)
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=500) as allo:
        await allo.queue().append(us_numbers(1, 5_000))
        rows = [{"number": number} for number in numbers]
        await allo.request("POST", "/v2/api/dialing-queues/current/numbers", json={"numbers": rows})
        sandbox.script(faults.error(500), times=1)

        result = await allo.queue().append(numbers)

    assert not result.recovered
    assert sandbox.numbers() == [*us_numbers(1, 5_000), *numbers, *numbers]
