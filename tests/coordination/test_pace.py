"""The pace of a key: the same contract for the clients of one process and for several processes."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_async._sending.call_limits import cancel_and_wait
from allo_async._sending.pacing import Paces
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
                    paces[which].hold(holds[place])
                moments += await asyncio.gather(*(paces[which - more].admit() for more in range(together)))
            return family.departures(paces, moments)

    moments = asyncio.run(scenario())

    assert len(moments) == sum(together for *_, together in steps)
    assert most_in_any_second(moments) <= limit


async def test_full_speed_below_the_limit(family, clock):
    """As many as the limit allows leave at once, from whichever client."""
    async with family(6, clock, 3) as paces:
        for pace in paces * 2:
            await pace.admit()

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


async def test_waiting_for_an_opening_is_not_starved(family):
    """Who waits until a request could leave stands in line, too, however many others send all the time."""
    clock, order = ManualClock(), []

    async def send(pace):
        for _ in range(12):
            await pace.admit()
            order.append("other")

    async def wait(pace):
        while len(order) < 10:
            await asyncio.sleep(0)
        order.append("comes")
        await pace.opening()
        await pace.admit()
        order.append("leaves")

    async with family(1, clock, 6) as paces:
        await asyncio.gather(wait(paces[0]), *map(send, paces[1:]))

    assert order.index("leaves") - order.index("comes") <= 20


async def test_place_at_an_opening_is_kept_for_the_request(shared_family):
    """What has waited for an opening leaves from there, before those who came meanwhile, and is told so."""
    async with shared_family(1, StillClock(), 2) as (one, other):
        await one.opening()
        waiting = asyncio.create_task(other.admit())
        await settled()
        async with asyncio.timeout(5):
            await one.admit(patience=0)
        assert not waiting.done()
        await cancel_and_wait(waiting)


async def test_how_long_it_takes_is_told_behind_those_who_wait(family):
    """The estimate counts every request that waits, of this process and of others, once."""
    clock = StillClock()
    async with family(1, clock, 2) as (one, other):
        await one.admit()
        tasks = []
        for waiter in (one, other, one):
            tasks.append(asyncio.create_task(waiter.admit()))
            await settled()
        with pytest.raises(RateLimitedError) as caught:
            await one.admit(patience=0)
        await cancel_and_wait(*tasks)

    assert caught.value.retry_after == pytest.approx(4 * 1.03)


async def test_place_at_an_opening_that_is_given_up_holds_up_nobody(family):
    """Who says that no request will leave from there lets others leave at once."""
    async with family(1, StillClock(), 2) as (one, other):
        one.leave(await one.opening())
        async with asyncio.timeout(5):
            await other.admit()


@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_place_at_an_opening_is_not_given_up_with_another(shared_family, is_cancelled):
    """A request that has ended, or is cancelled, takes nothing away from the next of the same process."""
    async with shared_family(2, StillClock(), 2) as (one, other):
        opening = await one.opening()
        await one.admit()
        await one.opening()
        waiting = asyncio.create_task(other.admit())
        await settled()
        if is_cancelled:
            one._window.not_before = 1_001
            cancelled = asyncio.create_task(one.admit())
            await settled()
            await cancel_and_wait(cancelled)
            one._window.not_before = 0
        else:
            one.leave(opening)
        await settled()

        await one.admit(patience=0)
        assert not waiting.done()
        await cancel_and_wait(waiting)


async def test_place_that_was_used_is_kept_for_nobody(shared_family):
    """While the answer to an append is awaited, another of its process that gives up leaves the line."""
    clock = StillClock()
    async with shared_family(1, clock, 2) as (one, other):
        await one.opening()
        await one.admit()
        cancelled = asyncio.create_task(one.admit())
        await settled()
        await cancel_and_wait(cancelled)
        await settled()
        clock.now += 1.03
        async with asyncio.timeout(5):
            await other.admit(patience=0)


async def test_place_is_not_given_up_under_one_that_comes(shared_family):
    """Who comes in the moment in which another of its process gives up stands in that place."""
    async with shared_family(1, StillClock(), 2) as (one, other):
        opening = await one.opening()
        one.hold(0)
        coming = asyncio.create_task(one.opening())
        one.leave(opening)
        await coming
        waiting = asyncio.create_task(other.admit())
        await settled()
        await one.admit(patience=0)
        assert not waiting.done()
        await cancel_and_wait(waiting)


async def test_place_that_was_used_is_not_given_up_again(shared_family):
    """An append whose request has left costs the store no further question."""
    async with shared_family(5, StillClock(), 1) as (pace,):
        opening = await pace.opening()
        await pace.admit()
        pace.leave(opening)
        assert not pace._link._telling


async def test_place_at_an_opening_is_not_given_up_while_others_stand_there(family):
    """A process that has more to send stays where it is in the line, whichever of its requests gives up."""
    clock, order = StillClock(), []

    async with family(1, clock, 2) as (one, other):
        opening = await one.opening()
        one.hold(1)
        tasks = []
        for pace, name in ((one, "one"), (other, "other")):
            tasks.append(asyncio.create_task(leave(pace, order, name)))
            await settled()
        one.leave(opening)
        await settled()
        clock.now += 1
        clock.go_on()
        await asyncio.gather(*tasks)

    assert order == ["one", "other"]


async def test_process_that_dies_at_an_opening_holds_up_the_others_for_seconds_at_most(shared_family, clock):
    """Who has waited for an opening and says no more keeps its place only until it is taken for dead."""
    async with shared_family(1, clock, 2) as (gone, other):
        await gone.opening()
        for _ in range(3):
            await other.admit()

    assert 2 <= sum(clock.slept) < 8


async def test_who_gives_up_leaves_no_gap(family):
    """A cancelled waiter costs the others neither their place nor a slot."""
    clock, moments = StillClock(), []
    async with family(1, clock, 3) as paces:
        await paces[0].admit()
        tasks = []
        for pace in paces:
            tasks.append(asyncio.create_task(admitted(pace, clock, moments)))
            await settled()

        tasks[1].cancel()
        await settled()
        with pytest.raises(RateLimitedError) as caught:
            await paces[1].admit(patience=0)
        await cancel_and_wait(*tasks)

    assert caught.value.retry_after == pytest.approx(3 * 1.03)


async def test_cancelled_ones_leave_a_line_that_goes_on(family, clock):
    """A cancellation, whatever it interrupts, ends the one and none of the others."""
    async with family(1, clock, 2) as (one, other):
        await one.admit()
        tasks = [asyncio.create_task(pace.admit()) for pace in (one, other, one)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        left = await asyncio.gather(*tasks, return_exceptions=True)
        moments = family.departures([one], [1_000.0, *left[1:]])

    assert [isinstance(moment, asyncio.CancelledError) for moment in left] == [True, False, False]
    assert len(moments) == 3
    assert most_in_any_second(moments) == 1


async def test_hold_lets_nothing_leave_before_its_time(family, clock):
    """A hold moves every client's departures behind it, and a shorter one does not end a longer."""
    async with family(5, clock, 2) as (one, other):
        one.hold(10)
        one.hold(2)
        await settled()

        await other.admit()

    assert clock.now == pytest.approx(1_010.0, abs=1e-5)


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


async def test_asking_takes_no_place(family, clock):
    """Whoever asks whether a request could leave, or how long it would take, leaves the places to others."""
    async with family(2, clock, 2) as (one, other):
        for _ in range(3):
            await one.opening()
            await other.opening(patience=1)
        await one.admit()
        await other.admit(patience=0)

    assert clock.slept == []


async def test_process_that_died_in_the_line_loses_its_place(shared_family, clock):
    """Who does not ask again within seconds keeps nobody waiting after that."""
    async with shared_family(1, clock, 2) as (pace, dead):
        await pace.admit()
        await dead._ask(leaves=True)

        async with asyncio.timeout(5):
            await pace.admit()

    assert 3 <= sum(clock.slept) < 6
