"""Files with people in them are their owner's alone, whatever stood there, and nothing is written through a link."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys

import pytest

from allo_async import AlloClient, AppendResult, Contact, Journal, JournalBusyError, PendingContact
from allo_async.cli.not_added import write_not_added
from allo_async.journal.lock import locked
from allo_async.journal.store import Store
from allo_async.leads.leads_file import read_leads_file
from allo_async.private_file import replacing
from allo_async.sandbox import Sandbox
from tests.end_to_end.numbers import us_numbers

MARIE = "marie@acme.example"
NUMBER = us_numbers(1)[0]
TREASURE = "not to be touched"


def loaded(run, folder):
    """Load two rows, one of which does not get in, and return the journal."""
    source = folder / "leads.csv"
    source.write_text(f"Phone\n{NUMBER}\nn/a\n", "utf-8")
    run("load", source, "--to", MARIE, code=0)
    return folder / "leads.csv.journal"


def not_added(run, folder):
    source = folder / "leads.csv"
    source.write_text(f"Phone\n{NUMBER}\nn/a\n", "utf-8")
    return folder / "leads.not-added.csv", lambda: run("load", source, "--to", MARIE, code=0)


def not_added_lines(run, folder):
    source = folder / "leads.jsonl"
    source.write_text(f'{{"phone": "{NUMBER}"}}\n{{"phone": "n/a"}}\n', "utf-8")
    return folder / "leads.not-added.jsonl", lambda: run("load", source, "--to", MARIE, code=0)


def export(run, folder):
    journal = loaded(run, folder)
    out = folder / "out.csv"
    return out, lambda: run("journal", "export", journal, out, "--force", code=0)


def csv_of_the_library(run, folder):
    journal = loaded(run, folder)
    out = folder / "out.csv"
    return out, lambda: asyncio.run(Journal(journal).to_csv(out, MARIE))


def csv_of_a_result(run, folder):
    out = folder / "out.csv"
    result = AppendResult(pending=[PendingContact(index=0, contact=Contact(NUMBER))])
    return out, lambda: result.to_csv(out)


def journal(run, folder):
    path, load = not_added(run, folder)
    return path.with_name("leads.csv.journal"), load


KINDS = [not_added, not_added_lines, export, csv_of_the_library, csv_of_a_result, journal]


@pytest.fixture(name="umask", params=[0o000, 0o022, 0o077], ids=oct)
def _umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def rights(path):
    return stat.S_IMODE(path.lstat().st_mode)


def everybody_s(path):
    path.write_bytes(b"")
    path.chmod(0o666)


@pytest.mark.parametrize("there", [None, everybody_s], ids=["absent", "existing_0666"])
@pytest.mark.parametrize("kind", KINDS)
def test_owner_alone_reads_it(sandbox, run, tmp_path, umask, kind, there):
    """Each file is 0600, whatever the umask, and whatever the rights of one that stood there; no draft is left."""
    path, write = kind(run, tmp_path)
    if there is not None:
        there(path)

    write()
    # A journal is closed on a thread of its own.
    Store.forking()

    assert rights(path) == 0o600
    left = {each.name for each in tmp_path.iterdir()} - {"leads.csv", "leads.jsonl"}
    assert all(rights(tmp_path / name) == 0o600 for name in left)
    assert not any(name.endswith((".part", "-lock", "-wal", "-shm")) for name in left)


@pytest.mark.parametrize("dangling", [False, True])
@pytest.mark.parametrize("planted", ["{}", "{}.part"])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_written_through_a_link(sandbox, run, tmp_path, kind, planted, dangling):
    """A link planted for the file, or for what its draft may be called, leads to no other file; it may be refused."""
    path, write = kind(run, tmp_path)
    treasure = tmp_path / "treasure"
    if not dangling:
        treasure.write_text(TREASURE, "utf-8")
    (path.parent / planted.format(path.name)).symlink_to(treasure)

    if kind is journal and path.is_symlink():
        # A load without its journal would not be the load that was asked for.
        with pytest.raises(AssertionError, match="is a link, which is not followed"):
            write()
        assert sandbox.ledger.requests == []
    else:
        write()
        assert rights(path) == 0o600
    assert treasure.exists() != dangling
    assert dangling or treasure.read_text("utf-8") == TREASURE


@pytest.mark.parametrize("beside", ["-wal", "-shm", "-journal", "-lock"])
def test_what_sqlite_writes_beside_a_journal(sandbox, run, tmp_path, beside):
    """The files beside a journal are made private or are refused as links, too."""
    path, load = journal(run, tmp_path)
    treasure = tmp_path / "treasure"
    treasure.write_text(TREASURE, "utf-8")
    planted = path.with_name(path.name + beside)
    planted.symlink_to(treasure)

    with pytest.raises(AssertionError, match="plain file"):
        load()

    assert treasure.read_text("utf-8") == TREASURE
    planted.unlink()
    everybody_s(planted)
    load()
    assert not planted.exists() or rights(planted) == 0o600


def test_draft_that_fails_leaves_what_was_there(tmp_path):
    """A write that is broken off, by a signal too, leaves the file as it was, and nothing beside it."""
    path = tmp_path / "people.csv"
    path.write_text("before", "utf-8")

    def write():
        with replacing(path, encoding="utf-8") as out:
            out.write("half of it")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()

    assert path.read_text("utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_device_is_not_replaced(tmp_path):
    """What is no plain file, such as a pipe or a device, is refused, and stays."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    with pytest.raises(OSError, match="plain file"), replacing(path, encoding="utf-8"):
        pass

    assert stat.S_ISFIFO(path.lstat().st_mode)


