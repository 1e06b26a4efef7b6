"""One writer for each queue: what callers share, and what is each caller's own."""

import asyncio
import gc
import logging

import pytest

from allo_async import AlloClient, AlloError, errors
from allo_async._loading.batcher import AppendBatcher, batcher_of
from allo_async._loading.prepared_rows import PreparedRow
from allo_async.events import ConflictBackedOff
from allo_async.models import Assignee
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.conftest import _allo, _clock, _sandbox, _slowly  # noqa: F401 - fixtures
from tests.end_to_end.numbers import us_numbers
from tests.loading.watching import sizes, until

MARIE = "marie@acme.example"


def writer():
    return next(task for task in asyncio.all_tasks() if "AppendBatcher._write" in repr(task))


@pytest.mark.parametrize("bad", [{0}, {7}, {3, 19}, set(range(20))])
@pytest.mark.parametrize("status", [400, 422])
async def test_bad_row_of_one_caller_costs_no_other(sandbox, allo, bad, status):
    """A refusal for content is raised by the callers of the bad rows, about a request of each one's own."""
    sandbox.script(faults.error(status, "VALIDATION_ERROR"), when=lambda request: b"BAD" in request.body)
    rows = [{"number": number, "website": "BAD" * (at in bad)} for at, number in enumerate(us_numbers(20))]

    told = await asyncio.gather(*(allo.queue().append([row]) for row in rows), return_exceptions=True)

    assert {at for at, result in enumerate(told) if isinstance(result, errors.BadRequestError)} == bad
    assert sorted(sandbox.numbers()) == [number for at, number in enumerate(us_numbers(20)) if at not in bad]


async def test_merged_requests_keep_to_the_callers_chunk_size(sandbox, allo):
    """The smallest chunk size among the callers bounds the request that they share."""
    await asyncio.gather(*(allo.queue().append(us_numbers(5, 10 * at), chunk_size=10) for at in range(6)))
    assert sizes(sandbox) == [10, 10, 10]


async def test_refused_rows_are_pending_for_who_leaves(sandbox, clock):
    """While a shared request is only ever refused, a caller who leaves has rows that are pending and never sent."""
    sandbox.script(faults.conflict(), when=lambda request: len(request.rows) == 3)
    conflicts = []

    def leave(event):
        if isinstance(event, ConflictBackedOff):
            conflicts.append(event)
            leaving.cancel()

    async def consume():
        async with stream:
            async for _ in stream:
                pass

    async with AlloClient(
        sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=500, observers=[leave]
    ) as allo:
        stream = allo.queue().append_stream(us_numbers(1))
        leaving = asyncio.create_task(consume())
        others = [asyncio.create_task(allo.queue().append(us_numbers(1, 10 * at))) for at in (1, 2)]
        await asyncio.wait({leaving})
        results = await asyncio.gather(*others)

    assert conflicts
    assert str(stream.totals) == "0 added, 0 skipped, 1 pending, 0 in doubt"
    assert [len(result.added) for result in results] == [1, 1]
    assert sandbox.numbers() == [*us_numbers(1, 10), *us_numbers(1, 20)]


async def test_writer_cancelled_from_outside_leaves_no_caller_without_an_error(sandbox, allo):
    """Rows that were on their way are in doubt, and rows behind them are sent by the next writer."""
    sandbox.script(faults.stall(), at=1)
    first = [asyncio.create_task(allo.queue().append(us_numbers(1, 10 * at))) for at in range(3)]
    await until(lambda: sandbox.ledger.appends)
    behind = asyncio.create_task(allo.queue().append(us_numbers(1, 500)))
    await asyncio.sleep(0)
    writer().cancel()

    told = await asyncio.gather(*first, return_exceptions=True)

    assert [type(error) for error in told] == [errors.ConnectionLostError] * 3
    assert [len(error.result.in_doubt) for error in told] == [1, 1, 1]
    assert len((await behind).added) == 1


