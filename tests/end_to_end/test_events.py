"""What observers are told while a load runs."""

import asyncio
import logging

import pytest

from allo_async import AlloClient, QueueFullError
from allo_async.events import (
    AttemptEnded,
    AttemptStarted,
    BatchFailed,
    BatchSettled,
    BatchStarted,
    ConflictBackedOff,
    LoadEnded,
    LoadStarted,
    QueueFull,
    RateLimited,
    RetryScheduled,
    Waited,
    Waiting,
)
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import us_numbers


@pytest.fixture(name="seen")
def _seen():
    return []


@pytest.fixture(name="allo")
async def _allo(sandbox, clock, seen):
    async with AlloClient(
        sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=500, observers=[seen.append]
    ) as client:
        yield client


def of(kind, seen):
    return [event for event in seen if isinstance(event, kind)]


async def test_load_is_told_from_beginning_to_end(sandbox, allo, seen):
    """Load, chunks and attempts nest, and say what came of them."""
    sandbox.fill(None, 1)

    result = await allo.queue().append(["nope", *us_numbers(50)], chunk_size=25)

    shown = [event for event in seen if not isinstance(event, Waited)]
    assert [type(event) for event in shown if event.batch is None] == [
        LoadStarted,
        *(AttemptStarted, AttemptEnded),
        LoadEnded,
    ]
    assert [type(event) for event in shown if event.batch is not None] == [
        *(BatchStarted, AttemptStarted, AttemptEnded, BatchSettled) * 2
    ]
    assert shown[0] == of(LoadStarted, seen)[0]
    assert shown[-1] == of(LoadEnded, seen)[0]
    assert len({event.load for event in shown}) == 1
    started, settled = of(BatchStarted, seen), of(BatchSettled, seen)
    assert [event.batch for event in started] == [event.batch for event in settled]
    assert [(event.rows, event.queue) for event in started] == [(25, "the key owner")] * 2
    assert [(event.added, event.skipped, event.attempts) for event in settled] == [(25, 0, 1)] * 2
    ended = of(LoadEnded, seen)[0]
    assert ended.totals == result.totals
    assert (ended.requests, ended.error) == (2, None)
    posts = [event for event in of(AttemptStarted, seen) if event.method == "POST"]
    assert {event.url for event in posts} == {f"{sandbox.url}/v2/api/dialing-queues/current/numbers"}
    assert {event.status for event in of(AttemptEnded, seen)} == {200}


async def test_retries_are_told_with_their_causes(sandbox, allo, seen):
    """A rate limit, a conflict and a lost answer are each told, with the wait before the next attempt."""
    sandbox.script(faults.rate_limited(seconds=2), at=1)
    sandbox.script(faults.conflict(), at=2)
    sandbox.script(faults.drop(), at=3)

    await allo.queue().append(us_numbers(10))

    retries = of(RetryScheduled, seen)
    assert [type(event).__name__ for event in retries] == ["RetryScheduled", "ConflictBackedOff", "RetryScheduled"]
    assert [event.attempts for event in retries] == [1, 2, 3]
    assert 2 <= retries[0].wait <= 2.1
    assert [event.retry_after for event in of(RateLimited, seen)] == [2.0]
    assert [event.resends for event in of(AttemptStarted, seen) if event.method == "POST"] == [0, 1, 2, 3]
    assert [event.attempts for event in of(BatchSettled, seen)] == [4]
    backed_off = [event.seconds for event in of(Waited, seen) if event.reason == "backoff"]
    assert sum(backed_off) >= 2
    assert len(of(ConflictBackedOff, seen)) == 1


async def test_full_queue_is_told(sandbox, allo, seen):
    """The refused chunk, the room there is, and what ended the load."""
    sandbox.fill(None, 990)

    with pytest.raises(QueueFullError):
        await allo.queue().append(us_numbers(30))

    assert [event.room for event in of(QueueFull, seen)] == [10]
    assert [type(event.error) for event in of(BatchFailed, seen)] == [QueueFullError]
    assert [event.added for event in of(BatchSettled, seen)] == [10]
    ended = of(LoadEnded, seen)[0]
    assert type(ended.error) is QueueFullError
    assert (ended.totals.added, ended.totals.pending) == (10, 20)


