"""Rounds of a spread: what a queue does not take is dealt to the others, and what ends one queue ends no other."""

import asyncio
import contextlib
import sqlite3

import pytest

from allo_async import AlloClient, CallbackError, Journal, RowSourceError, SpreadResult, errors
from allo_async._loading.share import run_together
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import fates, us_numbers
from tests.loading.watching import sizes

CAPACITY = 10
MARIE, TOM, ANA = EMAILS = "marie@acme.example", "tom@acme.example", "ana@acme.example"


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    async with Sandbox(clock=clock, write_per_second=None, read_per_second=None, capacity=CAPACITY) as sandbox:
        yield sandbox


@pytest.fixture(name="allo")
async def _allo(sandbox, clock):
    async with AlloClient(
        sandbox.api_key, base_url=sandbox.url, clock=clock, queue_capacity=CAPACITY, retry_budget=1
    ) as client:
        yield client


@pytest.fixture(name="over")
def _over(allo):
    return [allo.queue(email=email) for email in EMAILS]


def of(email):
    """Picks the appends to one queue."""
    return lambda request: f'"{email}"'.encode() in request.body


def before_first_append(sandbox, email, act):
    """Do something as the first append to a queue arrives."""
    acts = [act]

    def strike(request):
        if acts and of(email)(request):
            acts.pop()()
        return False

    sandbox.script(faults.drop(), when=strike)


def added(result):
    return [share.totals.added for share in result.shares]


def errors_of(result):
    return [type(share.error) for share in result.shares]


@pytest.mark.parametrize(("strategy", "shares"), [("even", [2, 4, 6]), ("fill", [2, 10, 0])])
async def test_queue_that_holds_less_than_it_said(sandbox, allo, over, strategy, shares):
    """Rows that a colleague has left no room for are dealt to the other queues, and the shares say whose they are."""
    before_first_append(sandbox, MARIE, lambda: sandbox.fill(MARIE, 8))
    sandbox.fill(TOM, 0 if strategy == "fill" else 6)

    result = await allo.spread(us_numbers(12), over=over, strategy=strategy)

    assert fates(result) == dict.fromkeys(range(12), "added")
    assert added(result) == shares
    assert errors_of(result) == [type(None)] * 3
    assert {result.share_of(row.index).email: row.number_to in sandbox.numbers(MARIE) for row in result.added} == {
        email: email == MARIE for email, share in zip(EMAILS, shares, strict=True) if share
    }


async def test_rounds_end_when_no_queue_has_room(sandbox, allo, over):
    """What no queue holds is pending, and is asked of none of them again."""
    for email in EMAILS:
        sandbox.fill(email, 8)
        before_first_append(sandbox, email, lambda email=email: sandbox.fill(email, 1))

    result = await allo.spread(us_numbers(9), over=over)

    assert added(result) == [1, 1, 1]
    assert list(fates(result).values()).count("pending") == 6
    assert sorted(sizes(sandbox)) == [1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("fault", "kind", "doubtful"),
    [
        (faults.error(403, "FORBIDDEN"), errors.PermissionDeniedError, 0),
        (faults.drop(), errors.ConnectionLostError, 4),
        (faults.commit_and_drop(), type(None), 0),
    ],
)
async def test_queue_that_fails_costs_the_others_nothing(sandbox, allo, over, fault, kind, doubtful):
    """A queue's refused rows go to the others, those in doubt go nowhere, and its error is in its share."""
    sandbox.script(fault, when=of(TOM))

    result = await allo.spread(us_numbers(12), over=over, chunk_size=4)

    assert errors_of(result) == [type(None), kind, type(None)]
    assert len(result.added) == 12 - doubtful
    assert {result.share_of(row.index).email for row in result.in_doubt} == ({TOM} if doubtful else set())
    assert result.shares[1].totals.in_doubt == doubtful
    assert not {row.contact.number for row in result.in_doubt} & {*sandbox.numbers(MARIE), *sandbox.numbers(ANA)}


async def test_full_queue_that_cannot_be_read_has_its_error(sandbox, allo, over):
    """A refusal that nobody could look behind leaves rows in doubt, and these are no other queue's."""
    before_first_append(sandbox, TOM, lambda: sandbox.fill(TOM, 9))
    sandbox.script(
        faults.error(403, "FORBIDDEN"),
        method="GET",
        when=lambda request: bool(sandbox.ledger.refused) and request.query.get("email") == TOM,
    )

    result = await allo.spread(us_numbers(12), over=over)

    assert errors_of(result) == [type(None), errors.PermissionDeniedError, type(None)]
    assert added(result) == [4, 0, 4]
    assert result.shares[1].totals.in_doubt == 4


async def test_queue_that_cannot_be_looked_at_gets_nothing(sandbox, allo, over):
    """A queue that cannot be read takes no part, and the others share its rows."""
    sandbox.script(faults.error(403, "FORBIDDEN"), method="GET", when=lambda got: got.query.get("email") == ANA)

    result = await allo.spread(us_numbers(8), over=over, skip_queued=True)

    assert added(result) == [4, 4, 0]
    assert errors_of(result)[2] is errors.PermissionDeniedError


async def test_error_of_the_journal_ends_all(sandbox, allo, over, tmp_path):
    """Once a journal cannot be written, no queue gets another chunk, and every row is accounted for."""
    path = tmp_path / "journal.db"

    def damage():
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("ALTER TABLE chunk RENAME TO gone")

    before_first_append(sandbox, MARIE, damage)

    with pytest.raises(errors.JournalError) as caught:
        await allo.spread(us_numbers(24), over=over, chunk_size=2, journal=Journal(path), load_id="x")

    result = caught.value.result
    assert isinstance(result, SpreadResult)
    assert fates(result).keys() == set(range(24))
    assert len(sandbox.ledger.appends) <= 3


