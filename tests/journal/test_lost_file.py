"""A journal that is taken away while a load writes it, and what a load leaves behind."""

import asyncio
import contextlib
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from allo_async import AlloClient, AlloError, AppendResult, Journal, JournalError
from allo_async.journal import store
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.end_to_end.numbers import fates, us_numbers

REPS = ("marie@acme.example", "tom@acme.example")


@pytest.fixture(name="clock")
def _clock():
    """A second takes 20 ms."""
    return FastClock(50)


@pytest.fixture(name="server")
async def _server(clock):
    async with Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox:
        yield sandbox


@pytest.fixture(name="allo")
async def _allo(server, clock):
    async with AlloClient(server.api_key, base_url=server.url, clock=clock, timeout=250, retry_budget=500) as allo:
        yield allo


@pytest.fixture(name="journal")
def _journal(tmp_path):
    (tmp_path / "in").mkdir()
    return Journal(tmp_path / "in" / "monday.db")


def beside(path, ending):
    return path.with_name(path.name + ending)


def replaced(path):
    path.unlink()
    path.write_text("hello", "utf-8")


def replaced_by_a_journal(path):
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.executescript("PRAGMA journal_mode = DELETE; CREATE TABLE notes (text)")


LOSSES = {
    "deleted": lambda path: path.unlink(),
    "moved": lambda path: path.rename(path.with_name("elsewhere.db")),
    "replaced": replaced,
    "replaced by a database": replaced_by_a_journal,
    "its folder deleted": lambda path: shutil.rmtree(path.parent),
    "its folder moved": lambda path: path.parent.rename(path.parent.with_name("out")),
    "its log deleted": lambda path: beside(path, "-wal").unlink(),
    "its lock deleted": lambda path: beside(path, "-lock").unlink(),
}


def open_files(folder):
    """The files of a folder that this process has open."""
    found = []
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(each.readlink())
    return [path for path in found if path.is_relative_to(folder)]


async def appended(allo, journal, rows):
    return await allo.queue().append(rows, chunk_size=10, journal=journal, load_id="x")


async def spread(allo, journal, rows):
    over = [allo.queue(email=rep) for rep in REPS]
    return await allo.spread(rows, over=over, chunk_size=5, journal=journal, load_id="x")


@pytest.mark.parametrize("load", [appended, spread])
@pytest.mark.parametrize("how", LOSSES)
async def test_journal_that_is_taken_away_ends_the_load(server, allo, journal, tmp_path, load, how):
    """No chunk leaves after that; the error names the file, says what to do, and accounts for every row."""

    def take_away(_):
        if len(server.ledger.appends) == 2 and take_away.left:
            take_away.left = False
            LOSSES[how](journal.path)
        return False

    take_away.left = True
    server.script(faults.error(403), when=take_away)

    with pytest.raises(JournalError, match="put the journal back before you load again") as caught:
        await load(allo, journal, us_numbers(60))

    assert str(journal.path) in str(caught.value)
    result = caught.value.result
    assert list(fates(result)) == list(range(60))
    queued = [number for user in server.users for number in server.numbers(user.email)]
    assert sorted(row.number_to for row in result.added) == sorted(queued)
    assert len(result.pending) == 60 - len(queued)
    assert len(queued) <= 30
    assert open_files(tmp_path) == []


async def test_moved_journal_has_all_that_was_written(server, allo, journal):
    """Put back, it goes on where the load was stopped."""
    elsewhere = journal.path.with_name("elsewhere.db")

    def move(_):
        if len(server.ledger.appends) == 3 and journal.path.exists():
            journal.path.rename(elsewhere)
        return False

    server.script(faults.error(403), when=move)
    with pytest.raises(JournalError):
        await appended(allo, journal, us_numbers(60))
    assert {path.name for path in journal.path.parent.iterdir()} == {"elsewhere.db"}
    elsewhere.rename(journal.path)

    result = await appended(allo, journal, us_numbers(60))

    assert server.numbers() == us_numbers(60)
    assert fates(result) == dict.fromkeys(range(60), "added")


ENDINGS = {
    "done": None,
    "refused": faults.error(403, "FORBIDDEN"),
    "full": faults.error(400, "DIALING_QUEUE_LIMIT_REACHED"),
    "deadline": faults.stall(),
}


@pytest.mark.parametrize("how", ["append", "stream", "spread", "cancelled"])
@pytest.mark.parametrize("end", ENDINGS)
async def test_file_is_closed_when_the_call_returns(server, allo, journal, how, end):
    """At once, it is one file that nobody has open, and another program may write to it."""
    if ENDINGS[end] is not None:
        server.script(ENDINGS[end], at=2)
    options = {"journal": journal, "load_id": "x", "chunk_size": 10, "deadline": 15 if end == "deadline" else None}

    async def run():
        if how == "stream":
            async with allo.queue().append_stream(us_numbers(60), **options) as stream:
                await anext(stream)
        elif how == "spread":
            await allo.spread(us_numbers(60), over=[allo.queue(email=rep) for rep in REPS], **options)
        else:
            await allo.queue().append(us_numbers(60), **options)

    task = asyncio.create_task(run())
    if how == "cancelled":
        while len(server.ledger.appends) < 2 and not task.done():
            await asyncio.sleep(0)
        task.cancel()
    with contextlib.suppress(AlloError, asyncio.CancelledError):
        await task

    assert open_files(journal.path.parent) == []
    assert {path.name for path in journal.path.parent.iterdir()} == {"monday.db"}
    with contextlib.closing(sqlite3.connect(journal.path, timeout=0)) as other:
        other.execute("BEGIN EXCLUSIVE")


@pytest.mark.parametrize("lock", ["the file", "the lock"])
async def test_locked_journal_is_waited_for_until_the_deadline(server, allo, journal, monkeypatch, lock):
    """Another program has it locked for longer than the call may take: the call ends in time, with its accounts."""
    monkeypatch.setattr(store, "_BUSY_TIMEOUT", 60.0)
    monkeypatch.setattr(store, "_FILE_LOCK_TIMEOUT", 60.0)
    await appended(allo, journal, us_numbers(3))
    locked = journal.path if lock == "the file" else beside(journal.path, "-lock")
    begun = time.monotonic()
    with contextlib.closing(sqlite3.connect(locked, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(AlloError) as caught:
            await allo.queue().append(us_numbers(30), journal=journal, load_id="x", deadline=10)

    assert time.monotonic() - begun < 10
    assert list(fates(caught.value.result)) == list(range(30))
    assert len(server.ledger.appends) == 1
    assert open_files(journal.path.parent) == []


async def test_account_is_given_though_closing_is_cancelled(allo, journal):
    """A second cancellation that comes while the file is closed costs no row of the account."""
    into = AppendResult()
    task = asyncio.create_task(
        allo.queue().append(us_numbers(60), chunk_size=10, journal=journal, load_id="x", into=into)
    )
    while not into.added:
        await asyncio.sleep(0)
    for _ in range(20):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task

    assert list(fates(into)) == list(range(into.totals.rows))
