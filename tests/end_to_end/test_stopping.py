"""`stop()` ends every wait at once, and hears out what is on its way."""

import asyncio
import contextlib

import pytest

from allo_async import AlloClient, Journal
from allo_async._loading.stream import drain
from allo_async.events import Waiting
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import fates, us_numbers

# Waits of this length would fail the test by its timeout.
LONG = 1_000
SOON = 5

MARIE, TOM = "marie@acme.example", "tom@acme.example"


@pytest.fixture(name="sandbox")
async def _sandbox():
    async with Sandbox(write_per_second=None, read_per_second=None) as sandbox:
        yield sandbox


@pytest.fixture(name="waiting")
def _waiting():
    """Hears of waits, and can be waited for until one is on."""

    class Heard:
        def __init__(self):
            self.reasons = []

        def __call__(self, event):
            if isinstance(event, Waiting):
                self.reasons.append(event.reason)

        async def until(self, reason):
            async with asyncio.timeout(SOON):
                while reason not in self.reasons:
                    await asyncio.sleep(0.01)

    return Heard()


@pytest.fixture(name="allo", params=[True, False], ids=["merging", "alone"])
async def _allo(sandbox, waiting, request):
    async with AlloClient(
        sandbox.api_key,
        base_url=sandbox.url,
        timeout=LONG,
        retry_budget=LONG,
        observers=[waiting],
        merge_appends=request.param,
    ) as client:
        yield client


async def stopped(stream, when):
    """Run *stream*, stop it once *when* is over, and give all that it told."""
    results = []

    async def run():
        async with stream:
            results.extend([result async for result in stream])

    running = asyncio.create_task(run())
    await when
    stream.stop()
    async with asyncio.timeout(SOON):
        await running
    return [*results, stream.unfinished, await drain(stream)]


def all_fates(results):
    told = {}
    for result in results:
        told |= fates(result)
    return dict(sorted(told.items()))


async def test_wait_for_room_ends(sandbox, allo, waiting):
    """A stream that waits for room in a full queue ends at once, and all of its rows are pending."""
    sandbox.fill(None, 998)
    stream = allo.queue().append_stream(us_numbers(5), on_full_queue="wait", poll_interval=LONG)

    results = await stopped(stream, waiting.until("room"))

    assert all_fates(results) == {0: "added", 1: "added", 2: "pending", 3: "pending", 4: "pending"}
    assert str(stream.totals) == "2 added, 0 skipped, 3 pending, 0 in doubt"
    assert len(sandbox.numbers()) == 1000


@pytest.mark.parametrize(
    "fault", [faults.rate_limited(seconds=60), faults.conflict(), faults.error(409, "OTHER_TRANSACTION_IN_PROGRESS")]
)
@pytest.mark.parametrize("journaled", [False, True])
async def test_wait_before_a_retry_ends(sandbox, allo, waiting, fault, journaled, tmp_path):
    """After a refusal nothing is on its way: its rows are pending, for the journal too, and the rest is never sent."""
    sandbox.script(fault, at=range(2, 1_000))
    kept = {"journal": Journal(tmp_path / "journal"), "load_id": "one"} if journaled else {}
    stream = allo.queue().append_stream(us_numbers(6), chunk_size=2, **kept)

    results = await stopped(stream, waiting.until("backoff"))

    assert all_fates(results) == {place: "added" if place < 2 else "pending" for place in range(6)}
    assert sandbox.numbers() == us_numbers(2)
    if journaled:
        rows = await kept["journal"].rows("one")
        assert [row.fate for row in rows] == ["added"] * 2 + ["pending"] * (len(rows) - 2)


async def test_wait_for_the_rate_limit_ends(sandbox, allo, waiting):
    """Held up by a limit that another request has met, a stream ends at once."""
    sandbox.script(faults.rate_limited(seconds=60), at=1)
    other = asyncio.create_task(allo.queue(email=TOM).append(us_numbers(1, 900)))
    await waiting.until("backoff")
    stream = allo.queue(email=MARIE).append_stream(us_numbers(3))

    results = await stopped(stream, waiting.until("pace"))

    assert all_fates(results) == dict.fromkeys(range(3), "pending")
    assert sandbox.numbers(MARIE) == []
    other.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await other


async def test_wait_for_the_turn_ends(sandbox, allo, waiting):
    """Behind another append to the same queue, a stream ends at once, and the other one is not disturbed."""
    sandbox.script(faults.late(LONG), at=1)
    other = asyncio.create_task(allo.queue().append(us_numbers(2)))
    while not sandbox.ledger.appends:
        await asyncio.sleep(0.01)
    stream = allo.queue().append_stream(us_numbers(3, 100))

    results = await stopped(stream, waiting.until("turn"))

    assert all_fates(results) == dict.fromkeys(range(3), "pending")
    assert not other.done()
    assert [len(request.rows) for request in sandbox.ledger.appends] == [2]
    other.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await other


