"""The pace of a key: the same contract for the clients of one process and for several processes."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_async._sending.call_limits import WaitBudget, cancel_and_wait
from allo_async._sending.key_state import RateLimiters
from allo_async._wire.requests import any_request
from allo_async.errors import RateLimitedError
from tests.clocks import ManualClock, StillClock
from tests.coordination.moments import admitted, leave, most_in_any_second, settled


@settings(max_examples=40, deadline=None)
@given(
    limit=st.integers(1, 7),
    steps=st.lists(st.tuples(st.floats(0, 2), st.integers(0, 2), st.integers(1, 3)), min_size=1, max_size=20),
    holds=st.dictionaries(st.integers(0, 19), st.floats(0, 5)),
)
def test_no_second_sees_more_than_the_limit(family, limit, steps, holds):
    """Whatever the arrivals at three clients and the holds, no span of a second sees more than the limit."""

    async def scenario():
        clock, moments = ManualClock(), []
        async with family(limit, clock, 3) as paces:
            for place, (gap, which, together) in enumerate(steps):
                clock.now += gap
                if place in holds:
                    paces[which].pause(holds[place])
                moments += await asyncio.gather(*(paces[which - more].acquire() for more in range(together)))
            return family.departures()

    moments = asyncio.run(scenario())

    assert len(moments) == sum(together for *_, together in steps)
    assert most_in_any_second(moments) <= limit


async def test_full_speed_below_the_limit(family, clock):
    """As many as the limit allows leave at once, from whichever client."""
    async with family(6, clock, 3) as paces:
        for pace in paces * 2:
            await pace.acquire()

    assert clock.slept == []


async def test_first_come_first_served(family, clock):
    """Waiting requests leave in the order in which they came."""
    order = []

    async with family(1, clock, 4) as paces:
        tasks = []
        for pace, name in zip(paces, "abcd", strict=True):
            tasks.append(asyncio.create_task(leave(pace, order, name)))
            await settled()
        await asyncio.gather(*tasks)

    assert order == ["a", "b", "c", "d"]


async def test_one_client_does_not_starve_another(family):
    """A request that came behind ten of a busy client leaves where it came, or sooner."""
    clock, order = ManualClock(), []

    async with family(1, clock, 2) as (busy, other):
        tasks = [asyncio.create_task(leave(busy, order, name)) for name in range(10)]
        tasks.append(asyncio.create_task(leave(other, order, "other")))
        tasks += [asyncio.create_task(leave(busy, order, name)) for name in range(10, 20)]
        await asyncio.gather(*tasks)

    assert order.index("other") <= 10
    assert [name for name in order if name != "other"] == list(range(20))


async def test_how_long_it_takes_is_told_behind_those_who_wait(family):
    """The estimate counts every request that waits, of this process and of others, once."""
    clock = StillClock()
    async with family(1, clock, 2) as (one, other):
        await one.acquire()
        tasks = []
        for waiter in (one, other, one):
            tasks.append(asyncio.create_task(waiter.acquire()))
            await settled()
        with pytest.raises(RateLimitedError) as caught:
            await one.acquire(WaitBudget(0))
        await cancel_and_wait(*tasks)

    assert caught.value.retry_after == pytest.approx(4 * 1.03)


async def test_who_gives_up_leaves_no_gap(family):
    """A cancelled waiter costs the others neither their place nor a slot."""
    clock, moments = StillClock(), []
    async with family(1, clock, 3) as paces:
        await paces[0].acquire()
        tasks = []
        for pace in paces:
            tasks.append(asyncio.create_task(admitted(pace, clock, moments)))
            await settled()

        tasks[1].cancel()
        await settled()
        with pytest.raises(RateLimitedError) as caught:
            await paces[1].acquire(WaitBudget(0))
        await cancel_and_wait(*tasks)

    assert caught.value.retry_after == pytest.approx(3 * 1.03)


async def test_cancelled_ones_leave_a_line_that_goes_on(family, clock):
    """A cancellation, whatever it interrupts, ends the one and none of the others."""
    async with family(1, clock, 2) as (one, other):
        await one.acquire()
        tasks = [asyncio.create_task(pace.acquire()) for pace in (one, other, one)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        left = await asyncio.gather(*tasks, return_exceptions=True)
        moments = family.departures()

    assert [isinstance(moment, asyncio.CancelledError) for moment in left] == [True, False, False]
    assert len(moments) == 3
    assert most_in_any_second(moments) == 1


async def test_hold_lets_nothing_leave_before_its_time(family, clock):
    """A hold moves every client's departures behind it, and a shorter one does not end a longer."""
    async with family(5, clock, 2) as (one, other):
        one.pause(10)
        one.pause(2)
        await settled()

        await other.acquire()

    assert clock.now == pytest.approx(1_010.0, abs=1e-5)


async def test_reads_and_writes_have_their_own_limits(clock):
    """Twenty reads and five writes leave at once; neither waits for the other, but both wait out a pause."""
    limiters = RateLimiters(clock=clock)
    read, write = any_request("GET", "/x"), any_request("POST", "/x")

    for request in [read] * 20 + [write] * 5:
        await limiters.of(request).acquire()
    assert clock.slept == []

    limiters.pause(7)
    await limiters.of(read).acquire()
    assert clock.now == 1_007.0


async def test_slot_that_is_given_back_is_somebody_elses(family, clock):
    """Requests that do not leave cost nobody a wait."""
    async with family(2, clock, 2) as (one, other):
        for _ in range(3):
            for limiter in (one, other):
                limiter.release(await limiter.acquire(WaitBudget(0)))
            await settled()
        await one.acquire()
        await other.acquire(WaitBudget(0))

    assert clock.slept == []


async def test_slot_that_is_given_back_wakes_those_who_wait(family):
    """The next in line leaves at once, without time going by."""
    async with family(1, StillClock(), 2) as (one, other):
        slot = await one.acquire()
        waiting = asyncio.create_task(other.acquire())
        await settled()
        one.release(slot)
        async with asyncio.timeout(5):
            await waiting


@pytest.mark.parametrize("gap", [0, 0.3, 0.9, 1.5])
async def test_slot_that_is_used_late_counts_from_then(family, gap):
    """A slot that its request uses later is one place of the window, and no second sees more than the limit."""
    clock = ManualClock()
    async with family(2, clock, 2) as (one, other):
        early, _ = await one.acquire(), await other.acquire()
        clock.now += gap
        left_at = (await one.refresh(early, WaitBudget())).moment
        moments = [left_at, *[(await other.acquire()).moment for _ in range(4)]]

    assert left_at == pytest.approx(1_000 + gap)
    assert most_in_any_second(moments) <= 2


async def test_member_that_died_in_the_line_loses_its_place(family, clock):
    """A member that does not ask again within seconds keeps nobody waiting after that."""
    async with family(1, clock, 2) as (limiter, dead):
        await limiter.acquire()
        await dead._ask()

        async with asyncio.timeout(5):
            await limiter.acquire()

    assert 3 <= sum(clock.slept) < 6


async def test_no_limiter_is_a_riddle(family):
    """In a debugger, a limiter tells how many wait, and for how long."""
    async with family(2, StillClock()) as (limiter,):
        waiting = [asyncio.create_task(limiter.acquire()) for _ in range(5)]
        await settled()

        assert repr(limiter) == "<RateLimiter 2/s, 3 waiting, next in 2.06 s>"
        await cancel_and_wait(*waiting)
