"""The turn of a queue: the same contract for the tasks of one process and for several processes."""

import asyncio
import contextlib
import fcntl
import itertools
import time
from contextlib import asynccontextmanager

import pytest

from allo_async._coordination.store import MemoryStore
from allo_async._sending import store_connection
from allo_async._sending.key_state import KeyState
from allo_async._wire.answers import QueueEnd
from allo_async._wire.hints import RateLimit
from allo_async.clock import SystemClock
from allo_async.file import FileCoordination
from allo_async.models import Assignee
from allo_async.redis import RedisCoordination
from allo_async.redis.store import RedisStore
from allo_async.settings import Settings
from allo_async.testing import FastClock
from tests.clocks import StillClock

REP = Assignee(email="rep@acme.example")
OTHER = Assignee(user_id="usr-1")

_keys = (f"ak_live_{place}" for place in itertools.count())

# A hundred of its seconds pass in one of the server's, as on the test's clock.
CLOCK = FastClock(100)
_run = RedisStore._run


async def _fast(self, *args):
    is_set, *found = await _run(self, *args)
    return [is_set, *(int(part) * 100 for part in found[:2]), *found[2:]]


def process(coordination, settings, clock):
    """What a process has that shares no memory with the others."""
    return KeyState.open(settings, clock, coordination, MemoryStore(clock))


def settings_of(key):
    return Settings.resolve(
        api_key=key,
        base_url="http://localhost",
        timeout=30,
        retry_budget=60,
        max_reply_bytes=1_000_000,
        trust_env=False,
    )


def _coordination_by(request, how):
    if how == "file":
        return FileCoordination(request.getfixturevalue("tmp_path"), on_coordination_loss="raise")
    return RedisCoordination(request.getfixturevalue("redis_server").url, on_coordination_loss="raise")


@asynccontextmanager
async def _three(coordination):
    settings = settings_of(next(_keys))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RedisStore, "_run", _fast)
        # Real seconds; a machine under load may be slow to answer, which is not what these tests are about.
        patch.setattr(store_connection, "_ANSWER", 10)
        shared = [process(coordination, settings, CLOCK) for _ in range(3)]
        yield shared
        for each in shared:
            await each.connection.close()


@pytest.fixture(params=["redis", "file"], name="coordination")
def _coordination(request):
    """How processes reach each other."""
    return _coordination_by(request, request.param)


@pytest.fixture(name="processes")
async def _processes(coordination):
    """What three processes with one key have each."""
    async with _three(coordination) as shared:
        yield shared


@pytest.fixture(name="still_processes")
async def _still_processes(coordination):
    """What three processes with one key have each, for whom no time goes by."""
    settings = settings_of(next(_keys))
    shared = [process(coordination, settings, StillClock()) for _ in range(3)]
    yield shared
    for each in shared:
        await each.connection.close()


@pytest.fixture(params=["local", "redis", "file"], name="turns")
async def _turns(request):
    """The turns that three clients have, in one process or in three."""
    if request.param == "local":
        settings = settings_of(next(_keys))
        yield [KeyState.open(settings, CLOCK, None).locks for _ in range(3)]
    else:
        async with _three(_coordination_by(request, request.param)) as shared:
            yield [each.locks for each in shared]


@pytest.fixture(params=["local", "redis", "file"], name="turns_and_ends")
async def _turns_and_ends(request):
    """The locks that two loops or processes have, and what each knows of the tails."""
    if request.param == "local":
        settings = settings_of(next(_keys))
        states = [KeyState.open(settings, CLOCK, None) for _ in range(2)]
        yield [(state.locks, state.tails) for state in states]
    else:
        async with _three(_coordination_by(request, request.param)) as shared:
            yield [(state.locks, state.tails) for state in shared[:2]]


async def test_one_at_a_time(turns):
    """Whoever has the turn is alone with the queue."""
    inside, most = 0, 0

    async def work(place):
        nonlocal inside, most
        async with turns[place % 3].of(REP):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.002)
            inside -= 1

    await asyncio.gather(*map(work, range(12)))

    assert most == 1


async def test_other_queues_are_not_held_up(turns):
    """While one queue's turn is taken, another's is free."""
    async with turns[0].of(REP), turns[1].of(OTHER):
        pass


async def test_turns_go_round(turns):
    """Who holds the turn and wants it again comes behind those who waited meanwhile."""
    order, done = [], asyncio.Event()

    async def work(place, name):
        async with turns[place].of(REP):
            order.append(name)
            await done.wait()

    first = asyncio.create_task(work(0, "first"))
    while not order:
        await asyncio.sleep(0.001)
    second = asyncio.create_task(work(1, "second"))
    await asyncio.sleep(0.05)
    done.set()
    await first
    await asyncio.gather(second, work(0, "again"))

    assert order == ["first", "second", "again"]


async def test_who_gives_up_does_not_keep_the_turn(turns):
    """Cancelled at any moment, a waiter leaves the turn to the others."""
    for moment in range(12):
        async with turns[0].of(REP):
            waiting = asyncio.create_task(turns[1].of(REP).acquire())
            for _ in range(moment):
                await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait({waiting})
            if not waiting.cancelled():
                turns[1].of(REP).release()
        async with asyncio.timeout(5), turns[2].of(REP):
            pass


