"""What answers tell of a key's limit and of strangers on it: the same contract as for its pace."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_async._wire.hints import RateLimit
from tests.clocks import ManualClock
from tests.coordination.moments import admitted, most_in_any_second, settled


async def test_strangers_on_the_key_take_their_places(family, clock):
    """What the server has counted beyond our own requests is others': we wait before they cause a refusal."""
    async with family(5, clock, 2) as (one, other):
        left_at = (await one.acquire()).moment
        one.update(RateLimit(5, 1), since=left_at)
        await settled()

        await other.acquire()
        assert clock.slept == []
        await other.acquire()

    assert sum(clock.slept) == pytest.approx(1.03, abs=1e-5)


async def test_own_requests_are_no_strangers_when_the_answer_is_late(family, clock):
    """What an answer counts is of when its request left, and not of when it came."""
    async with family(5, clock, 2) as (one, other):
        for pace in (one, other, one):
            left_at = (await pace.acquire()).moment
        clock.now += 1.5
        one.update(RateLimit(5, 2), since=left_at)
        await settled()

        for _ in range(5):
            await other.acquire()

    assert clock.slept == []


async def test_same_strangers_are_not_counted_twice(family, clock):
    """Two answers that tell of the same three strangers leave one place, and not none."""
    async with family(6, clock, 2) as (one, other):
        first, second = (await one.acquire()).moment, (await other.acquire()).moment

        one.update(RateLimit(6, 1), since=first)
        await settled()
        other.update(RateLimit(6, 1), since=second)
        await settled()
        await one.acquire()

    assert clock.slept == []


async def test_requests_of_other_clients_are_no_strangers(family, clock):
    """What the server counts of our own other clients leaves the places that are left."""
    async with family(5, clock, 3) as paces:
        for pace in paces:
            left_at = (await pace.acquire()).moment
        paces[2].update(RateLimit(5, 2), since=left_at)
        await settled()

        await paces[2].acquire()
        await paces[0].acquire()

    assert clock.slept == []


async def test_answers_that_count_fewer_change_nothing(family, clock):
    """A request that never arrived, or a window that began later, is no reason to go faster."""
    async with family(5, clock) as (pace,):
        for _ in range(5):
            left_at = (await pace.acquire()).moment

        pace.update(RateLimit(5, 4), since=left_at)
        pace.update(RateLimit(5, None), since=left_at)
        await settled()
        await pace.acquire()

    assert sum(clock.slept) == pytest.approx(1.03, abs=1e-5)


@pytest.mark.parametrize("limit", [1, 2, 12])
async def test_key_has_a_limit_of_its_own(family, clock, limit):
    """The limit that an answer tells one client is followed by all from then on."""
    moments = []
    async with family(5, clock, 2) as (one, other):
        one.update(RateLimit(limit, None), since=clock.now)
        await settled()

        for _ in range(30):
            await admitted(other, clock, moments)

    assert most_in_any_second(moments) == limit


@settings(max_examples=40, deadline=None)
@given(
    limit=st.integers(1, 6),
    steps=st.lists(st.tuples(st.floats(0, 1.5), st.integers(0, 8)), min_size=1, max_size=20),
)
def test_together_with_strangers_the_server_counts_no_more_than_its_limit(family, limit, steps):
    """Whatever strangers do, what leaves after the last answer fits into what that answer left."""

    async def scenario():
        clock, counted = ManualClock(), []
        async with family(limit, clock, 2) as paces:
            for place, (gap, strangers) in enumerate(steps):
                clock.now += gap
                left_at = (await paces[place % 2].acquire()).moment
                # Strangers who came since the last answer are not known yet; here they come just before each answer.
                assert sum(moment > clock.now - 1 for moment in counted) < limit
                counted.append(clock.now)
                used = sum(moment > clock.now - 1 for moment in counted)
                counted += [clock.now] * min(strangers, limit - used)
                used = sum(moment > clock.now - 1 for moment in counted)
                paces[place % 2].update(RateLimit(limit, limit - used), since=left_at)
                await asyncio.gather(*getattr(getattr(paces[place % 2], "_connection", None), "_telling", ()))

    asyncio.run(scenario())
