"""What a process does with the file that it shares with others."""

import asyncio
import fcntl
import json
import os
from pathlib import Path

import pytest

from allo_async.file import store as file_store
from allo_async.file.shared_file import SharedFile
from allo_async.file.store import FileStore
from tests.clocks import ManualClock


async def ask(store, member="one"):
    admission = await store.transact(lambda state, now: state.admit("writes", member, limit=1, now=now))
    return admission.granted, admission.wait


async def take(store, member="one", queue="queue", kind="none"):
    return await store.transact(lambda state, now: state.take_lock(queue, member, kind=kind, lease=4, last="", now=now))


async def keep(store, member):
    return await store.transact(lambda state, now: state.keep_lock("queue", member, lease=4, now=now))


async def give_back(store, member, queue="queue"):
    await store.transact(lambda state, now: state.leave_lock(queue, member, now=now))


async def hold(store, seconds):
    await store.transact(lambda state, now: state.hold(now + seconds))


@pytest.mark.parametrize("later", [-900, 0, 900])
@pytest.mark.parametrize(("date", "has_ids"), [(-5_000, False), (5_000, False), (0, True)])
async def test_nothing_of_before_a_restart_of_the_machine_counts(tmp_path, monkeypatch, later, date, has_ids):
    """A clock that began anew makes what the file holds worthless, however long it has run by now."""
    path, before = tmp_path / "file", ManualClock()
    monkeypatch.setattr(file_store, "boot_id", lambda: "first" if has_ids else "")
    await hold(FileStore(path, before), 3_600)
    assert await ask(FileStore(path, before)) == (False, 3_600)

    monkeypatch.setattr(file_store, "boot_id", lambda: "second" if has_ids else "")
    after = ManualClock(before.now + later, before.time() + date)
    assert await ask(FileStore(path, after)) == (True, 0)


@pytest.mark.parametrize("step", [-3_600, -2, 2, 3_600])
async def test_setting_the_date_ends_no_pause(tmp_path, monkeypatch, step):
    """The file outlives a step of the wall clock, as a time service or the end of a suspension makes one."""
    path, clock = tmp_path / "file", ManualClock()
    monkeypatch.setattr(file_store, "boot_id", lambda: "this start")
    one, other = FileStore(path, clock), FileStore(path, clock)
    await hold(one, 60)
    await take(one)
    clock._unix += step

    assert await ask(other) == (False, 60)
    assert not (await take(other, "other")).granted


async def test_only_who_may_go_on_is_woken(tmp_path):
    """Those who wait are not woken by what others do meanwhile, or all would wake each other all the time."""
    path, clock = tmp_path / "file", ManualClock()
    one, other = FileStore(path, clock), FileStore(path, clock)
    await take(one)
    await ask(one)
    await take(other, "waits")
    await ask(other, "waits")
    waiting = [asyncio.create_task(other.bell(name).wait()) for name in ("queue", "writes")]
    await asyncio.sleep(0.02)
    for _ in range(3):
        clock.now += 0.25
        await keep(one, "one")
        await take(one, queue="another")
        await ask(one)
        await asyncio.sleep(0.02)
    assert not any(each.done() for each in waiting)

    await give_back(one, "one")
    await one.transact(lambda state, _: state.leave_line("writes", "one"))
    # What this process sees of it by itself is heard, too.
    await ask(other, "waits")
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)


async def test_bell_rings_once(tmp_path):
    """Who was woken, and asked in vain, waits for the next change."""
    path, clock = tmp_path / "file", ManualClock()
    one, other = FileStore(path, clock), FileStore(path, clock)
    await take(one)
    await take(other, "waits")
    rung = other.bell("queue")
    await give_back(one, "one")
    await rung.wait()

    waiting = asyncio.create_task(other.bell("queue").wait())
    await asyncio.sleep(0.03)
    assert not waiting.done()
    waiting.cancel()


async def test_free_turn_whose_first_in_line_is_silent_wakes_nobody(tmp_path):
    """Behind a process that was stopped or has died, the others wait, and do not ask all the time."""
    path, clock = tmp_path / "file", ManualClock()
    one, other, third = (FileStore(path, clock) for _ in range(3))
    await take(one)
    await take(one, "silent")
    await give_back(one, "one")
    await take(other, "waits")
    await take(third, "waits, too")
    waiting = []
    for store, member in ((other, "waits"), (third, "waits, too")) * 3:
        bell = store.bell("queue")
        clock.now += 0.1
        await take(store, member)
        waiting.append(asyncio.create_task(bell.wait()))
        await asyncio.sleep(0.02)
    assert not any(each.done() for each in waiting)
    for each in waiting:
        each.cancel()