async def test_who_gives_up_is_not_waited_for(still_processes):
    """The next behind one who has given up has the turn as soon as it is free, without time going by."""
    one, other, third = (each.locks.of(REP) for each in still_processes)
    async with one:
        waiting = [asyncio.create_task(other.acquire())]
        await asyncio.sleep(0.05)
        waiting.append(asyncio.create_task(third.acquire()))
        await asyncio.sleep(0.05)
        waiting[0].cancel()
        await asyncio.wait({waiting[0]})
    async with asyncio.timeout(5):
        await waiting[1]
    third.release()


async def test_free_turn_is_for_the_first_in_line(still_processes):
    """Who asks for a turn that has just become free waits while others stand before."""
    turn = still_processes[0].locks.of(REP)
    async with turn:
        assert not (await ask_for(turn, "first")).granted
        assert not (await ask_for(turn, "second")).granted
    await asyncio.gather(*turn._connection._telling)

    assert not (await ask_for(turn, "second")).granted
    assert (await ask_for(turn, "first")).granted


def forget(coordination, redis_server):
    """Delete all that is known."""
    if isinstance(coordination, FileCoordination):
        for file in coordination.directory.iterdir():
            file.unlink()
    else:
        redis_server.flush()


async def ask_for(turn, member="other"):
    """Ask once for a turn, as another process would."""
    return await turn._connection.ask(
        lambda state, now: state.take_lock(turn._name, member, kind="none", lease=4, last="", now=now)
    )


async def give_back(turn, member="other"):
    """Give a lock back, as another process would."""
    await turn._connection.ask(lambda state, now: state.leave_lock(turn._name, member, now=now))


async def test_granted_turn_that_was_not_heard_of_is_given_back(processes):
    """A cancellation while the server grants the turn leaves it to the others, without waiting for the lease's end."""
    turn = processes[0].locks.of(REP)
    for moment in range(80):
        taking = asyncio.create_task(turn.acquire())
        for _ in range(moment):
            await asyncio.sleep(0)
        taking.cancel()
        await asyncio.wait({taking})
        if not taking.cancelled():
            turn.release()
        await asyncio.gather(*turn._connection._telling)
        assert (await ask_for(turn)).granted
        await give_back(turn)


async def test_how_long_a_turn_is_held_is_told(processes):
    """Who asks while another has the turn is told when that one will have lost it, if it has died."""
    turn = processes[0].locks.of(REP)
    async with turn:
        assert 0 < (await ask_for(turn)).wait <= 4


async def waits_for(held, wanted, *, seconds):
    """Whoever wants a turn that is held for so long gets it afterwards, and no earlier."""
    async with held:
        taking = asyncio.create_task(wanted.acquire())
        await CLOCK.sleep(seconds)
        assert not taking.done()
    await taking
    wanted.release()


async def test_turn_is_renewed_while_it_is_held(processes):
    """A chunk that takes longer than a lease lasts keeps its turn."""
    one, other, _ = processes
    await waits_for(one.locks.of(REP), other.locks.of(REP), seconds=15)


async def test_dead_process_loses_its_turn_within_seconds(processes):
    """A holder that does not renew is followed by the next, which knows nothing of the tail of the queue."""
    dead, other, _ = processes
    turn = dead.locks.of(REP)
    await turn.acquire()
    turn._renewing.cancel()
    other.tails[REP.identity] = QueueEnd(exists=False)

    async with asyncio.timeout(5), other.locks.of(REP):
        assert REP.identity not in other.tails


async def test_dead_waiter_loses_its_place(processes):
    """A process that died in the line does not hold up those behind it."""
    one, dead, other = processes
    async with one.locks.of(REP):
        waiting = asyncio.create_task(dead.locks.of(REP).acquire())
        await CLOCK.sleep(2)
        connection = dead.locks.of(REP)._connection
        connection.ask = connection.tell = lambda *_, **__: asyncio.get_running_loop().create_future()
        waiting.cancel()
    async with asyncio.timeout(5), other.locks.of(REP):
        pass


async def test_application_that_keeps_its_loop_busy_has_lost_nothing(processes, coordination, monkeypatch):
    """An answer that came while the loop did something else is heard, however late."""
    monkeypatch.setattr(store_connection, "_ANSWER", 0.02)
    turn = processes[0].locks.of(REP)
    await turn._connection.ask(lambda state, now: state.hold(now))
    # A file is asked again when its lock is free.
    files = list(coordination.directory.iterdir()) if isinstance(coordination, FileCoordination) else []
    with contextlib.ExitStack() as stack:
        for file in files:
            held = stack.enter_context(file.open("r+b"))
            fcntl.flock(held, fcntl.LOCK_EX)
        asking = asyncio.create_task(ask_for(turn))
        for _ in range(5):
            await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251 - that is what such an application does

    assert (await asking).granted


