"""Processes of one machine that share a file: whatever happens to it, no row is lost or put in twice."""

import asyncio
import errno
import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from allo_async import AlloClient, AlloError, ConfigurationError, CoordinationLostError
from allo_async._coordination import link
from allo_async.events import CoordinationLost, CoordinationRegained
from allo_async.file import FileCoordination
from allo_async.file.store import FileStore
from allo_async.testing import FastClock
from tests.clocks import ManualClock
from tests.coordination.fleet import (
    LISTS,
    SPEED,
    appended,
    appending,
    check_all_is_loaded,
    check_they_took_turns,
    ended,
    go,
    load_by_four,
    start,
)
from tests.end_to_end.numbers import us_numbers


def the_file(directory):
    (file,) = directory.glob("*.json")
    return file


@contextmanager
def locked(file):
    """Keep it locked, as a process does that is stopped at the wrong moment."""
    with file.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def client(sandbox, together, **options):
    if not isinstance(together, FileCoordination):
        together = FileCoordination(together)
    return AlloClient(sandbox.api_key, base_url=sandbox.url, clock=FastClock(SPEED), coordination=together, **options)


async def test_together_they_keep_the_limits(sandbox, tmp_path):
    """No append conflicts with another, none is refused by the limits, and the processes take turns."""
    check_all_is_loaded(sandbox, await load_by_four(sandbox, directory=str(tmp_path)))
    check_they_took_turns(sandbox)


@pytest.mark.parametrize("content", [b"", b'{"version":7,"writ', b'{"paces":[1]}', b"\xff\x00" * 3_000, None])
async def test_file_is_spoilt(sandbox, tmp_path, content):
    """A file that is cut off, overwritten or deleted, again and again, costs no row."""

    async def disturb():
        while True:
            await asyncio.sleep(0.05)
            for file in tmp_path.iterdir():
                file.unlink() if content is None else file.write_bytes(content)

    check_all_is_loaded(sandbox, await load_by_four(sandbox, disturb, directory=str(tmp_path)))


async def test_file_is_locked_by_one_who_does_not_go_on(sandbox, tmp_path):
    """Nobody is held up for long: each process goes on with its own pace and turns, and comes back afterwards."""

    async def disturb():
        await appended(sandbox, 100)
        with locked(the_file(tmp_path)):
            await appended(sandbox, 400)
        before = the_file(tmp_path).read_bytes()
        await appended(sandbox, 600)
        assert the_file(tmp_path).read_bytes() != before

    check_all_is_loaded(sandbox, await load_by_four(sandbox, disturb, directory=str(tmp_path)))


async def test_killed_process_holds_up_the_others_for_seconds_at_most(sandbox, tmp_path):
    """A process killed in the middle of an append loses its turn, and the others finish."""
    victim, *others = [start(sandbox, rows, directory=str(tmp_path)) for rows in LISTS]
    await go(victim, *others)
    await appending(sandbox, LISTS[0])
    victim.kill()

    told = await ended(*others)
    victim.communicate()

    assert told == [[rows, 200] for rows in LISTS[1:]]


async def test_stopped_process_goes_on_where_it_was(sandbox, tmp_path):
    """A process that is stopped holds up nobody, and has every row in the queue once when it is let go on."""
    stopped, *others = [start(sandbox, rows, directory=str(tmp_path)) for rows in LISTS]
    await go(stopped, *others)
    await appending(sandbox, LISTS[0])
    stopped.send_signal(signal.SIGSTOP)

    told = await ended(*others)
    stopped.send_signal(signal.SIGCONT)

    check_all_is_loaded(sandbox, [*await ended(stopped), *told])


async def test_loss_is_told_once_and_costs_nothing(sandbox, tmp_path, caplog, monkeypatch):
    """By default there is one warning, however many calls hear of it; observers hear of the loss and of the return."""
    monkeypatch.setattr(link, "_ANSWER", 0.05)
    monkeypatch.setattr(link, "_MENDING", 0.02)
    seen = []
    async with client(sandbox, tmp_path, observers=[seen.append]) as allo:
        await allo.queue().append(us_numbers(3))
        with locked(the_file(tmp_path)):
            await asyncio.gather(*(allo.queue().append(us_numbers(3, 10 * place)) for place in range(1, 4)))
        while not isinstance(seen[-1], CoordinationRegained):
            await asyncio.sleep(0.01)
        await allo.queue().append(us_numbers(3, 40))

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "no answer within 0.05 s; going on with this process's own pace and turns" in caplog.text
    assert sum(isinstance(event, CoordinationLost) for event in seen) == 1
    assert len(sandbox.numbers()) == 15


async def test_full_disk_is_told_once(sandbox, tmp_path, caplog, monkeypatch):
    """A file that can be locked, and not written, is of no use until it can."""

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(link, "_MENDING", 0.01)
    monkeypatch.setattr(os, "pwrite", full)
    async with client(sandbox, tmp_path) as allo:
        await allo.queue().append(us_numbers(50), chunk_size=10)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "No space left on device" in caplog.text
    assert len(sandbox.numbers()) == 50


