"""What may stand at a journal's path: taken up as a new journal, or refused and left as it is."""

import asyncio
import contextlib
import os
import resource
import shutil
import socket
import sqlite3
import stat
import tempfile
from pathlib import Path

import pytest

from allo_async import AlloClient, AlloError, ConfigurationError, Journal, JournalError
from allo_async.journal.file import schema
from allo_async.sandbox import Sandbox
from tests.end_to_end.numbers import fates, us_numbers


@pytest.fixture(name="server")
async def _server():
    async with Sandbox(write_per_second=None, read_per_second=None) as sandbox:
        yield sandbox


@pytest.fixture(name="load")
async def _load(server):
    """Loads 30 rows with the journal at a path."""
    async with AlloClient(server.api_key, base_url=server.url) as allo:

        def load(path, rows=None, **options):
            rows = us_numbers(30) if rows is None else rows
            return allo.queue().append(rows, journal=Journal(path), load_id="monday", chunk_size=10, **options)

        yield load


def database(path, *statements):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.executescript(statement)


def killed(path, *statements):
    """What a process leaves that was killed after *statements*: the file, and what SQLite keeps beside it."""
    made = path.with_name("made")
    made.mkdir()
    with contextlib.closing(sqlite3.connect(made / path.name, isolation_level=None)) as connection:
        for statement in statements:
            connection.executescript(statement)
        for file in made.iterdir():
            shutil.copy(file, path.with_name(file.name))
    shutil.rmtree(made)


def beside(path, ending):
    return path.with_name(path.name + ending)


def hot(path, content):
    """A file of which a killed process had changed half: what was there before is in SQLite's rollback journal."""
    killed(
        path,
        "PRAGMA journal_mode = DELETE",
        *content,
        "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; PRAGMA user_version = 2;"
        " CREATE TABLE big (text); WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 99)"
        " INSERT INTO big SELECT zeroblob(4000) FROM n;",
    )
    assert beside(path, "-journal").stat().st_size > 0


UNFINISHED = {
    "nothing": lambda path: None,
    "empty": lambda path: path.touch(),
    "empty, and SQLite's files of a journal that is gone": lambda path: (
        [
            each.write_bytes(b"\x37\x7f\x06\x82" + b"x" * 5_000)
            for each in (beside(path, "-wal"), beside(path, "-shm"), beside(path, "-journal"))
        ]
        and path.touch()
    ),
    "SQLite's files of a journal that is gone": lambda path: (
        [each.write_bytes(b"x" * 5_000) for each in (beside(path, "-wal"), beside(path, "-shm"), beside(path, "-lock"))]
        and beside(path, "-lock").write_bytes(b"")
    ),
    "a header alone": lambda path: database(path, "PRAGMA journal_mode = WAL"),
    "a header, killed": lambda path: killed(path, "PRAGMA journal_mode = WAL"),
    "half of the schema": lambda path: killed(path, "PRAGMA journal_mode = WAL", schema().replace("COMMIT;", "")),
    "no load": lambda path: database(path, schema()),
    "no load, killed": lambda path: killed(path, "PRAGMA journal_mode = WAL", schema()),
    "killed as it was closed": lambda path: hot(path, [schema()]),
}


@pytest.mark.parametrize("state", UNFINISHED)
async def test_unfinished_journal_is_a_new_one(server, load, tmp_path, state):
    """Nothing was sent from it: it is shown as empty, all is loaded, and nothing is left beside it."""
    path = tmp_path / "monday.db"
    UNFINISHED[state](path)
    if path.exists():
        assert await Journal(path).loads() == []
        with pytest.raises(JournalError, match="no load 'monday'"):
            await Journal(path).rows("monday")

    result = await load(path)

    assert server.numbers() == us_numbers(30)
    assert [row.fate for row in await Journal(path).rows("monday")] == ["added"] * len(result.added)
    assert {file.name for file in tmp_path.iterdir()} - {"monday.db-journal"} == {"monday.db"}


OTHER = ("CREATE TABLE notes (text); INSERT INTO notes VALUES ('milk')",)


