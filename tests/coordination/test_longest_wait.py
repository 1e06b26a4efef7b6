"""How long the rate limit may hold up a request: the same for the clients of one process and for several processes."""

import asyncio
from math import inf

import pytest

from allo_async._sending.call_limits import HeldUp, WaitBudget, cancel_and_wait
from allo_async.clock import SystemClock
from allo_async.errors import RateLimitedError
from allo_async.testing import FastClock
from tests.clocks import ManualClock, StillClock
from tests.coordination.moments import leave, settled


async def test_too_long_a_wait_is_told_at_once_how_long_it_would_take(family, clock):
    """A caller that would wait longer than it allows learns so without waiting, at every client."""
    async with family(5, clock, 2) as (one, other):
        one.pause(12)
        await settled()

        with pytest.raises(RateLimitedError) as caught:
            await other.acquire(WaitBudget(11.9))
        assert clock.slept == []
        await other.acquire(WaitBudget(12.1))

    assert caught.value.retry_after == pytest.approx(12.0, abs=1e-5)
    assert clock.now == pytest.approx(1_012.0, abs=1e-5)


async def test_longest_wait_counts_waiters_ahead(family):
    """The line counts: the twelfth of five a second is two windows away."""
    async with family(5, StillClock()) as (pace,):
        waiting = [asyncio.create_task(pace.acquire()) for _ in range(11)]
        await settled()

        with pytest.raises(RateLimitedError) as caught:
            await pace.acquire(WaitBudget(2))
        await cancel_and_wait(*waiting)

    assert caught.value.retry_after == pytest.approx(2.06)


@pytest.mark.parametrize("who", [0, 1])
async def test_longest_wait_ends_a_wait_that_turns_out_longer(family, who):
    """Whoever in line is told to wait on, from whichever process, gives up and says how long it will take."""
    async with family(1, FastClock(10), 2) as paces:
        paces[who].pause(3)
        await settled()
        waiting = asyncio.create_task(paces[0].acquire(WaitBudget(5)))
        while not paces[0]._waiters:
            await asyncio.sleep(0)
        paces[who].pause(500)

        with pytest.raises(RateLimitedError) as caught:
            await waiting

    assert 400 < caught.value.retry_after <= 500


@pytest.mark.parametrize("who", [0, 1])
async def test_longest_wait_ends_behind_one_that_waits_longer(family, who):
    """A waiter behind another that waits as long as it takes gives up when its own longest wait will not do."""
    clock = FastClock(10)
    async with family(1, clock, 2) as paces:
        paces[who].pause(3)
        await settled()
        begun = clock.monotonic()
        first, waiting = (asyncio.create_task(paces[0].acquire(WaitBudget(bound))) for bound in (inf, 5))
        while len(paces[0]._waiters) < 2:
            await asyncio.sleep(0)
        paces[who].pause(6)
        # The pause begins when the others have heard of it.
        await asyncio.gather(*getattr(getattr(paces[who], "_connection", None), "_telling", ()))
        held_until = clock.monotonic() + 6

        with pytest.raises(RateLimitedError) as caught:
            await waiting
        await cancel_and_wait(first)

    # The one that stands before counts, and the one that asks does not.
    assert 0 < caught.value.retry_after <= held_until + 1.03 - begun


async def test_longest_wait_begins_with_each_request(family, clock):
    """What held up others before is nothing to whoever comes now."""
    async with family(1, clock, 2) as (one, other):
        for pace in (one, other) * 3:
            await pace.acquire(WaitBudget(1.1))

    assert len(clock.slept) >= 5


def test_what_is_no_wait_is_not_refused(clock):
    """A request that may not wait may leave where nothing holds it up any more."""
    held_up = HeldUp(clock)
    budget = WaitBudget(1)
    budget.begin(held_up)
    with held_up.during():
        clock.now += 2
    budget.check(0, 0)
    with pytest.raises(RateLimitedError, match="max_rate_limit_wait leaves 0 s"):
        budget.check(0.01, 0)


class HeldTwice(ManualClock):
    """A clock on which the first sleep is not the last: everybody is told to wait on."""

    async def sleep(self, seconds):
        await super().sleep(seconds)
        if len(self.slept) == 1:
            self.pace.pause(6)


