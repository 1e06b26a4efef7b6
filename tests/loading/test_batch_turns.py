"""Callers of one queue who stop, leave or have waited long enough, and what others' writes do to their rows."""

import asyncio

import pytest

from allo_async import AlloClient, AppendResult, Journal, errors
from allo_async._loading.stream import drain
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.end_to_end.numbers import fates, us_numbers
from tests.loading.watching import looks, sizes, until

MARIE = "marie@acme.example"


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    async with Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox:
        yield sandbox


@pytest.fixture(name="allo")
async def _allo(sandbox, clock):
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as client:
        yield client


def at_append(sandbox, ordinal, act):
    """Do something as an append arrives, counted from now."""
    sandbox.script(faults.drop(), at=ordinal, when=lambda _: bool(act()) and False)


@pytest.mark.parametrize(("fault", "fate"), [(None, "added"), (faults.conflict(), "pending")])
async def test_stopped_while_a_request_is_on_its_way(sandbox, allo, fault, fate):
    """The reply is heard out: rows that were taken are added, and those that were refused are not sent again."""
    async with allo.queue().append_stream(us_numbers(4), chunk_size=2) as stream:
        at_append(sandbox, 1, stream.stop)
        if fault is not None:
            sandbox.script(fault, at=1)
            # The first line that strikes is the one that counts, and the one above never does.
        results = [result async for result in stream]

    everything = [*results, stream.unfinished, await drain(stream)]
    told = {index: fate for result in everything for index, fate in fates(result).items()}
    assert told == {0: fate, 1: fate, 2: "pending", 3: "pending"}
    assert sizes(sandbox) == [2]


async def test_stopped_while_it_waits_its_turn(sandbox, allo):
    """A caller behind another's request leaves nothing behind when it stops, and the other goes on."""
    # The read before the append takes so long that the stream is there in time.
    sandbox.script(faults.commit_and_stall(5), method="GET", times=1)
    first = asyncio.create_task(allo.queue().append(us_numbers(1)))
    await until(lambda: looks(sandbox))
    # Rows of another longest wait do not go into the same request.
    async with allo.queue().append_stream(us_numbers(2, 10), max_rate_limit_wait=1_000) as stream:
        at_append(sandbox, 1, stream.stop)
        async for _ in stream:
            pass

    assert str(stream.totals) == "0 added, 0 skipped, 2 pending, 0 in doubt"
    assert fates(await first) == {0: "added"}
    assert sandbox.numbers() == us_numbers(1)


async def test_one_who_leaves_a_shared_request_that_is_on_its_way(sandbox, allo):
    """The rows of the caller who left are in doubt, as they may arrive; the others' are added."""
    left = AppendResult()
    leaving = asyncio.create_task(allo.queue().append(us_numbers(1), into=left))
    staying = asyncio.create_task(allo.queue().append(us_numbers(1, 10)))
    at_append(sandbox, 1, leaving.cancel)

    result = await staying

    assert sizes(sandbox) == [2]
    assert (fates(left), fates(result)) == ({0: "in doubt"}, {0: "added"})


async def test_last_one_who_leaves_ends_the_request(sandbox, allo):
    """Where all callers of a request have left, it is not sent again, and their rows are in doubt."""
    results = [AppendResult(), AppendResult()]
    leaving = [
        asyncio.create_task(allo.queue().append(us_numbers(1, 10 * place), into=result))
        for place, result in enumerate(results)
    ]
    sandbox.script(faults.drop(), when=lambda _: [task.cancel() for task in leaving], times=1)

    await asyncio.wait(leaving)

    assert [fates(result) for result in results] == [{0: "in doubt"}] * 2
    assert sizes(sandbox) == [2]
    assert fates(await allo.queue().append(us_numbers(1, 20))) == {0: "added"}


async def test_long_append_that_keeps_losing_is_cut(sandbox, allo):
    """After a few conflicts an append goes on with fewer rows at once, and nothing is lost or out of order."""
    sandbox.script(faults.conflict(), when=lambda request: len(request.rows) > 60)

    result = await allo.queue().append(us_numbers(120))

    assert sandbox.numbers() == us_numbers(120)
    assert len(result.added) == 120
    made = sizes(sandbox)
    assert made.count(120) == 3
    assert max(made[3:5]) <= 60


