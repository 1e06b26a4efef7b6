"""A sound SQLite file with values that no run writes: nothing is sent, nothing is told wrongly, and it is said."""

import contextlib
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import attrs
import pytest

from allo_async import AlloClient, Journal, JournalError
from allo_async.errors import AlloError
from allo_async.journal.known import KnownRows
from allo_async.journal.store import Store
from allo_async.sandbox import Sandbox
from tests.end_to_end.numbers import fates, us_numbers
from tests.hostile.account import HastyClock
from tests.hostile.making import http
from tests.hostile.middleman import Middleman, Strike

COLUMNS = {
    "load": ("terms", "begun_at", "ended_at", "row_count"),
    "chunk": (
        *("load", "queue", "state", "idempotency_key", "body_sha256", "body", "first_used_at", "queue_end"),
        "settled_at",
    ),
    "sent_row": ("chunk", "place", "digest", "number", "fate", "entry"),
    "input_row": ("load", "idx", "digest", "number", "queue", "chunk", "place", "skip"),
}

VALUES = {
    "null": None,
    "text": "x",
    "no text": "",
    "blob": b"\xff\x00",
    "huge": 9e300,
    "infinite": float("inf"),
    "below zero": -5,
    "big": 2**62,
    "a number in JSON": "5",
    "nothing in JSON": "null",
    "a list in JSON": "[]",
    "an object in JSON": "{}",
    "another object in JSON": '{"number_to": 5, "reason": [5], "user_id": 5, "exists": 5, "server": {}}',
}

STATEMENTS = {
    "no name": "UPDATE load SET load_id = CAST(load_id AS BLOB)",
    "no rows": "DELETE FROM sent_row",
    "no row of a chunk": "DELETE FROM sent_row WHERE chunk = 1",
    "a row less": "DELETE FROM sent_row WHERE chunk = 2 AND place = 9",
    "no chunks": "DELETE FROM chunk",
    "all settled": "UPDATE chunk SET state = 'settled'",
    "all being sent": "UPDATE chunk SET state = 'sending'",
    "all refused": "UPDATE chunk SET state = 'refused'",
    "a fate less": "UPDATE sent_row SET fate = NULL, entry = NULL WHERE chunk = 1 AND place = 3",
    "no first fate": "UPDATE sent_row SET fate = NULL, entry = NULL WHERE chunk = 1",
    "no entry": "UPDATE sent_row SET entry = NULL WHERE place = 3",
    "another digest": "UPDATE sent_row SET digest = zeroblob(12) WHERE place = 3",
    "two rows changed places": "UPDATE sent_row SET number = '+12125550199' WHERE chunk = 2 AND place = 3",
}


@attrs.frozen
class Journaled:
    """A load of 20 rows, of which ten are settled, and ten were being sent; all stand in the queue."""

    allo: AlloClient
    server: Sandbox
    path: Path

    def load(self, path):
        return self.allo.queue().append(us_numbers(20), journal=Journal(path), load_id="monday", chunk_size=10)

    async def damaged(self, statement, *values):
        """What a load says of a journal in which *statement* was done; it sends nothing and tells nothing wrongly."""
        path = self.path.with_name("damaged.db")
        shutil.copy(self.path, path)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executescript("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;")
            try:
                connection.execute(statement, values)
            except sqlite3.IntegrityError:
                return None
        journal = Journal(path)
        for read in (journal.loads(), journal.rows("monday"), journal.to_csv(path.with_name("csv"), "monday")):
            with contextlib.suppress(JournalError):
                await read
        try:
            result, error = await self.load(path), None
        except JournalError as refusal:
            result, error = refusal.result, refusal
        assert path not in Store._open, statement
        assert self.server.numbers() == us_numbers(20), statement
        assert len(fates(result)) == 20
        assert not result.pending, statement
        return error


@pytest.fixture(name="journaled")
async def _journaled(tmp_path):
    path, clock = tmp_path / "monday.db", HastyClock()
    async with (
        Sandbox(clock=clock, write_per_second=None, read_per_second=None) as server,
        Middleman(server.url) as way,
        AlloClient(server.api_key, base_url=way.url, clock=clock, timeout=5, retry_budget=1) as allo,
    ):
        way.strike(Strike(commit=True, method="POST", at=range(2, 99)))
        way.strike(Strike(reply=http(b"", status="503 X"), method="GET", at=range(2, 99)))
        journaled = Journaled(allo, server, path)
        with pytest.raises(AlloError) as caught:
            await journaled.load(path)
        assert Counter(fates(caught.value.result).values()) == {"added": 10, "in doubt": 10}
        way._strikes.clear()
        yield journaled


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("table", COLUMNS)
async def test_damaged_value_is_told(journaled, table, value):
    """A value of another kind in any column is refused before anything is sent, or does no harm."""
    for column in COLUMNS[table]:
        await journaled.damaged(f"UPDATE OR IGNORE {table} SET {column} = ?", VALUES[value])  # noqa: S608 - ours


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_damaged_rows_are_told(journaled, statement):
    """A file that does not fit together is refused before anything is sent."""
    error = await journaled.damaged(STATEMENTS[statement])

    assert "damaged" in str(error)


async def test_doubt_without_a_reason_stays_a_doubt(journaled):
    """No row that may stand in the queue is pending."""
    error = await journaled.damaged("UPDATE sent_row SET fate = 'in_doubt', entry = '{}' WHERE chunk = 1")

    assert error is None


async def test_load_whose_rows_cannot_be_told_is_under_way_no_longer(journaled, monkeypatch):
    """Whatever is raised as the account is given, the file is closed, and the load can be taken up."""

    def broken(*_):
        raise RuntimeError("no account")

    with monkeypatch.context() as patched:
        patched.setattr(KnownRows, "outcome", broken)
        with pytest.raises(RuntimeError, match="no account"):
            await journaled.load(journaled.path)

    assert len((await journaled.load(journaled.path)).added) == 20
