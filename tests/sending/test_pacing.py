import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_async._sending.pacing import Pace, Paces
from allo_async._wire.hints import RateLimit
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


async def test_strangers_on_the_key_take_their_places(clock):
    """What the server has counted beyond our own requests is others': we wait before they cause a refusal."""
    pace = Pace(5, clock=clock)
    left_at = await pace.admit()

    pace.heard(RateLimit(5, 1), since=left_at)
    await pace.admit()
    assert clock.slept == []
    await pace.admit()

    assert clock.slept == [pytest.approx(1.03)]


async def test_same_strangers_are_not_counted_twice(clock):
    """Two answers that tell of the same three strangers leave one place, and not none."""
    pace = Pace(6, clock=clock)
    first = await pace.admit()
    second = await pace.admit()

    pace.heard(RateLimit(6, 1), since=first)
    pace.heard(RateLimit(6, 1), since=second)
    await pace.admit()

    assert clock.slept == []


async def test_answers_that_count_fewer_change_nothing(clock):
    """A request that never arrived, or a window that began later, is no reason to go faster."""
    pace = Pace(5, clock=clock)
    for _ in range(5):
        left_at = await pace.admit()

    pace.heard(RateLimit(5, 4), since=left_at)
    pace.heard(RateLimit(5, None), since=left_at)
    await pace.admit()

    assert clock.slept == [pytest.approx(1.03)]


@pytest.mark.parametrize("limit", [1, 2, 12])
async def test_key_has_a_limit_of_its_own(clock, limit):
    """The limit that an answer tells is followed from then on."""
    pace, moments = Pace(5, clock=clock), []
    pace.heard(RateLimit(limit, None), since=clock.now)

    for _ in range(30):
        await admitted(pace, clock, moments)

    assert most_in_any_second(moments) == limit


@given(
    limit=st.integers(1, 6),
    steps=st.lists(st.tuples(st.floats(0, 1.5), st.integers(0, 8)), min_size=1, max_size=30),
)
def test_together_with_strangers_the_server_counts_no_more_than_its_limit(limit, steps):
    """Whatever strangers do, what leaves after the last answer fits into what that answer left."""

    async def scenario():
        clock = ManualClock()
        pace = Pace(limit, clock=clock)
        counted = []
        for gap, strangers in steps:
            clock.now += gap
            left_at = await pace.admit()
            # Strangers who came since the last answer are not known yet; here they come just before each answer.
            assert sum(moment > clock.now - 1 for moment in counted) < limit
            counted.append(clock.now)
            used = sum(moment > clock.now - 1 for moment in counted)
            counted += [clock.now] * min(strangers, limit - used)
            used = sum(moment > clock.now - 1 for moment in counted)
            pace.heard(RateLimit(limit, limit - used), since=left_at)

    asyncio.run(scenario())
