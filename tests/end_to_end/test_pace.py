"""One key, many clients and strangers: the limits are kept together."""

import asyncio

import aiohttp
import pytest

from allo_async import AlloClient
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.clocks import ManualClock
from tests.end_to_end.numbers import us_numbers


async def test_clients_of_one_key_share_its_pace_and_turns(clock):
    """Two clients of a process behave as one: no conflict on the queue they share, and no refusal for the limit."""
    async with (
        Sandbox(clock=clock, append_seconds_per_row=0.02, write_per_second=50) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as one,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as other,
    ):
        await asyncio.gather(
            *(
                allo.queue().append(us_numbers(60, 100 * place), chunk_size=20)
                for place, allo in enumerate((one, other, one, other))
            )
        )

    assert sandbox.ledger.refused == []
    assert len(sandbox.numbers()) == 240


async def test_limit_of_the_key_is_taken_from_the_answers():
    """A key with fewer writes than documented is found out by its first answer; the caller's trace sees it."""
    clock, departures = ManualClock(), []

    async def on_request_start(session, context, params):
        if params.method == "POST":
            departures.append(clock.monotonic())

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(on_request_start)
    # The server's own seconds pass so quickly that it is the client alone who keeps the limit.
    async with (
        Sandbox(clock=FastClock(100_000), write_per_second=2) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, trace_configs=[trace]) as allo,
    ):
        await allo.queue().append(us_numbers(70), chunk_size=10)

    assert sandbox.ledger.refused == []
    assert len(departures) == 7
    assert max(sum(first <= other < first + 1 for other in departures) for first in departures) == 2


async def test_other_keys_have_paces_of_their_own(clock):
    """What one key waits for does not hold up another."""
    async with Sandbox(clock=clock) as sandbox:
        second = sandbox.add_key(sandbox.users[1])
        async with (
            AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as one,
            AlloClient(second, base_url=sandbox.url, clock=clock, timeout=250) as other,
        ):
            one._sessions.current().key_state.limiters.pause(10_000)
            assert len((await other.queue().append(us_numbers(3))).added) == 3


async def test_one_queue_under_its_three_names_has_one_turn(clock):
    """The owner's own queue, by id and by e-mail: once it is there, no append conflicts with another."""
    async with (
        Sandbox(clock=clock, append_seconds_per_row=0.1, write_per_second=50) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo,
    ):
        owner = sandbox.users[0]
        sandbox.fill(None, 1)
        names = [allo.queue(), allo.queue(user_id=owner.id), allo.queue(email=owner.email.upper())]
        for name in names:
            await name.append(us_numbers(1, 5_000))
        before = len(sandbox.ledger.refused)

        await asyncio.gather(
            *(names[place % 3].append(us_numbers(20, 100 * place), chunk_size=10) for place in range(9))
        )

    assert len(sandbox.ledger.refused) == before
    assert len(sandbox.numbers()) == 184


@pytest.mark.parametrize("merge", [True, False])
async def test_new_queue_under_its_three_names_is_made_by_one(clock, merge):
    """Before it exists, nobody can tell that the names are one queue's: all wait for its first append."""
    async with (
        Sandbox(clock=clock, append_seconds_per_row=0.1, write_per_second=50) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, merge_appends=merge) as allo,
    ):
        owner = sandbox.users[0]
        names = [allo.queue(), allo.queue(user_id=owner.id), allo.queue(email=owner.email)]

        results = await asyncio.gather(*(names[place % 3].append(us_numbers(20, 100 * place)) for place in range(9)))

    assert [len(result.added) for result in results] == [20] * 9
    assert sorted(sandbox.numbers()) == sorted(number for place in range(9) for number in us_numbers(20, 100 * place))
    assert not sandbox.ledger.refused


async def test_queue_that_is_there_waits_for_no_other(clock):
    """Whose it is can be asked: an append to another queue, named in another way, holds it up no longer than that."""
    async with (
        Sandbox(clock=clock, append_seconds_per_row=0.1) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo,
    ):
        owner, rep, *_ = sandbox.users
        sandbox.fill(rep.email, 1)
        long = asyncio.create_task(allo.queue(user_id=owner.id).append(us_numbers(500)))
        await asyncio.sleep(0.05)

        result = await allo.queue(email=rep.email).append(us_numbers(3))

        assert len(result.added) == 3
        assert not long.done()
        await long
    assert not sandbox.ledger.refused


async def test_long_append_is_cut_where_short_ones_win(clock):
    """Against a steady writer of short appends, a long one does not starve: it is cut, and grows again afterwards."""
    async with (
        Sandbox(clock=clock, append_seconds_per_row=0.004, write_per_second=None) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=600) as allo,
    ):
        sandbox.fill(None, 1)
        done = asyncio.Event()

        async def steady():
            while not done.is_set() and len(sandbox.numbers()) < 300:
                sandbox.fill(None, 1)
                await clock.sleep(0.4)

        stranger = asyncio.create_task(steady())
        await allo.queue().append(us_numbers(600))
        done.set()
        await stranger

    sizes = [len(request.rows) for request in sandbox.ledger.appends]
    assert sizes[:4] == [600, 600, 600, 300]
    assert min(sizes) < 300
    own = [number for number in sandbox.numbers() if number.startswith("+1212")]
    assert own == us_numbers(600)


async def test_short_append_is_left_whole(clock, sandbox, allo):
    """A chunk that is short already is tried again as it is."""
    sandbox.script(faults.conflict(), times=8)

    await allo.queue().append(us_numbers(50))

    assert [len(request.rows) for request in sandbox.ledger.appends] == [50] * 9
    assert len({request.idempotency_key for request in sandbox.ledger.appends}) == 1


async def test_chunk_that_may_still_be_on_its_way_is_not_cut(clock):
    """Conflicts cut a long append only when none of its attempts can be carried out any more."""
    async with (
        Sandbox(clock=clock, write_per_second=None) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=25, retry_budget=600) as allo,
    ):
        sandbox.script(faults.drop(), at=1)
        sandbox.script(faults.conflict(), at=range(2, 8))

        result = await allo.queue().append(us_numbers(200))

    assert len(result.added) == 200
    assert {len(request.rows) for request in sandbox.ledger.appends} == {200}
