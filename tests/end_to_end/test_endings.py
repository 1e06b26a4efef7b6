"""A call that ends early, at each await that it makes: by a cancellation, by its deadline, by the client's closing."""

import asyncio
import contextlib
import itertools

import pytest

from allo_async import AlloClient, AlloError, AppendResult, ClientClosedError, DeadlineExceededError, Journal
from allo_async._loading import stream
from allo_async._sending import call_limits as calls
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.end_to_end.acting import ActingAt
from tests.end_to_end.numbers import fates, us_numbers

NUMBERS = us_numbers(15)
DEADLINE = 1_000_000.0


class FiringClock:
    """A fast clock whose longest timeouts, the deadlines of calls, pass when they are told to."""

    def __init__(self):
        self._clock = FastClock(2_000)
        self._deadlines = []
        self.monotonic, self.time, self.sleep = self._clock.monotonic, self._clock.time, self._clock.sleep

    def timeout(self, seconds):
        scope = self._clock.timeout(seconds)
        if seconds is not None and seconds > DEADLINE / 2:
            self._deadlines.append(scope)
        return scope

    def fire(self):
        # Between two chunks, and while a call ends, there is none.
        with contextlib.suppress(RuntimeError):
            self._deadlines[-1].reschedule(asyncio.get_running_loop().time())


SCENES = {
    "quiet": lambda sandbox: None,
    "conflict and lost answer": lambda sandbox: (
        sandbox.script(faults.conflict(), at=1),
        sandbox.script(faults.commit_and_drop(), at=3),
    ),
    "5xx after commit": lambda sandbox: sandbox.script(faults.html(502, commit=True), at=2),
    "full": lambda sandbox: sandbox.fill(None, 991),
}

ENDINGS = {"deadline": DeadlineExceededError, "closing": ClientClosedError}


def open_sandbox(clock):
    return Sandbox(clock=clock, read_per_second=None, write_per_second=None)


def client(sandbox, clock):
    return AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=20_000, retry_budget=100_000)


async def ended_at(n, how, allo, clock, coroutine):
    """Run *coroutine* and end it at its *n*-th await; tell whether it came so far, and what it raised or gave."""
    closing = []
    acts = {
        "cancellation": asyncio.current_task().cancel,
        "deadline": clock.fire,
        "closing": lambda: closing.append(asyncio.create_task(allo.close())),
    }
    run = ActingAt(coroutine, n, acts[how])
    try:
        outcome = await run
    except asyncio.CancelledError as error:
        asyncio.current_task().uncancel()
        outcome = error
    except AlloError as error:
        outcome = error
    await asyncio.gather(*closing)
    return run.reached, outcome


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("how", ENDINGS)
async def test_early_end_accounts_for_every_row(scene, how):
    """Wherever it comes, the error tells each row's fate, and the ledger agrees; at most one chunk is in doubt."""
    clock = FiringClock()
    for n in itertools.count(1):
        before = asyncio.all_tasks()
        async with open_sandbox(clock) as sandbox, client(sandbox, clock) as allo:
            SCENES[scene](sandbox)
            append = allo.queue().append(NUMBERS, chunk_size=5, on_full_queue="stop", deadline=DEADLINE)
            reached, outcome = await ended_at(n, how, allo, clock, append)
            # What the server got before the connection broke, it may still be carrying out.
            await asyncio.sleep(0.002)
            result = outcome if isinstance(outcome, AppendResult) else outcome.result
            check(sandbox, result)
        assert isinstance(outcome, AppendResult | ENDINGS[how])
        assert asyncio.all_tasks() == before
        if not reached:
            break
    assert n > 10


def check(sandbox, result):
    told = fates(result)
    assert sorted(told) == list(range(15))
    queued = [number for number in sandbox.numbers() if number in set(NUMBERS)]
    added = [NUMBERS[index] for index, fate in told.items() if fate == "added"]
    doubtful = [NUMBERS[index] for index, fate in told.items() if fate == "in doubt"]
    assert queued in (added, added + doubtful)
    assert len(doubtful) <= 5


