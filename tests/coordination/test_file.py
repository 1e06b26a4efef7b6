"""Processes of one machine that share a file: whatever happens to it, no row is lost or put in twice."""

import asyncio
import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager

import pytest

from allo_async import AlloClient, AlloError, ConfigurationError, CoordinationLostError
from allo_async._sending import store_connection
from allo_async.events import CoordinationLost, CoordinationRegained
from allo_async.file import FileCoordination
from allo_async.testing import FastClock
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
    load_by_four_of_whom_one_is_killed,
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


@pytest.mark.parametrize(
    "content", [b"", b'{"began_at":7,"pau', b'{"began_at":1,"paces":[1]}', b"null", b"\xff" * 9_000, None]
)
async def test_file_is_spoilt(sandbox, tmp_path, content):
    """A file that is cut off, overwritten or deleted, again and again, costs no row."""

    async def disturb():
        while True:
            await asyncio.sleep(0.05)
            for file in tmp_path.iterdir():
                file.unlink() if content is None else file.write_bytes(content)

    check_all_is_loaded(sandbox, await load_by_four(sandbox, disturb, directory=str(tmp_path)))


async def test_file_is_locked_by_one_who_does_not_go_on(sandbox, tmp_path):
    """Nobody is held up for long: each process goes on with its own limits and locks, and comes back afterwards."""

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
    told = await load_by_four_of_whom_one_is_killed(sandbox, directory=str(tmp_path))

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
    monkeypatch.setattr(store_connection, "_ANSWER", 0.05)
    monkeypatch.setattr(store_connection, "_MENDING", 0.02)
    seen = []
    async with client(sandbox, tmp_path, observers=[seen.append]) as allo:
        await allo.queue().append(us_numbers(3))
        with locked(the_file(tmp_path)):
            await asyncio.gather(*(allo.queue().append(us_numbers(3, 10 * place)) for place in range(1, 4)))
        while not isinstance(seen[-1], CoordinationRegained):
            await asyncio.sleep(0.01)
        await allo.queue().append(us_numbers(3, 40))

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "no answer within 0.05 s; going on with this process's own limits and locks" in caplog.text
    assert sum(isinstance(event, CoordinationLost) for event in seen) == 1
    assert len(sandbox.numbers()) == 15


async def test_full_disk_is_told_once(sandbox, tmp_path, caplog, monkeypatch):
    """A file that can be locked, and not written, is of no use until it can."""
    write = os.pwrite

    def almost_full(descriptor, content, place):
        if place > 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, content[:20], place)

    monkeypatch.setattr(store_connection, "_MENDING", 0.01)
    monkeypatch.setattr(os, "pwrite", almost_full)
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


@pytest.mark.parametrize("directory", ["file", "missing/directory", "loop", "x" * 300, "nul\0", ""])
def test_directory_that_cannot_be_used_is_an_error_at_once(tmp_path, monkeypatch, directory):
    """A mistyped path is told when it is given, not at the first load."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigurationError, match="directory"):
        FileCoordination(directory)


def test_system_without_its_locks_is_told_of_redis():
    """On Windows the import fails with an error that names the way out."""
    code = "import sys; sys.modules['fcntl'] = None; import allo_async.file"
    failed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert failed.stderr.endswith("elsewhere there is allo_async.redis\n")
