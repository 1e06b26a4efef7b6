import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_async._sending.pacing import Pace, Paces
from allo_async._wire.requests import any_request
from allo_async.errors import RateLimitedError
from tests.clocks import ManualClock


def most_in_any_second(moments):
    return max(sum(start <= moment < start + 1 for moment in moments) for start in moments)


async def admitted(pace, clock, moments):
    await pace.admit()
    moments.append(clock.now)


@given(
    limit=st.integers(1, 7),
    gaps=st.lists(st.floats(0, 2), min_size=1, max_size=40),
    holds=st.dictionaries(st.integers(0, 39), st.floats(0, 5)),
)
def test_no_second_sees_more_than_the_limit(limit, gaps, holds):
    """Whatever the arrivals and the holds, no span of a second sees more than the limit."""

    async def scenario():
        clock = ManualClock()
        pace = Pace(limit, clock=clock)
        moments = []
        for place, gap in enumerate(gaps):
            clock.now += gap
            pace.hold(holds.get(place, 0))
            await admitted(pace, clock, moments)
        return moments

    moments = asyncio.run(scenario())

    assert most_in_any_second(moments) <= limit


async def test_full_speed_below_the_limit(clock):
    """As many as the limit allows leave at once."""
    pace = Pace(5, clock=clock)

    for _ in range(5):
        await pace.admit()

    assert clock.slept == []


async def test_first_come_first_served(clock):
    """Waiting requests leave in the order in which they came."""
    pace = Pace(1, clock=clock)
    order = []

    async def leave(name):
        await pace.admit()
        order.append(name)

    await asyncio.gather(*(leave(name) for name in "abcd"))

    assert order == ["a", "b", "c", "d"]


async def test_who_gives_up_leaves_no_gap(clock):
    """A cancelled waiter costs the others neither their place nor a slot."""
    pace = Pace(1, clock=clock)
    await pace.admit()
    moments = []
    tasks = [asyncio.create_task(admitted(pace, clock, moments)) for _ in range(3)]
    await asyncio.sleep(0)

    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert [round(moment - 1_000, 6) for moment in moments] == [1.03, 2.06]


async def test_hold_lets_nothing_leave_before_its_time(clock):
    """A hold moves every departure behind it, and a shorter one does not end a longer."""
    pace = Pace(5, clock=clock)
    pace.hold(10)
    pace.hold(2)

    await pace.admit()

    assert clock.now == 1_010.0


async def test_reads_and_writes_have_their_own_limits(clock):
    """Twenty reads and five writes leave at once; neither waits for the other, but both wait out a hold."""
    paces = Paces(clock=clock)
    read, write = any_request("GET", "/x"), any_request("POST", "/x")

    for request in [read] * 20 + [write] * 5:
        await paces.of(request).admit()
    assert clock.slept == []

    paces.hold(7)
    await paces.of(read).admit()
    assert clock.now == 1_007.0


async def test_patience_is_told_at_once_how_long_it_would_take(clock):
    """Who would have to wait longer than they have patience for learns so without waiting."""
    pace = Pace(5, clock=clock)
    pace.hold(12)

    with pytest.raises(RateLimitedError) as caught:
        await pace.admit(patience=11.9)
    await pace.admit(patience=12)

    assert caught.value.retry_after == 12.0
    assert clock.slept == [12.0]


async def test_patience_counts_those_who_wait_already():
    """The line counts: the twelfth of five a second is two windows away."""
    clock = StillClock()
    pace = Pace(5, clock=clock)
    waiting = [asyncio.create_task(pace.admit()) for _ in range(11)]
    await asyncio.sleep(0)

    with pytest.raises(RateLimitedError) as caught:
        await pace.admit(patience=2)

    assert caught.value.retry_after == pytest.approx(2.06)
    for task in waiting:
        task.cancel()


async def test_giving_up_makes_room_in_the_line():
    """Those who were cancelled do not count any more."""
    clock = StillClock()
    pace = Pace(1, clock=clock)
    await pace.admit()
    waiting = [asyncio.create_task(pace.admit()) for _ in range(5)]
    await asyncio.sleep(0)
    for task in waiting[1:]:
        task.cancel()
    await asyncio.wait(waiting[1:])

    with pytest.raises(RateLimitedError) as caught:
        await pace.admit(patience=0)

    assert caught.value.retry_after == pytest.approx(2.06)
    waiting[0].cancel()


class StillClock(ManualClock):
    """A clock on which nobody's sleep ends."""

    async def sleep(self, seconds):
        await asyncio.Event().wait()