@pytest.mark.parametrize("reason", ["=cmd|' /C calc'!A0", "@SUM(1)", "\x1b[31mred\r\n\u202e"])
def test_reason_runs_nowhere(tmp_path, reason):
    """A server's reason is no formula for a spreadsheet, and no escape for a screen that shows the file."""
    source = tmp_path / "leads.csv"
    source.write_text("Phone\n+12125550100\n", "utf-8")

    written = write_not_added(read_leads_file(source), {2: reason}).read_text("utf-8-sig").splitlines()

    assert len(written) == 2
    assert written[1].isprintable()
    assert not written[1].split(",", 1)[1].startswith(("=", "@"))


def test_export_of_the_library_runs_nowhere(tmp_path):
    """The CSV that a journal writes is none that a spreadsheet would run, whatever the rows were."""
    out = tmp_path / "out.csv"

    async def export():
        journal = Journal(tmp_path / "a.journal")
        async with Sandbox() as sandbox, AlloClient(sandbox.api_key, base_url=sandbox.url) as allo:
            await allo.queue().append(["=cmd|' /C calc'!A0", NUMBER], journal=journal, load_id="x")
        await journal.to_csv(out, "x")

    asyncio.run(export())

    numbers = [line.split(",")[1] for line in out.read_text("utf-8").splitlines()]
    assert numbers == ["number", "'=cmd|' /C calc'!A0", NUMBER]


_LOCKER = """
import sys, time
from pathlib import Path
from allo_async.errors import JournalBusyError
from allo_async.journal.lock import locked
path, held = Path(sys.argv[1]), Path(sys.argv[2])
done = 0
while done < 6:
    try:
        lock = locked(path)
    except JournalBusyError:
        continue
    held.open("x").close()  # Fails where another process has it too.
    held.unlink()
    lock.release()
    done += 1
"""


def test_lock_that_is_deleted_is_never_held_twice(tmp_path):
    """Three processes lock and unlock one journal, each deleting the lock's file: never do two of them hold it."""
    arguments = [sys.executable, "-c", _LOCKER, tmp_path / "a.journal", tmp_path / "held"]
    lockers = [subprocess.Popen(arguments, stderr=subprocess.PIPE) for _ in range(3)]

    for locker in lockers:
        _, complained = locker.communicate(timeout=60)
        assert locker.returncode == 0, complained
    assert list(tmp_path.iterdir()) == []


def test_lock_of_a_deleted_file_is_taken_anew(tmp_path, monkeypatch):
    """A lock whose file its last holder deleted while this process waited is none, and is taken on the new file."""
    path, connect = tmp_path / "a.journal", sqlite3.connect
    first = locked(path)

    def connect_late(*arguments, **options):
        monkeypatch.setattr(sqlite3, "connect", connect)
        opened = connect(*arguments, **options)
        first.release()
        return opened

    monkeypatch.setattr(sqlite3, "connect", connect_late)
    lock = locked(path)
    try:
        with pytest.raises(JournalBusyError):
            locked(path)
    finally:
        lock.release()