async def test_loss_can_be_an_error(sandbox, tmp_path):
    """With "raise", the call ends with every row accounted for, and says what is wrong with the file."""
    directory = tmp_path / "shared"
    directory.mkdir()
    async with client(sandbox, FileCoordination(directory, on_coordination_loss="raise")) as allo:
        directory.rmdir()
        directory.write_text("in the way")
        with pytest.raises(CoordinationLostError, match="shared") as caught:
            await allo.queue().append(us_numbers(3))

    assert len(caught.value.result.pending) == 3


async def test_file_is_its_owners_alone(sandbox, tmp_path):
    """It holds the number that stands last in a queue: neither it nor a directory made for it is for others."""
    directory = tmp_path / "made"
    async with client(sandbox, directory) as allo:
        await allo.queue().append(us_numbers(3))

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(the_file(directory).stat().st_mode) == 0o600


async def test_key_server_and_rep_are_hashed(sandbox, tmp_path):
    """No key, address or e-mail can be read in the file or its name, and another server has another file."""
    rep = sandbox.add_user("rep@acme.example")
    async with client(sandbox, tmp_path) as allo:
        await allo.queue(email=rep.email).append(us_numbers(3))
    told = the_file(tmp_path).name + the_file(tmp_path).read_text()
    with pytest.raises(AlloError):
        async with AlloClient(
            sandbox.api_key, base_url="http://localhost:9", retry_budget=0, coordination=FileCoordination(tmp_path)
        ) as allo:
            await allo.me()

    assert not any(secret in told for secret in (sandbox.api_key, "rep@", "acme", "localhost", "127.0.0.1"))
    assert len(list(tmp_path.iterdir())) == 2


async def test_last_client_lets_go_of_the_file(sandbox, tmp_path):
    """Clients of a process share what leads to the file, until the last of them is closed."""

    def is_open():
        opened = [each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
        return any(each.is_relative_to(tmp_path) for each in opened)

    clients = [client(sandbox, tmp_path) for _ in range(2)]
    for place, each in enumerate(clients):
        await each.queue().append(us_numbers(1, place))
    await clients[0].close()
    assert is_open()
    await clients[1].close()
    assert not is_open()


async def ask(store, member="one", **terms):
    return await store.admit("writes", member, **{"limit": 1, "ahead": 0, "alive": 4, **terms})


async def test_nothing_of_before_a_restart_of_the_machine_counts(tmp_path):
    """A clock that began anew makes what the file holds worthless: nobody waits for it."""
    path, clock = tmp_path / "file", ManualClock()
    await FileStore(path, clock).hold(3_600)
    assert await ask(FileStore(path, clock)) == (False, 3_600)

    assert await ask(FileStore(path, ManualClock(10.0))) == (True, 0)


async def test_who_looks_again_and_again_does_not_wake_the_others(tmp_path):
    """Asking changes nothing in the file as long as nothing has changed, or all that wait would wake each other."""
    path, clock = tmp_path / "file", ManualClock()
    store = FileStore(path, clock)
    await ask(store)
    await store.take_turn("queue", "one", kind="none", lease=60, alive=4)
    for member in ("two", "three"):
        await ask(store, member)
        await store.take_turn("queue", member, kind="none", lease=60, alive=4)
    before = path.read_bytes()

    for _ in range(3):
        clock.now += 0.25
        for member in ("two", "three"):
            assert not (await ask(store, member))[0]
            assert not (await store.take_turn("queue", member, kind="none", lease=60, alive=4)).token
    assert path.read_bytes() == before


async def test_what_is_known_is_worth_it_for_a_while(tmp_path):
    """What stood last is told for ten minutes, since reps call meanwhile, and which kinds of names are used an hour."""
    path, clock = tmp_path / "file", ManualClock()
    store = FileStore(path, clock)

    async def take(kind):
        turn = await store.take_turn("queue", "one", kind=kind, lease=4, alive=4)
        await store.give_turn_back("queue", turn.token, end='{"position":3}', memory=600)
        return turn.end, turn.kinds

    assert await take("email") == ("", 1)
    clock.now += 599
    assert await take("user_id") == ('{"position":3}', 2)
    clock.now += 601
    assert await take("user_id") == ("", 2)
    clock.now += 2_500
    assert await take("user_id") == ("", 1)


async def test_queues_of_long_ago_are_forgotten(tmp_path):
    """The file does not grow with every queue that there ever was."""
    path, clock = tmp_path / "file", ManualClock()
    store = FileStore(path, clock)
    for place in range(50):
        turn = await store.take_turn(f"queue {place}", "one", kind="none", lease=4, alive=4)
        await store.give_turn_back(f"queue {place}", turn.token, end="{}", memory=600)
        clock.now += 100

    assert len(json.loads(path.read_bytes())["turns"]) <= 7


@pytest.mark.parametrize("directory", ["file", "missing/directory"])
def test_directory_that_cannot_be_used_is_an_error_at_once(tmp_path, directory):
    """A mistyped path is told when it is given, not at the first load."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=directory):
        FileCoordination(tmp_path / directory)


def test_system_without_its_locks_is_told_of_redis():
    """On Windows the import fails with an error that names the way out."""
    code = "import sys; sys.modules['fcntl'] = None; import allo_async.file"
    failed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert failed.stderr.endswith("elsewhere there is allo_async.redis\n")
