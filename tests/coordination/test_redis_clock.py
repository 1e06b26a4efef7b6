"""A Redis server whose clock is set back, as by a time service or a failover: spans stay as long as they were."""

import pytest

from tests.clocks import ManualClock
from tests.coordination.conftest import MovedStore


@pytest.fixture(name="store")
async def _store(redis_server):
    """A store on a server whose clock can be set back."""
    redis_server.flush()
    store = MovedStore(redis_server, "clock", ManualClock(1_000_000))
    yield store
    await store.close()


async def ask(store, member="one"):
    admission = await store.transact(lambda state, now: state.admit("writes", member, limit=1, now=now))
    return admission.granted, max(0, admission.wait)


async def estimate(store, member):
    """How long one more request would wait."""
    return await store.transact(lambda state, now: state.wait("writes", member, limit=1, ahead=0, now=now))


async def take(store, member="one"):
    return await store.transact(
        lambda state, now: state.take_lock("queue", member, kind="none", lease=4, last="", now=now)
    )


async def hold(store, seconds):
    await store.transact(lambda state, now: state.hold(now + seconds))


def go_on(store, seconds):
    store._clock.now += seconds


async def test_departures_are_not_in_the_future(store):
    """What has left counts for a window and no longer."""
    await ask(store)
    store.set_back = 3_600

    assert await ask(store) == (False, pytest.approx(1.03))
    go_on(store, 1.03)
    assert await ask(store) == (True, pytest.approx(0))


async def test_hold_is_no_longer_than_it_was(store):
    """A pause lasts its seconds from when the clock was set back, and no hour more; so does one that comes then."""
    await hold(store, 10)
    store.set_back = 3_600
    assert await ask(store) == (False, pytest.approx(10))
    go_on(store, 9.5)
    assert await ask(store) == (False, pytest.approx(0.5))
    go_on(store, 0.5)
    assert await ask(store) == (True, pytest.approx(0))

    await hold(store, 10)
    store.set_back = 7_200
    await hold(store, 30)
    await hold(store, 20)
    assert await ask(store) == (False, pytest.approx(30))


async def test_dead_in_the_line_of_a_pace_are_sent_home(store):
    """Who died while waiting holds up the others for seconds."""
    await ask(store)
    await ask(store, "died")
    store.set_back = 3_600
    assert await ask(store, "waits") == (False, pytest.approx(2 * 1.03))
    go_on(store, 3.9)
    assert not (await ask(store, "waits"))[0]
    go_on(store, 0.2)
    assert await ask(store, "waits") == (True, pytest.approx(0))


async def test_dead_in_the_line_are_not_counted(store):
    """Who only asks how long it would take is told without those who have died."""
    await ask(store, "died")
    await ask(store, "died")
    store.set_back = 3_600
    assert await estimate(store, "asks") == pytest.approx(2 * 1.03)
    go_on(store, 4.1)
    assert await estimate(store, "asks") == pytest.approx(0)


async def test_dead_holder_loses_the_turn(store):
    """A lease ends after its seconds, and so does the place of one who died in the line."""
    await take(store)
    await take(store, "died")
    store.set_back = 3_600
    assert (await take(store, "waits")).wait == pytest.approx(4)
    go_on(store, 3.9)
    assert (await take(store, "waits")).wait == pytest.approx(0.1)
    go_on(store, 0.2)
    assert (await take(store, "waits")).granted


async def test_holder_that_lives_keeps_the_turn(store):
    """Renewing a lease goes on as if nothing had happened."""
    await take(store)
    await take(store, "waits")
    store.set_back = 3_600
    for _ in range(5):
        go_on(store, 1)
        assert await store.transact(lambda state, now: state.keep_lock("queue", "one", lease=4, now=now))
        assert not (await take(store, "waits")).granted
    await store.transact(lambda state, now: state.leave_lock("queue", "one", now=now))
    assert (await take(store, "waits")).granted
