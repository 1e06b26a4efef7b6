"""A process that is killed at one point after the other of opening, writing and closing a journal."""

import asyncio
import os
import signal
import sqlite3

import pytest

from allo_async import Journal
from allo_async.clock import SystemClock
from allo_async.models import SkippedNumber
from tests.chaos.points import killer

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes"),
    # The child uses nothing that a thread of the parent may hold.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]


async def write(journal):
    """Open a load, write one row of it, and close it."""
    log = await journal._open_load("x", {}, clock=SystemClock(), on_changed_input="raise")
    log.check(0, "nope")
    skipped = [SkippedNumber(index=0, number="nope", reason="INVALID_PHONE_NUMBER", source="client")]
    await log.record_skips(skipped)
    await log.record_end(1)
    await log.close(skipped)


def points(journal, watch, at=0):
    """Write in a child that is killed at the point *at*; return whether it was, and how many points it had."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        count, connect = 0, sqlite3.connect

        def tick(*_):
            nonlocal count
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)

        def connected(*arguments, **options):
            connection = connect(*arguments, **options)
            watch(connection, tick)
            return connection

        sqlite3.connect = connected
        asyncio.run(write(journal))
        os.write(writer, str(count).encode())
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader) as counted:
        return os.WIFSIGNALED(status), int(counted.read() or 0)


def steps(connection, tick):
    """Call *tick* at each step of SQLite's own machine."""
    connection.set_progress_handler(tick, 1)


@pytest.mark.parametrize(
    ("watch", "every"),
    [(sqlite3.Connection.set_trace_callback, 1), (steps, 37)],
    ids=["before each statement", "at each 37th step of SQLite's machine"],
)
async def test_journal_that_was_killed_can_be_read_and_goes_on(tmp_path, watch, every):
    """Wherever it was killed, the journal is shown, the next run opens it, and has what was written."""
    _, count = points(Journal(tmp_path / "whole.db"), watch)
    assert count > 40

    for at in range(1, count + 1, every):
        journal = Journal(tmp_path / f"{at}.db")
        killed, _ = points(journal, watch, at)
        assert killed
        shown = await journal.loads() if journal.path.exists() else []
        assert [load.load_id for load in shown] in ([], ["x"])

        await write(journal)

        assert [row.reason for row in await journal.rows("x")] == ["INVALID_PHONE_NUMBER"]
        assert not journal.path.with_name(f"{at}.db-wal").exists()


async def test_command_that_was_killed_goes_on():
    """Killed at any point, the same command does the rest: nothing is refused, lost or doubled."""
    async with killer() as kills:
        statements, _ = await kills.count("statement")
        sweeps = [
            await kills.sweep("statement", range(5, statements, 80)),
            await kills.sweep("bytes", range(0, 60_000, 30_000)),
            await kills.sweep("seconds", [0.05]),
        ]

    for sweep in sweeps:
        assert sweep.killed
        assert (sweep.refused, sweep.unsound) == ({}, [])