class Halt(BaseException):
    """No error that a program handles."""


async def test_cancellation_is_not_hidden_by_what_a_callback_raises(sandbox, allo, over):
    """A caller who cancels is cancelled, also where on_progress raises at that moment what is no error."""
    into = SpreadResult()

    def halt(run):
        if run.rows_settled:
            load.cancel()
            raise Halt

    load = asyncio.create_task(allo.spread(us_numbers(12), over=over, on_progress=halt, into=into))
    await asyncio.wait({load})

    assert load.cancelled()
    assert fates(into).keys() == set(range(12))


async def test_reports_count_what_is_settled(sandbox, allo, over):
    """There is a report before anything was sent, and one after each chunk, the last with all rows."""
    reports = []

    def report(run):
        reports.append((run.rows_settled, len(run.result().added)))

    await allo.spread(["nope", *us_numbers(6)], over=over, chunk_size=1, on_progress=report)

    assert [settled for settled, _ in reports] == [0, 2, 3, 4, 5, 6, 7]
    assert reports[-1] == (7, 6)
    assert all(settled <= added + 1 for settled, added in reports)


async def test_stop_finishes_the_chunks_on_their_way(sandbox, allo, over):
    """After stop() no further chunk leaves, and the result accounts for every row."""
    stopping = []

    def stop(run):
        if run.rows_settled:
            stopping.append(run.rows_settled)
            run.stop()

    result = await allo.spread(us_numbers(24), over=over, chunk_size=2, on_progress=stop)

    assert len(result.added) == sum(sizes(sandbox))
    assert stopping[0] <= len(result.added) < 24
    assert len(result.pending) == 24 - len(result.added)
    assert errors_of(result) == [type(None)] * 3


async def test_stop_before_anything_was_sent(sandbox, allo, over):
    """A load that is stopped at its first report sends nothing, and its queues have no error."""
    result = await allo.spread(us_numbers(6), over=over, on_progress=lambda run: run.stop())

    assert fates(result) == dict.fromkeys(range(6), "pending")
    assert sandbox.ledger.appends == []
    assert errors_of(result) == [type(None)] * 3


async def test_callback_that_raises_ends_the_load_in_order(sandbox, allo, over):
    """An error of on_progress is raised once the chunks on their way have ended, with the fates of all rows."""
    into = SpreadResult()

    def fail(run):
        if run.rows_settled:
            raise ValueError("mine")

    with pytest.raises(CallbackError, match="mine") as caught:
        await allo.spread(us_numbers(24), over=over, chunk_size=2, on_progress=fail, into=into)

    assert caught.value.result is into
    assert fates(into).keys() == set(range(24))
    assert 0 < len(into.added) == sum(sizes(sandbox)) < 24


async def test_source_that_raises_sends_nothing(sandbox, allo, over):
    """All rows are taken before any is sent, so that one that cannot be taken leaves those before it pending."""

    def rows():
        yield from us_numbers(4)
        raise OSError("unreadable")

    with pytest.raises(RowSourceError) as caught:
        await allo.spread(rows(), over=over)

    assert fates(caught.value.result) == dict.fromkeys(range(4), "pending")
    assert sandbox.ledger.appends == []


async def test_cancelled_load_is_accounted_for_where_the_caller_asked(sandbox, allo, over):
    """After a cancellation, `into` has what was added, what is in doubt and what was not sent."""
    into = SpreadResult()
    load = asyncio.create_task(allo.spread(us_numbers(12), over=over, chunk_size=2, into=into))
    before_first_append(sandbox, ANA, load.cancel)

    await asyncio.wait({load})

    assert load.cancelled()
    assert fates(into).keys() == set(range(12))
    queued = {number for email in EMAILS for number in sandbox.numbers(email)}
    assert {row.number_to for row in into.added} <= queued
    assert queued <= {row.number_to for row in into.added} | {row.contact.number for row in into.in_doubt}
    assert len(into.shares) == 3


async def test_errors_of_a_run_that_was_cancelled_do_not_replace_the_cancellation(sandbox, allo, over):
    """Where a queue fails as the caller cancels, the caller is cancelled."""
    load = asyncio.create_task(allo.spread(us_numbers(6), over=over))
    sandbox.script(faults.error(403, "FORBIDDEN"), when=of(MARIE))
    before_first_append(sandbox, MARIE, load.cancel)

    await asyncio.wait({load})

    assert load.cancelled()


async def test_second_run_goes_on_where_the_first_ended(sandbox, allo, over, tmp_path):
    """With a journal, rows stay with the queue that they were allocated to, and one that was dropped keeps its own."""
    journal = Journal(tmp_path / "journal.db")
    options = {"journal": journal, "load_id": "x"}
    first = await allo.spread(us_numbers(12), over=over, chunk_size=2, on_progress=lambda run: _stop(run, 4), **options)
    assert first.pending

    second = await allo.spread(us_numbers(12), over=over[:2], chunk_size=2, **options)

    assert fates(second) == dict.fromkeys(range(12), "added")
    assert sorted(number for email in EMAILS for number in sandbox.numbers(email)) == us_numbers(12)
    assert [share.email for share in second.shares] == [MARIE, TOM, ANA]
    assert second.shares[2].totals.added == len(sandbox.numbers(ANA))


def _stop(run, settled):
    if run.rows_settled >= settled:
        run.stop()


async def test_error_of_one_queue_is_raised_as_it_is():
    """What is no `AlloError` comes out too, and the waiting task is not taken for cancelled."""

    async def fail():
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await run_together([fail(), asyncio.sleep(1_000)])
    assert asyncio.current_task().cancelling() == 0
