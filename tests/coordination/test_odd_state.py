"""A shared state in which something odd stands holds up nobody for ever: a neighbour may have any fault."""

import asyncio
import json
import os

import pytest

from allo_async._coordination.belief import LARGEST_STATE
from allo_async._coordination.state import State
from allo_async._coordination.store import Bells, decode, encode
from allo_async.file import store as file_store
from allo_async.file.store import FileStore
from allo_async.redis.store import RedisStore
from tests.clocks import ManualClock
from tests.coordination.conftest import MovedStore

FAR = 1e300

LASTING = {
    "departures": {"windows": {"writes": {"window": {"limit": 1, "departures": [FAR, 1.0, FAR]}}}},
    "waiting for a limit": {
        "windows": {"writes": {"window": {"limit": 1}, "members": {"alive_until": {"dead": FAR, "gone": FAR}}}}
    },
    "lock": {"locks": {"queue": {"holder": "dead", "until": FAR, "last": "dead", "last_until": FAR}}},
    "waiting for a lock": {"locks": {"queue": {"members": {"alive_until": {"dead": FAR, "gone": FAR}}}}},
    "kinds": {"kinds": {"nobody's": FAR}},
    "pause": {"pause": FAR},
}


@pytest.fixture(params=["file", "redis"], name="stored")
async def _stored(request, tmp_path, monkeypatch):
    """A store, its clock, and what writes a state past it."""
    clock = ManualClock(1_000_000)
    if request.param == "file":
        monkeypatch.setattr(file_store, "boot_id", lambda: "")
        path = tmp_path / "file"
        machine = f"{clock.time() - clock.monotonic():.3f}"
        store = FileStore(path, clock)
        yield store, clock, lambda state: path.write_text(json.dumps({"machine": machine, **state}))
    else:
        server = request.getfixturevalue("redis_server")
        server.flush()
        store = MovedStore(server, "odd", clock)
        yield store, clock, lambda state: server.redis.set("odd:state", json.dumps(state))
    await store.close()


async def ask(store):
    """Ask for a place in the limit, as the client does."""

    def work(state, now):
        state.believe_at_most(60, now=now)
        return state.admit("writes", "one", limit=1, now=now).granted

    return await store.transact(work)


async def take(store, lease=4):
    return await store.transact(
        lambda state, now: state.take_lock("queue", "one", kind="none", lease=lease, last="", now=now)
    )


@pytest.mark.parametrize("odd", LASTING)
async def test_what_would_last_for_ever_lasts_as_long_as_ours_may(stored, odd):
    """Whatever moments a neighbour has written, a request leaves, and a lock is had, before long."""
    store, clock, write = stored
    write({"at": clock.now, **LASTING[odd]})
    await take(store)
    await ask(store)
    clock.now += 3_601 if odd in {"kinds", "pause"} else 4.1

    assert await ask(store)
    lock = await take(store)
    assert (lock.granted, lock.kinds) == (True, 1)


def every_field(value):
    """Return states in which one field after the other has *value*."""
    window = {"limit": 5, "departures": [1.0]}
    yield from ({field: value} for field in ("at", "machine", "pause", "windows", "locks", "kinds"))
    yield {"kinds": {"email": value}}
    yield from ({"windows": {"writes": each}} for each in (value, {"window": value}, {"window": {"limit": value}}))
    yield from ({"windows": {"writes": {"window": {"limit": 5, "departures": each}}}} for each in (value, [value]))
    for odd in ({"changes": value}, {"members": value}, {"members": {"alive_until": value}}):
        yield {"windows": {"writes": {"window": window, **odd}}}
        yield {"locks": {"queue": odd}}
    yield {"windows": {"writes": {"window": window, "members": {"alive_until": {"dead": value}}}}}
    yield {"locks": {"queue": {"members": {"alive_until": {"dead": value}}}}}
    yield from ({"locks": {"queue": {field: value}}} for field in ("holder", "until", "last", "last_until"))


ODD = [
    1e30,
    -1e30,
    1e308,
    -1e308,
    2**63,
    2**64 - 1,
    -1,
    0,
    0.5,
    True,
    None,
    "nan",
    "inf",
    "-inf",
    "",
    "5",
    [],
    {},
    [[]],
]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_whatever_a_field_is_the_state_can_be_reckoned_with(value):
    """A state is read as it can be worked on and written again, or as an empty one."""
    for odd in every_field(value):
        state = decode(json.dumps(odd).encode())
        for now in (1_000_000.0, 1_000_001.0):
            state.come_to(now)
            state.admit("writes", "one", limit=1, now=now)
            state.take_lock("queue", "one", kind="none", lease=4, last="", now=now)
            state.leave_lock("queue", "one", now=now)
            state.leave_line("writes", "one")
            state.at = now
            assert decode(encode(state)) == state, odd


@pytest.mark.parametrize("odd", [{"limit": 1e30}, {"limit": 1_001}, {"limit": 5, "departures": ["nan"]}], ids=repr)
def test_state_with_a_number_that_is_none_of_ours_is_an_empty_one(odd):
    """No limit beyond what is believed of a server, and no moment that is none, is believed of a neighbour."""
    assert decode(json.dumps({"windows": {"writes": {"window": odd}}}).encode()) == State()


async def test_all_stores_go_on_after_odd_values(stored):
    """Each store does its work on whatever it finds, and sets it right."""
    store, clock, write = stored
    for value in (1e30, 2**64 - 1, "nan"):
        for odd in every_field(value):
            write({"at": clock.now, **odd})
            await take(store)
            await ask(store)


async def test_file_of_any_size_is_read_in_part(tmp_path):
    """A file that is larger than any state counts as spoilt, and takes no memory."""
    path = tmp_path / "file"
    path.touch(0o600)
    os.truncate(path, 2**40)
    store = FileStore(path, ManualClock())

    assert await ask(store)
    assert path.stat().st_size < LARGEST_STATE
    assert decode(json.dumps({"at": 1.0, "more": "x" * LARGEST_STATE}).encode()) == State()


async def heard(server, store, message):
    """Return whether a bell rings when *message* is published, once somebody listens."""
    rung = asyncio.create_task(store.bell("queue").wait())
    async with asyncio.timeout(5):
        while not server.redis.publish("bells:bells", message):
            await asyncio.sleep(0.01)
    await asyncio.wait({rung}, timeout=1)
    rung.cancel()
    return rung.done() and not rung.cancelled()


async def test_garbage_on_the_channel_makes_nobody_deaf(redis_server):
    """What is no name rings no bell, and the next name does."""
    store = RedisStore(redis_server.url, "bells")
    await take(store)

    assert not await heard(redis_server, store, b"\xff\xfe")
    assert await heard(redis_server, store, b"\xff\xfe queue")
    await store.close()


async def test_listener_that_ended_is_started_again(redis_server, monkeypatch):
    """Whatever ended it, the next use of the store listens anew."""
    store = RedisStore(redis_server.url, "bells")
    with monkeypatch.context() as patched:
        patched.setattr(Bells, "ring", None)
        await take(store)
        await heard(redis_server, store, b"queue")
    await take(store)

    assert await heard(redis_server, store, b"queue")
    await store.close()
