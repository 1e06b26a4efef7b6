"""One process: its loops, threads, short-lived clients and children keep the limits of a key together."""

import asyncio
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_async import AlloClient, RateLimitedError
from allo_async._sending.call_limits import WaitBudget
from allo_async._wire.hints import RateLimit
from allo_async.sandbox import Sandbox, faults
from tests.clocks import ManualClock
from tests.coordination.moments import most_in_any_second
from tests.end_to_end.numbers import us_numbers

STEPS = st.lists(
    st.tuples(st.floats(0, 1.5), st.sampled_from(["same loop", "new client", "new loop"]), st.integers(1, 4)),
    min_size=1,
    max_size=12,
)


async def acquire(allo, count):
    """Let so many writes of a client leave, and tell when."""
    limiter = allo._sessions.current().key_state.limiters.writes
    return [slot.moment for slot in await asyncio.gather(*(limiter.acquire() for _ in range(count)))]


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_clients_and_loops_that_come_and_go_keep_the_limit(steps):
    """Whatever is closed and made anew, no span of a second sees more writes than the key's limit."""
    clock, moments = ManualClock(), []

    def client():
        return AlloClient("ak_live_of_this_test", base_url="http://localhost:1", clock=clock)

    async def one_loop(steps):
        allo = client()
        for gap, how, count in steps:
            if how == "new client":
                await allo.close()
                allo = client()
            clock.now += gap
            moments.extend(await acquire(allo, count))
        await allo.close()

    for step in steps:
        asyncio.run(one_loop([step] if step[1] == "new loop" else [step, step]))

    assert most_in_any_second(moments) <= 5


@pytest.fixture(name="served")
def _served():
    """A sandbox that a thread of its own serves."""
    ready, stop, found = threading.Event(), threading.Event(), []

    async def serve():
        async with Sandbox() as sandbox:
            found.append(sandbox)
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    yield found[0]
    stop.set()
    thread.join()


def test_threads_with_loops_of_their_own_keep_the_limit(served):
    """Four threads append to the same two queues through one client: no refusal, no conflict, every row once."""
    allo = AlloClient(served.api_key, base_url=served.url)
    reps = [rep.email for rep in served.users[:2]]

    async def load(place):
        await asyncio.gather(
            *(allo.queue(email=rep).append(us_numbers(1, 100 * place + 10 * which)) for which, rep in enumerate(reps))
        )

    threads = [threading.Thread(target=asyncio.run, args=(load(place),)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(allo.close())

    assert served.ledger.refused == []
    assert served.ledger.most_writes_in_a_second() <= 5
    assert sum(len(served.numbers(rep)) for rep in reps) == 8


@pytest.mark.parametrize("client", ["of the process", "of each job"])
def test_worker_runs_a_loop_per_job(served, client):
    """A worker that calls `asyncio.run` for each job, as with Celery: each has its account, and all keep the limit."""
    kept = AlloClient(served.api_key, base_url=served.url)

    async def job(place):
        rows = [*us_numbers(2, 2 * place), "N/A"]
        if client == "of the process":
            return await kept.queue().append(rows)
        async with AlloClient(served.api_key, base_url=served.url) as allo:
            return await allo.queue().append(rows)

    results = [asyncio.run(job(place)) for place in range(6)]
    asyncio.run(kept.close())

    assert [(len(result.added), len(result.skipped), result.totals.rows) for result in results] == [(2, 1, 3)] * 6
    assert served.numbers() == us_numbers(12)
    assert served.ledger.refused == []
    assert served.ledger.most_writes_in_a_second() <= 5


async def test_pause_outlives_the_client(sandbox):
    """The next client of the key is refused at once, as the one would be that was told to wait."""
    sandbox.script(faults.rate_limited(seconds=3_000), times=1)
    left = []
    for _ in range(3):
        async with AlloClient(sandbox.api_key, base_url=sandbox.url) as allo:
            with pytest.raises(RateLimitedError) as caught:
                await allo.queue().append(["+12125550010"])
            left.append(caught.value.retry_after)

    assert len(sandbox.ledger.appends) == 1
    assert left == sorted(left, reverse=True)
    assert left[-1] > 2_900


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_child_keeps_the_window_and_the_pause(clock):
    """A forked child counts what its parent has sent, and waits for no lock that its parent holds."""

    def client():
        return AlloClient("ak_live_of_the_fork", base_url="http://localhost:2", clock=clock)

    async def hold():
        allo = client()
        await allo._sessions.current().key_state.locks.of(allo.queue().assignee).acquire()
        await acquire(allo, 5)
        allo._sessions.current().key_state.limiters.pause(7)
        # The lock is held while the process is copied.
        child = os.fork()
        if child == 0:
            os._exit(0 if in_child() else 1)
        return os.waitpid(child, 0)[1]  # noqa: ASYNC222 - the loop has nothing else to do

    def in_child():
        asyncio.events._set_running_loop(None)
        loop = asyncio.new_event_loop()
        return loop.run_until_complete(asyncio.wait_for(child_waits(), 5))

    async def child_waits():
        allo = client()
        state = allo._sessions.current().key_state
        async with state.locks.of(allo.queue().assignee):
            pass
        try:
            await state.limiters.writes.acquire(WaitBudget(6))
        except RateLimitedError as error:
            return error.retry_after == 7
        return False

    assert asyncio.run(hold()) == 0


async def test_every_call_hears_of_a_long_pause(sandbox):
    """After a 429 with an hour to wait, reads and writes of the key are refused at once, and nothing is sent."""
    async with AlloClient(sandbox.api_key, base_url=sandbox.url) as allo:
        sandbox.script(faults.rate_limited(seconds=3_600), times=1)
        queue = allo.queue()
        calls = [
            lambda: queue.append(["+12125550010"]),
            lambda: queue.append(["+12125550010"], deadline=100),
            queue.state,
            allo.me,
            allo.users,
            lambda: queue.clear(unassigned=True),
        ]
        for call in calls:
            async with asyncio.timeout(5):
                with pytest.raises(RateLimitedError) as caught:
                    await call()
            assert caught.value.retry_after == pytest.approx(3_600, abs=10)

    assert len(sandbox.ledger.appends) == 1


@pytest.mark.parametrize("longest", [3_600, 40])
async def test_absurd_wait_is_bounded(clock, longest):
    """An absurd `Retry-After` holds the key up for as long as is believed, and no longer."""
    async with Sandbox(clock=clock) as sandbox:
        sandbox.script(faults.error(429, "RATE_LIMIT_EXCEEDED", headers={"Retry-After": "999999999"}), times=1)
        async with AlloClient(
            sandbox.api_key, base_url=sandbox.url, clock=clock, max_retry_after=longest, retry_budget=30
        ) as allo:
            with pytest.raises(RateLimitedError) as caught:
                await allo.queue().append(["+12125550010"])
            assert caught.value.retry_after == longest
            clock.now += longest
            assert len((await allo.queue().append(["+12125550010"])).added) == 1


@pytest.fixture(name="sandbox")
async def _sandbox():
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("limit", [1_001, 20_000_000])
async def test_limit_of_another_span_is_ignored(family, clock, limit):
    """A gateway's limit per day is not one of requests per second."""
    async with family(5, clock) as (limiter,):
        limiter.update(RateLimit(limit, 0), since=clock.now)
        await asyncio.sleep(0.05)
        for _ in range(5):
            await limiter.acquire()
        assert clock.slept == []
        await limiter.acquire()

    assert sum(clock.slept) == pytest.approx(1.03, abs=1e-5)