def bound(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


FOREIGN = {
    "another database": lambda path: database(path, *OTHER),
    "another database at work": lambda path: killed(path, "PRAGMA journal_mode = WAL", *OTHER),
    "another database to be taken back": lambda path: hot(path, OTHER),
    "a text": lambda path: path.write_text("Name,Phone\n" * 500, "utf-8"),
    "a short text": lambda path: path.write_text("hello", "utf-8"),
    "a directory": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a socket": bound,
    "a link to nothing": lambda path: path.symlink_to(path.with_name("elsewhere")),
    "a loop of links": lambda path: path.symlink_to(path),
    "a link as its lock": lambda path: beside(path, "-lock").symlink_to(path.with_name("elsewhere")),
}


def seen(folder):
    """All that stands in a folder, but for the memory that SQLite's readers share."""
    return {
        path.name: (stat.S_IFMT(path.lstat().st_mode), path.read_bytes() if path.is_file() else None)
        for path in folder.iterdir()
        if not path.name.endswith("-shm")
    }


@pytest.mark.parametrize("state", FOREIGN)
async def test_foreign_file_is_refused_and_left_as_it_is(server, load, tmp_path, state):
    """Nothing is sent, the file is named, and neither it nor anything beside it has changed."""
    path = tmp_path / "monday.db"
    FOREIGN[state](path)
    before = seen(tmp_path)

    with pytest.raises(JournalError, match="monday\\.db") as caught:
        await load(path)

    assert len(fates(caught.value.result)) == 30
    assert server.ledger.appends == []
    assert seen(tmp_path) == before
    if state in {"a directory", "a loop of links"}:
        assert len(caught.value.result.pending) == 30


async def test_device_is_no_journal(load):
    """A device is not written to."""
    with pytest.raises(JournalError, match="/dev/full is a device"):
        await load("/dev/full")


async def in_child(path, file_size=None):
    """What a load raises in a forked child that is no administrator, and may write so many bytes to a file."""

    async def load():
        async with AlloClient("ak_live_x", base_url="http://127.0.0.1:9") as allo:
            await allo.queue().append(us_numbers(30), journal=Journal(path), load_id="monday")

    # Where Python itself is an administrator's, another user's child cannot import what this needs.
    schema()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        told = "nothing"
        try:
            if file_size is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
            if os.getuid() == 0:
                os.setuid(65_534)
            asyncio.run(load())
        except AlloError as error:
            told = f"{error} {sorted(set(fates(error.result).values()))} {len(fates(error.result))}"
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent has to know
            told = repr(error)
        os.write(writer, told.encode())
        os._exit(0)
    os.close(writer)
    await asyncio.to_thread(os.waitpid, child, 0)
    with os.fdopen(reader) as told:
        return told.read()


@pytest.fixture(name="folder")
def _folder():
    """A folder that others than its owner can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize(
    ("mode", "folder_mode", "fate"),
    [(0o000, 0o755, "in doubt"), (None, 0o555, "pending"), (0o444, 0o555, "pending"), (None, 0o000, "in doubt")],
    ids=["unreadable file", "read-only folder", "read-only file and folder", "folder that cannot be entered"],
)
async def test_journal_without_permission_is_refused(folder, mode, folder_mode, fate):
    """The file is named, and every row is accounted for; where nobody can tell what was sent, it is in doubt."""
    path = folder / "in" / "monday.db"
    path.parent.mkdir()
    if mode is not None:
        database(path, schema())
        path.chmod(mode)
    path.parent.chmod(folder_mode)

    told = await in_child(path)

    assert str(path) in told
    assert f"['{fate}'] 30" in told
    path.parent.chmod(0o755)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("size", [0, 100, 4_096, 20_000, 40_000])
async def test_disk_that_fills_up_at_the_beginning_costs_nothing(server, load, folder, size):
    """Nothing is sent, the file is named, and with room on the disk the same load is done as if nothing had been."""
    path = folder / "monday.db"

    told = await in_child(path, size)

    assert f"the journal {path} cannot be used: the disk" in told
    # Where not even a reader has room for what it needs, nobody can tell that nothing was sent.
    assert told.endswith(("['pending'] 30", "['in doubt'] 30"))
    assert len((await load(path)).added) == 30


def checkpointed_in_part(path):
    """What a disk leaves that filled up while SQLite copied its log into the file: a page of it, and the whole log."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; VACUUM;")
        log = beside(path, "-wal").read_bytes()
        connection.execute("PRAGMA wal_checkpoint").fetchall()
        page = path.read_bytes()[:4_096]
    path.write_bytes(page)
    beside(path, "-wal").write_bytes(log)


async def test_journal_that_is_half_in_its_log_is_sound(server, load, tmp_path):
    """It is read, and the load is taken up: nothing is sent again."""
    path = tmp_path / "monday.db"
    await load(path)
    checkpointed_in_part(path)

    [told] = await Journal(path).loads()
    checkpointed_in_part(path)
    result = await load(path, us_numbers(40), on_changed_input="append")

    assert told.totals.added == 30
    assert len(result.added) == 40
    assert server.numbers() == us_numbers(40)


@pytest.mark.parametrize("path", [5, None, b"monday.db", "", " ", "monday\0.db", 2.5, ["monday.db"]])
def test_what_is_no_path_is_told(path):
    """A journal's path is a text or a path, and nothing else is taken for one."""
    with pytest.raises(ConfigurationError, match="path must be a path"):
        Journal(path)