@pytest.mark.parametrize("scene", ["quiet", "conflict and lost answer", "5xx after commit"])
@pytest.mark.parametrize("how", ["cancellation", *ENDINGS])
async def test_early_end_of_a_journaled_load_is_taken_up(tmp_path, scene, how):
    """Wherever it comes, the same load started again puts every row into the queue exactly once, and tells so."""
    clock = FiringClock()
    for n in itertools.count(1, 2):
        journal = Journal(tmp_path / f"{n}.db")
        async with open_sandbox(clock) as sandbox:
            SCENES[scene](sandbox)
            async with client(sandbox, clock) as allo:
                append = allo.queue().append(NUMBERS, chunk_size=5, deadline=DEADLINE, journal=journal, load_id="x")
                reached, _ = await ended_at(n, how, allo, clock, append)
            async with client(sandbox, clock) as allo:
                result = await allo.queue().append(NUMBERS, chunk_size=5, journal=journal, load_id="x")
            assert fates(result) == dict.fromkeys(range(15), "added")
            assert sandbox.numbers() == NUMBERS
            assert [row.position for row in result.added] == list(range(15))
        if not reached:
            break
    assert n > 10


async def test_rows_of_an_async_source_that_were_not_given_stay_with_the_caller():
    """Closing does not wait for a source that gives nothing; the rows that it gave are told."""
    clock, given = FiringClock(), asyncio.Event()

    async def rows():
        for number in NUMBERS[:7]:
            yield number
        given.set()
        await asyncio.Event().wait()

    async with open_sandbox(clock) as sandbox, client(sandbox, clock) as allo:
        append = asyncio.create_task(allo.queue().append(rows(), chunk_size=5))
        await given.wait()
        await allo.close()
        with pytest.raises(ClientClosedError) as caught:
            await append

    told = fates(caught.value.result)
    assert list(told) == list(range(7))
    assert {told[5], told[6]} == {"pending"}


async def test_closing_ends_what_only_waits():
    """A call that waits for room, for its turn or for a rate limit, for hours, ends with the client as well."""
    clock = FiringClock()
    async with open_sandbox(clock) as sandbox:
        sandbox.fill(None, 1_000)
        sandbox.script(faults.rate_limited(seconds=1e9), when=lambda request: b"marie@" in request.body)
        sandbox.script(faults.stall(1e9), when=lambda request: b"tom@" in request.body)
        allo = AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=1e9, retry_budget=1e10)
        tom = allo.queue(email="tom@acme.example")
        under_way = [
            asyncio.create_task(call)
            for call in (
                allo.queue().append(NUMBERS, on_full_queue="wait", poll_interval=1e9),
                tom.append(NUMBERS),
                allo.queue(email="marie@acme.example").append(NUMBERS),
            )
        ]
        while len(sandbox.ledger.appends) < 3 or sandbox.ledger.requests[-1].answered_at is None:
            await asyncio.sleep(0.001)
        # Behind the first, which is on its way.
        under_way.insert(2, asyncio.create_task(tom.append(NUMBERS)))
        await asyncio.sleep(0.01)
        async with asyncio.timeout(10):
            await allo.close()
        ended = [call.exception() for call in under_way]

    assert [type(error) for error in ended] == [ClientClosedError] * 4
    assert [list(set(fates(error.result).values())) for error in ended] == [
        ["pending"],
        ["in doubt"],
        ["pending"],
        ["pending"],
    ]