async def test_writer_cancelled_before_it_sends_is_started_again(sandbox, allo):
    """Nothing has left by then, so that the callers notice nothing."""
    async with allo._sessions.current().locks.of(Assignee()):
        append = asyncio.create_task(allo.queue().append(us_numbers(2)))
        await until(lambda: any("AppendBatcher._write" in repr(task) for task in asyncio.all_tasks()))
        await asyncio.sleep(0)
        writer().cancel()
        await asyncio.sleep(0.01)
    assert len((await append).added) == 2


def kept_rows():
    gc.collect()
    return [kept for kept in gc.get_objects() if type(kept) in {PreparedRow, AppendBatcher}]


async def test_idle_batcher_keeps_nothing(sandbox, allo):
    """After the last caller has gone, neither rows nor a batcher are left."""
    # Other tests of this process may have failed, and pytest keeps their rows.
    others = {id(kept) for kept in kept_rows()}
    await asyncio.gather(*(allo.queue().append([number]) for number in us_numbers(30)))
    sandbox.fill(MARIE, 1_000)
    with pytest.raises(AlloError):
        await allo.queue(email=MARIE).append(us_numbers(1))
    await asyncio.sleep(0.01)
    assert [kept for kept in kept_rows() if id(kept) not in others] == []


async def test_repr_has_counts_and_no_names(sandbox, allo, clock):
    """What a debugger shows names nobody."""
    sandbox.script(faults.stall(), at=1)
    append = asyncio.create_task(allo.queue(email=MARIE).append(us_numbers(3)))
    await until(lambda: sandbox.ledger.appends)
    batcher = batcher_of(allo._sessions.current(), Assignee(email=MARIE))
    assert repr(batcher) == "<AppendBatcher email: 3 rows waiting, 1 request in flight>"
    append.cancel()
    await asyncio.wait({append})


async def test_size_limit_is_learnt_once(clock):
    """A client asks for no more rows at once than the server has taken, in whichever call and queue."""
    async with (
        Sandbox(clock=clock, write_per_second=500, read_per_second=2_000, max_rows_per_request=30) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo,
    ):
        for email in (None, MARIE, "tom@acme.example"):
            queue = allo.queue(email=email) if email else allo.queue()
            await queue.append(us_numbers(100))
        assert sum(request.status == 413 for request in sandbox.ledger.appends) == 2


async def test_callers_who_wait_for_room_share_one_look(sandbox, allo):
    """However many wait, the queue is looked at once an interval, and room goes to them in order."""
    sandbox.fill(None, 1_000)
    waiting = [
        asyncio.create_task(allo.queue().append([number], on_full_queue="wait", poll_interval=20))
        for number in us_numbers(40)
    ]
    await until(lambda: sandbox.ledger.refused)
    await asyncio.sleep(0.1)
    before = len(sandbox.ledger.requests)
    user = sandbox.users[0].id
    queue = sandbox._team.queue_of(user, user)
    queue.remove(queue.entries[:40], sandbox._now())

    results = await asyncio.gather(*waiting)

    assert sum(len(result.added) for result in results) == 40
    assert sorted(sandbox.numbers()[-40:]) == us_numbers(40)
    assert len(sandbox.ledger.requests) - before <= 3


async def test_client_that_is_closed_asks_no_more_whose_queue_it_was(clock, caplog):
    """What a client learns for others behind an append ends quietly with it: nothing failed, and nothing is retried."""
    async with Sandbox(clock=clock, latency=0.5) as sandbox:
        sandbox.add_user("ana@acme.example")
        async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo:
            await asyncio.gather(
                allo.queue(email="ana@acme.example").append(["+12125550010"]), allo.queue().append(["+12125550011"])
            )
        await asyncio.sleep(0)

    ours = [record for record in caplog.records if record.name.startswith("allo_async")]
    assert [record.message for record in ours if record.levelno >= logging.WARNING] == []