async def test_whoever_waits_is_told_at_once(still_processes):
    """The next in line need not look again: giving the turn back rings for them."""
    one, other, _ = (each.locks.of(REP) for each in still_processes)
    await one.acquire()
    for holder, waiter in ((one, other), (other, one)):
        taking = asyncio.create_task(waiter.acquire())
        await asyncio.sleep(0.05)
        assert not taking.done()
        holder.release()
        async with asyncio.timeout(5):
            await taking
    one.release()


async def test_names_that_other_processes_use_are_known(processes):
    """Once another process names queues in another way, it is worth asking whose queue a name is."""
    one, other, _ = processes
    assert one.locks.is_known(REP)
    async with one.locks.of(REP):
        pass
    assert one.locks.is_known(REP)
    async with other.locks.of(OTHER):
        pass

    async with one.locks.of(REP):
        assert not one.locks.is_known(REP)
    one.locks.learn(REP, "usr-1")
    await waits_for(other.locks.of(OTHER), one.locks.of(REP), seconds=1)


async def test_late_holder_spoils_nothing(processes):
    """Who was taken for dead and wakes up gives back nothing: the lock is the other's."""
    late, other, third = processes
    turn = late.locks.of(REP)
    await turn.acquire()
    turn._renewing.cancel()
    async with other.locks.of(REP):
        turn.release()
        waiting = asyncio.create_task(third.locks.of(REP).acquire())
        await CLOCK.sleep(5)
        assert not waiting.done()
    await waiting
    third.locks.of(REP).release()


async def test_late_renewal_takes_nothing(processes):
    """Who was taken for dead and wakes up is told that the turn is another's, and leaves it there."""
    late, other, _ = processes
    turn = late.locks.of(REP)
    await turn.acquire()
    turn._renewing.cancel()
    async with other.locks.of(REP):
        for member, held in ((turn._member, False), (other.locks.of(REP)._member, True)):
            kept = await turn._connection.ask(
                lambda state, now, member=member: state.keep_lock(turn._name, member, lease=4, now=now)
            )
            assert kept is held
    turn.release()


async def test_forgotten_turn_is_taken_back(processes, coordination, redis_server):
    """A server or file that lost everything is told again who has the turn, before anybody else gets it."""
    one, other, _ = processes
    async with one.locks.of(REP):
        forget(coordination, redis_server)
        await CLOCK.sleep(3)
        taking = asyncio.create_task(other.locks.of(REP).acquire())
        await CLOCK.sleep(10)
        assert not taking.done()
    await taking
    other.locks.of(REP).release()


async def test_key_server_and_rep_are_hashed(redis_server):
    """No key, address or e-mail can be read in Redis, and another server's queue is another one."""
    redis_server.flush()
    coordination = RedisCoordination(redis_server.url)
    shared = process(coordination, settings_of("ak_live_secret"), FastClock(1))
    await shared.limiters.writes.acquire()
    async with shared.locks.of(REP):
        names = redis_server.redis.keys("*")
        values = [redis_server.redis.get(name) for name in names]
    await shared.connection.close()

    assert len(values) == 1
    assert "holder" in values[0]
    told = " ".join([*names, *values, repr(coordination)])
    assert not any(secret in told for secret in ("ak_live", "secret", "rep@", "acme", "localhost"))


async def test_nothing_stays_in_redis_for_ever(redis_server):
    """Whatever is written there ends by itself when nobody uses the key any more."""
    redis_server.flush()
    shared = process(RedisCoordination(redis_server.url), settings_of("ak_live_secret"), SystemClock())
    await shared.limiters.writes.acquire()
    shared.limiters.writes.update(RateLimit(limit=5, remaining=4), since=0)
    async with shared.locks.of(REP):
        pass
    shared.limiters.pause(1)
    async with shared.locks.of(OTHER):
        await asyncio.gather(*shared.locks.of(OTHER)._connection._telling)
        left = {name.rpartition(":")[2]: redis_server.redis.ttl(name) for name in redis_server.redis.keys("*")}
    await shared.connection.close()

    assert left.keys() == {"state"}
    assert min(left.values()) > 0


async def test_tail_is_known_until_somebody_else_had_the_lock(turns_and_ends):
    """As long as nobody else appends, what is known of a queue stays; then it is read anew."""
    (one, ends), (other, _) = turns_and_ends
    async with one.of(REP):
        ends[REP.identity] = QueueEnd(exists=True, position=1)
    async with one.of(REP):
        assert not one.of(REP).taken_over
        assert REP.identity in ends
    async with other.of(REP):
        pass
    async with one.of(REP):
        assert one.of(REP).taken_over
        assert REP.identity not in ends


async def test_lock_of_a_loop_that_has_ended_is_free():
    """A thread that dies with the lock holds up nobody, without time going by."""
    settings = settings_of(next(_keys))
    here = KeyState.open(settings, CLOCK, None)
    there = asyncio.new_event_loop()

    async def take_for_good():
        await KeyState.open(settings, CLOCK, None).locks.of(REP).acquire()

    await asyncio.to_thread(there.run_until_complete, take_for_good())
    async with asyncio.timeout(5), here.locks.of(REP):
        pass
    there.close()