async def test_cancelled_load_is_told(sandbox, allo, seen):
    """A cancellation ends the attempt, the chunk and the load, each told once."""
    await allo.queue().append(us_numbers(1, 500))
    seen.clear()
    sandbox.script(faults.late(1_000))
    loading = asyncio.create_task(allo.queue().append(us_numbers(10)))
    while not of(AttemptStarted, seen):
        await asyncio.sleep(0.001)
    loading.cancel()
    await asyncio.wait({loading})

    assert type(of(AttemptEnded, seen)[-1].error) is asyncio.CancelledError
    assert [(type(event.error), event.in_doubt) for event in of(BatchFailed, seen)] == [(asyncio.CancelledError, True)]
    assert [(type(event.error), event.totals.rows) for event in of(LoadEnded, seen)] == [(asyncio.CancelledError, 10)]


async def test_rest_of_a_list_is_counted(sandbox, allo, seen):
    """Rows that were never sent are in the totals of the end."""
    sandbox.script(faults.error(403, "FORBIDDEN"))

    with pytest.raises(Exception, match="403"):
        await allo.queue().append(us_numbers(500), chunk_size=10)

    assert of(LoadEnded, seen)[0].totals.pending == 500
    assert len(of(LoadEnded, seen)) == 1


async def test_spread_is_one_load(sandbox, allo, seen):
    """All queues' chunks are told within the spread."""
    team = [sandbox.add_user(f"rep{place}@acme.example") for place in range(2)]

    await allo.spread(us_numbers(40), over=[allo.queue(email=user.email) for user in team], chunk_size=10)

    started = of(LoadStarted, seen)
    assert [(event.kind, event.queues) for event in started] == [("spread", ("a teammate at acme.example",) * 2)]
    assert {event.load for event in seen} == {started[0].load}
    assert sum(event.added for event in of(BatchSettled, seen)) == 40
    assert of(LoadEnded, seen)[0].requests == 4


async def test_waits_are_told(clock, seen):
    """Waiting for the pace and for the turn are told apart."""
    async with (
        Sandbox(clock=clock) as sandbox,
        AlloClient(
            sandbox.api_key,
            base_url=sandbox.url,
            clock=clock,
            timeout=250,
            merge_appends=False,
            observers=[seen.append],
        ) as allo,
    ):
        await asyncio.gather(*(allo.queue().append(us_numbers(20, 100 * place), chunk_size=2) for place in range(2)))

    reasons = {event.reason for event in of(Waited, seen)}
    assert {"pace", "turn"} <= reasons


async def test_observer_that_fails_costs_nothing(sandbox, clock, seen, caplog):
    """An observer that raises is logged, and the others hear everything."""

    def broken(event):
        raise ZeroDivisionError

    caplog.set_level(logging.ERROR)
    async with AlloClient(
        sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, observers=[broken, seen.append]
    ) as allo:
        result = await allo.queue().append(us_numbers(5))

    assert len(result.added) == 5
    assert len(caplog.records) == len(seen)
    assert "an observer failed at a LoadStarted" in caplog.text


async def test_events_name_nobody(sandbox, allo, seen):
    """No event holds a number, a name, the key or a teammate's address."""
    sandbox.add_user("marie@acme.example")
    sandbox.script(faults.conflict(), at=1)

    await allo.queue(email="marie@acme.example").append([{"number": "+12125550010", "name": "Zoe"}])

    told = repr(seen)
    assert not any(secret in told for secret in ("5550010", "Zoe", "marie", sandbox.api_key))


async def test_long_wait_is_told_while_it_lasts(sandbox, allo, seen):
    """What takes a while is told before it is over, within its load, and told again when it is."""
    sandbox.script(faults.rate_limited(seconds=30), at=1)

    await allo.queue().append(us_numbers(3))

    started = of(Waiting, seen)
    assert [event.reason for event in started] == ["backoff"]
    ended = [event for event in of(Waited, seen) if event.reason == "backoff"]
    assert seen.index(started[0]) < seen.index(ended[0])
    assert (started[0].load, started[0].batch) == (ended[0].load, ended[0].batch)
    assert ended[0].seconds >= 30