@pytest.fixture(name="paced")
async def _paced():
    """Real time, and a client that may write five times a second; the test waits for less than one."""
    clock = FastClock(1)
    async with (
        Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo,
    ):
        yield sandbox, allo


@pytest.mark.parametrize("patient", [True, False])
async def test_callers_wait_no_longer_than_each_allows(paced, patient):
    """When the key is paused, those who may not wait for so long are refused with pending rows; others wait on."""
    sandbox, allo = paced
    emails = [sandbox.add_user(f"rep{place}@acme.example").email for place in range(6)]
    sandbox.script(faults.rate_limited(seconds=50))
    # The pace lets these go at once, and holds up all others until the first refusal is here.
    ahead = [asyncio.create_task(allo.queue(email=email).append(us_numbers(1))) for email in emails[:5]]
    bounds = [5, 7, *([100] if patient else [])]
    waiting = [
        asyncio.create_task(allo.queue(email=emails[5]).append(us_numbers(1, place), max_rate_limit_wait=bound))
        for place, bound in enumerate(bounds, 1)
    ]

    told = await asyncio.gather(*waiting[:2], return_exceptions=True)

    assert [type(error) for error in told] == [errors.RateLimitWaitError] * 2
    assert [fates(error.result) for error in told] == [{0: "pending"}] * 2
    assert not any(task.done() for task in waiting[2:])
    for task in (*ahead, *waiting):
        task.cancel()
    await asyncio.wait([*ahead, *waiting])
    assert sandbox.numbers(emails[5]) == []


@pytest.mark.parametrize("barred", [False, True])
@pytest.mark.parametrize("landed", [False, True])
async def test_second_run_settles_what_the_first_was_sending(sandbox, allo, tmp_path, barred, landed):
    """Rows that arrived are added, others are sent again, unless their numbers must not be called any more."""
    journal, numbers = Journal(tmp_path / "journal.db"), us_numbers(2)
    first = asyncio.create_task(allo.queue().append(numbers, journal=journal, load_id="x"))
    strike = faults.drop(commit=landed)
    sandbox.script(strike, when=lambda _: first.cancel(), times=1)
    await asyncio.wait({first})
    await until(lambda: not landed or sandbox.numbers())

    second = await allo.queue().append(numbers, journal=journal, load_id="x", suppress=numbers if barred else None)

    expected = "skipped" if barred and not landed else "added"
    assert fates(second) == dict.fromkeys(range(2), expected)
    assert sandbox.numbers() == ([] if expected == "skipped" else numbers)
    assert len(sandbox.ledger.appends) == (1 if barred or landed else 2)


@pytest.mark.parametrize("scopes", [("DIALING_QUEUE_READ_WRITE", "USERS_READ"), ("DIALING_QUEUE_READ_WRITE",)])
@pytest.mark.parametrize("held", [0, 1])
async def test_two_names_of_a_queue_take_turns(scopes, held):
    """Appends to one queue by id and by address do not meet on the server, whether or not the team may be read."""
    clock = FastClock(50)
    async with Sandbox(clock=clock, write_per_second=None, read_per_second=None, append_seconds_per_row=0.1) as sandbox:
        marie = sandbox.users[1]
        sandbox.fill(MARIE, held)
        key = sandbox.add_key(scopes=scopes)
        async with AlloClient(key, base_url=sandbox.url, clock=clock, timeout=250) as allo:
            queues = [allo.queue(email=MARIE), allo.queue(user_id=marie.id)]
            await asyncio.gather(*(queue.append(us_numbers(5, 10 * at)) for at, queue in enumerate(queues)))
        assert [request for request in sandbox.ledger.appends if request.status != 200] == []
        assert len(sandbox.numbers(MARIE)) == 10 + held


async def test_queue_that_others_write_to_is_looked_at_again(sandbox, allo):
    """An append that lands behind entries of others shows that what was known of the queue's end is out of date."""
    await allo.queue().append(us_numbers(1))
    await allo.queue().append(us_numbers(1, 10))
    assert len(looks(sandbox)) == 1
    sandbox.fill(None, 1)
    await allo.queue().append(us_numbers(1, 20))
    await allo.queue().append(us_numbers(1, 30))
    assert len(looks(sandbox)) == 2