async def test_file_that_is_gone_is_listened_for(tmp_path):
    """Deleting the file does not make anybody deaf."""
    path, clock = tmp_path / "file", ManualClock()
    one, other = FileStore(path, clock), FileStore(path, clock)
    await take(one)
    await take(other, "waits")
    waiting = asyncio.create_task(other.bell("queue").wait())
    path.unlink()
    await asyncio.sleep(0.02)
    await hold(one, 0)

    async with asyncio.timeout(5):
        await waiting


async def test_nobody_listens_when_nobody_waits(tmp_path, monkeypatch):
    """The file is looked at for changes only as long as somebody waits for one."""
    looks = []
    monkeypatch.setattr(SharedFile, "peek", lambda _: looks.append(1) or b"")
    bell = FileStore(tmp_path / "file", ManualClock()).bell("queue")
    for expected in (False, True):
        if expected:
            waiting = asyncio.create_task(bell.wait())
        await asyncio.sleep(0.03)
        assert bool(looks) == expected
    waiting.cancel()
    await asyncio.sleep(0.02)
    looks.clear()
    await asyncio.sleep(0.03)
    assert looks == []


async def test_looking_changes_nothing(tmp_path, monkeypatch):
    """Who only asks how long it would take does not write."""
    store = FileStore(tmp_path / "file", ManualClock())
    await ask(store)
    monkeypatch.delattr(os, "pwrite")

    assert (
        await store.transact(lambda state, now: state.wait("writes", "one", limit=1, ahead=0, now=now))
    ) == pytest.approx(1.03)


@pytest.mark.parametrize("replaced", [True, False])
async def test_file_that_others_do_not_open_any_more_is_not_used(tmp_path, monkeypatch, replaced):
    """A file that is deleted or replaced just before it is locked is opened again."""
    path, lock = tmp_path / "file", fcntl.flock

    def late(*args):
        monkeypatch.undo()
        path.unlink()
        if replaced:
            path.touch(0o600)
        lock(*args)

    monkeypatch.setattr(fcntl, "flock", late)
    store = FileStore(path, ManualClock())
    assert await ask(store) == (True, 0)
    assert len(json.loads(path.read_bytes())["windows"]["writes"]["window"]["departures"]) == 1


async def test_nothing_stays_open(tmp_path):
    """Each step opens the file, and closes it."""
    store = FileStore(tmp_path / "file", ManualClock())

    def opened():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = opened()
    for _ in range(20):
        await ask(store)

    assert opened() == before


async def test_kinds_of_names_are_known_for_an_hour(tmp_path):
    """A kind of name that nobody has used for an hour is no reason to ask whose queue a name is."""
    path, clock = tmp_path / "file", ManualClock()
    store = FileStore(path, clock)

    async def told(kind):
        answer = await take(store, kind=kind)
        await give_back(store, "one")
        return answer.kinds

    assert await told("email") == 1
    clock.now += 599
    assert await told("user_id") == 2
    clock.now += 601
    assert await told("user_id") == 2
    clock.now += 2_500
    assert await told("user_id") == 1


async def test_queues_of_long_ago_are_forgotten(tmp_path):
    """The next use of the file takes out what is not worth knowing any more: the file stays small."""
    path, clock = tmp_path / "file", ManualClock()
    store = FileStore(path, clock)
    for place in range(130):
        await take(store, queue=f"queue {place}")
        await give_back(store, "one", queue=f"queue {place}")
    await take(store, "died", queue="another")
    clock.now += 61
    await ask(store)

    assert "queue" not in path.read_text()
    assert "died" not in path.read_text()


async def test_file_of_another_user_is_not_used(tmp_path, monkeypatch):
    """What another user has put there is no place to write to."""
    path = tmp_path / "file"
    path.touch()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(PermissionError, match="another user"):
        await ask(FileStore(path, ManualClock()))


async def test_link_to_another_file_is_not_followed(tmp_path):
    """Nobody can have another file overwritten."""
    path, elsewhere = tmp_path / "file", tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    path.symlink_to(elsewhere)

    with pytest.raises(OSError, match="symbolic links"):
        await ask(FileStore(path, ManualClock()))
    assert elsewhere.read_text() == "precious"