async def test_longest_wait_runs_out(family):
    """What a request has waited already is not waited again."""
    clock = HeldTwice()
    async with family(1, clock) as (clock.pace,):
        clock.pace.pause(6)
        with pytest.raises(RateLimitedError) as caught:
            await clock.pace.acquire(WaitBudget(10))

    assert clock.slept == [6]
    assert caught.value.retry_after == pytest.approx(6)
    assert "no room for 6 s, and max_rate_limit_wait leaves 4 s" in str(caught.value)


def answer_slowly(pace):
    """Let a pace be far away from what it shares with others."""
    ask = pace._connection.ask

    async def late(question):
        await asyncio.sleep(0.01)
        return await ask(question)

    pace._connection.ask = late


async def test_longest_wait_does_not_bound_the_way_to_the_others(shared_family):
    """However short the longest wait is, a free place is taken."""
    async with shared_family(3, SystemClock()) as (pace,):
        answer_slowly(pace)
        await asyncio.gather(*(pace.acquire(WaitBudget(0)) for _ in range(3)))


async def test_way_to_the_others_takes_none_of_the_wait(shared_family):
    """A wait that fits is waited, however long the answers take."""
    clock = FastClock(100)
    async with shared_family(1, clock) as (pace,):
        await pace.acquire()
        answer_slowly(pace)
        await pace.acquire(WaitBudget(1.1))


@pytest.mark.parametrize("delay", [0, 0.02])
async def test_who_is_just_leaving_does_not_count_twice(shared_family, delay):
    """Who comes while another asks the others is not refused for that one, who has left by the time of the answer."""
    async with shared_family(2, StillClock()) as (pace,):
        ask, seconds = pace._connection.ask, [0, delay]

        async def late(question):
            answer = await ask(question)
            await asyncio.sleep(seconds.pop() if seconds else 0)
            return answer

        pace._connection.ask = late
        leaving = asyncio.create_task(pace.acquire())
        await asyncio.sleep(0)
        await pace.acquire(WaitBudget(0))
        await leaving


async def test_a_waiter_without_time_is_not_overtaken(shared_family):
    """Who stands behind one that asks the others keeps its place."""
    order = []

    async with shared_family(20, SystemClock()) as (pace,):
        answer_slowly(pace)
        join, joined = pace._waiters.join, []
        pace._waiters.join = lambda: joined.append(1) or join()
        tasks = [asyncio.create_task(leave(pace, order, place, inf)) for place in range(9)]
        tasks.append(asyncio.create_task(leave(pace, order, "no time", 0)))
        while len(joined) < 10:
            await asyncio.sleep(0)
        tasks += [asyncio.create_task(leave(pace, order, place, inf)) for place in range(9, 12)]
        await asyncio.gather(*tasks)

    assert order == [*range(9), "no time", 9, 10, 11]


async def test_a_waiter_without_time_hears_of_a_wait_that_comes_later(shared_family):
    """Who stood behind one that asked the others, and now behind one that is held up, is refused."""
    async with shared_family(1, FastClock(10)) as (pace,):
        answer_slowly(pace)
        tasks = [asyncio.create_task(pace.acquire()) for _ in range(2)]
        waiting = asyncio.create_task(pace.acquire(WaitBudget(0)))
        await asyncio.wait({tasks[0]})
        pace.pause(500)
        async with asyncio.timeout(5):
            with pytest.raises(RateLimitedError):
                await waiting
        await cancel_and_wait(tasks[1])


async def test_way_to_the_others_is_no_wait_after_one(shared_family):
    """What was held up once holds up nobody afterwards."""
    clock = FastClock(100)
    async with shared_family(2, clock) as (pace,):
        await asyncio.gather(*(pace.acquire() for _ in range(3)))
        await clock.sleep(2)
        answer_slowly(pace)
        await asyncio.gather(*(pace.acquire(WaitBudget(0)) for _ in range(2)))


async def test_a_waiter_with_too_little_time_takes_no_place(shared_family):
    """Refused requests do not count against those that come later."""
    async with shared_family(1, StillClock(), 2) as (one, other):
        await one.acquire()
        for pace in (one, other):
            answer_slowly(pace)
            with pytest.raises(RateLimitedError):
                await pace.acquire(WaitBudget(0.001))
        assert len(shared_family.departures()) == 1