async def test_closing_ends_every_kind_of_call():
    """A spread, a read and a write that wait end with the client; those of another client go on."""
    clock = FiringClock()
    async with open_sandbox(clock) as sandbox, client(sandbox, clock) as other:
        for method in ("GET", "POST", "PATCH"):
            sandbox.script(faults.stall(), method=method, times=1)
        allo = client(sandbox, clock)
        under_way = [
            asyncio.create_task(call)
            for call in (
                allo.queue().state(),
                allo.queue().update(name="Monday"),
                allo.request("POST", "/v2/api/dialing-queues/current"),
            )
        ]
        while len(sandbox.ledger.requests) < 3:
            await asyncio.sleep(0.001)
        spread = asyncio.create_task(allo.spread(NUMBERS, over=[allo.queue()]))
        await allo.close()
        ended = await asyncio.gather(*under_way, spread, return_exceptions=True)

        assert [type(error) for error in ended] == [ClientClosedError] * 4
        assert len((await other.queue().append(NUMBERS)).added) == 15


async def test_closing_does_not_wait_for_ever(monkeypatch):
    """A call that does not end, since its source of rows does not, holds up the closing for a moment only."""
    monkeypatch.setattr(calls, "_ENDING", 0.02)
    clock, over = FiringClock(), asyncio.Event()

    async def rows():
        try:
            yield NUMBERS[0]
            await asyncio.Event().wait()
        finally:
            await over.wait()

    async with open_sandbox(clock) as sandbox:
        allo = client(sandbox, clock)
        append = asyncio.create_task(allo.queue().append(rows()))
        await asyncio.sleep(0.02)
        async with asyncio.timeout(5):
            await allo.close()
        assert not append.done()
        over.set()
        with pytest.raises(ClientClosedError) as caught:
            await append

    assert fates(caught.value.result) == {0: "pending"}


async def test_deadline_tells_repeats_of_the_rest():
    """Rows that were never looked at are pending, but a repeat of a row that was sent is not to be sent again."""
    clock = FiringClock()
    async with open_sandbox(clock) as sandbox, client(sandbox, clock) as allo:
        sandbox.script(faults.stall(), at=2)
        rows = [*NUMBERS, *us_numbers(5, 100), "(212) 200-0000", "nope", "+1 (212) 200-0101", {"name": "no number"}]
        append = asyncio.create_task(allo.queue().append(rows, chunk_size=5, region="US", deadline=DEADLINE))
        while len(sandbox.ledger.appends) < 2:
            await asyncio.sleep(0.001)
        clock.fire()
        with pytest.raises(DeadlineExceededError) as caught:
            await append

    result = caught.value.result
    assert fates(result) == {
        **dict.fromkeys(range(5), "added"),
        **dict.fromkeys(range(5, 10), "in doubt"),
        **dict.fromkeys(range(10, 20), "pending"),
        **dict.fromkeys(range(20, 24), "skipped"),
    }
    assert [row.reason for row in result.skipped] == [
        "DUPLICATE_NUMBER",
        "INVALID_PHONE_NUMBER",
        "DUPLICATE_NUMBER",
        "INVALID_CONTACT",
    ]


async def test_deadline_leaves_time_to_tell_of_a_long_list(monkeypatch):
    """A list that takes a while to be told of is ended as much earlier; a stream, which does not tell of it, is not."""
    monkeypatch.setattr(stream, "_SECONDS_TO_TELL", 10.0)
    clock, bounds = FiringClock(), []
    timeout = clock.timeout

    def noted(seconds):
        bounds.append(seconds)
        return timeout(seconds)

    clock.timeout = noted
    async with open_sandbox(clock) as sandbox, client(sandbox, clock) as allo:
        sandbox.script(faults.error(403, "FORBIDDEN"))
        numbers = us_numbers(20_000)
        with pytest.raises(AlloError) as caught:
            await allo.queue().append(numbers, deadline=DEADLINE)
        told = bounds[0]
        bounds.clear()
        with pytest.raises(AlloError):
            await anext(allo.queue().append_stream(numbers, deadline=DEADLINE))

    # The clock runs while a call begins, but not by so much.
    assert told == pytest.approx(DEADLINE - 200_000, abs=10_000)
    assert bounds[0] == pytest.approx(DEADLINE, abs=10_000)
    assert len(caught.value.result.pending) == 20_000