@pytest.mark.parametrize("options", [{}, {"skip_queued": True}])
async def test_reading_the_queue_ends(sandbox, allo, options, tmp_path):
    """While the queue is still being read at the start, a stream ends at once."""
    sandbox.script(faults.stall(LONG), method="GET")
    journal = {"journal": Journal(tmp_path / "journal"), "load_id": "one"}
    stream = allo.queue().append_stream(us_numbers(3), **journal, **options)

    async def reading():
        while not sandbox.ledger.requests:
            await asyncio.sleep(0.01)

    results = await stopped(stream, reading())

    assert all_fates(results) == dict.fromkeys(range(3), "pending")
    assert sandbox.ledger.appends == []


async def test_unreachable_server_is_not_waited_for(waiting):
    """Where no connection comes about, the wait for the next try ends at once."""
    async with AlloClient("ak_test", base_url="http://127.0.0.1:9", retry_budget=LONG, observers=[waiting]) as allo:
        stream = allo.queue().append_stream(us_numbers(3))

        results = await stopped(stream, waiting.until("backoff"))

    assert all_fates(results) == dict.fromkeys(range(3), "pending")


async def test_slow_source_is_not_waited_for(allo):
    """A stream whose rows have not come yet ends at once, with those that have."""

    async def rows():
        yield us_numbers(1)[0]
        await asyncio.sleep(LONG)

    results = await stopped(allo.queue().append_stream(rows()), asyncio.sleep(0.05))

    assert all_fates(results) == {0: "pending"}


async def test_chunk_on_its_way_is_heard_out(sandbox, allo):
    """A chunk that the server is at work on is settled, and nothing after it is sent."""
    sandbox.script(faults.late(0.3), at=1)
    stream = allo.queue().append_stream(us_numbers(6), chunk_size=2)

    async def under_way():
        while not sandbox.ledger.appends:
            await asyncio.sleep(0.01)

    results = await stopped(stream, under_way())

    assert all_fates(results) == {place: "added" if place < 2 else "pending" for place in range(6)}
    assert len(sandbox.ledger.appends) == 1


async def test_lost_answer_is_still_settled(sandbox, allo):
    """Rows whose answer was lost may be in the queue: they are settled before the stream ends, none is in doubt."""
    sandbox.script(faults.commit_and_drop(), at=1)
    stream = allo.queue().append_stream(us_numbers(4), chunk_size=2)

    async def lost():
        while not sandbox.ledger.appends:
            await asyncio.sleep(0.001)

    results = await stopped(stream, lost())

    assert all_fates(results) == {0: "added", 1: "added", 2: "pending", 3: "pending"}
    assert sandbox.numbers() == us_numbers(2)


async def test_lost_answer_is_asked_for_again_where_the_queue_cannot_be_read(sandbox, allo):
    """Where only sending the same bytes again can settle a lost answer, that is done before the stream ends."""
    sandbox.script(faults.commit_and_drop(), at=2)
    stream = allo.queue().append_stream(us_numbers(6), chunk_size=2)

    async def lost():
        while len(sandbox.ledger.appends) < 2:
            await asyncio.sleep(0.001)
        sandbox.script(faults.error(403, "FORBIDDEN"), method="GET")

    results = await stopped(stream, lost())

    assert all_fates(results) == {place: "added" if place < 4 else "pending" for place in range(6)}


@pytest.mark.parametrize("kind", ["read", "rate limit", "conflict"])
async def test_spread_ends_its_waits(sandbox, allo, waiting, kind):
    """A spread that waits in one queue or in all ends at once, each row with its fate."""
    if kind == "read":
        sandbox.script(faults.stall(LONG), method="GET")
    else:
        fault = faults.conflict() if kind == "conflict" else faults.rate_limited(seconds=60)
        sandbox.script(fault, when=lambda request: b"tom@" in request.body)
    runs = []
    spread = asyncio.create_task(
        allo.spread(
            us_numbers(8),
            over=[allo.queue(email=rep) for rep in (MARIE, TOM)],
            chunk_size=2,
            on_progress=runs.append,
        )
    )
    if kind == "read":
        while not sandbox.ledger.requests:
            await asyncio.sleep(0.01)
    else:
        await waiting.until("backoff")

    runs[0].stop()
    async with asyncio.timeout(SOON):
        result = await spread

    assert len(result.added) == len(sandbox.numbers(MARIE))
    assert sandbox.numbers(TOM) == []
    assert len(result.added) + len(result.pending) == 8
    assert [share.error for share in result.shares] == [None, None]
