"""A shared state in which something odd stands holds up nobody for ever: a neighbour may have any fault."""

import json

import pytest

from allo_async.file import store as file_store
from allo_async.file.store import FileStore
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
