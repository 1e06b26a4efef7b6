"""A load that is written down as it goes, and taken up again."""

import asyncio
import contextlib
import csv
import pickle
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from allo_async import (
    AlloClient,
    AlloError,
    ConfigurationError,
    Contact,
    InputChangedError,
    Journal,
    JournalBusyError,
    JournalError,
    QueueFullError,
    Totals,
    errors,
)
from allo_async.journal import store
from allo_async.sandbox import faults
from tests.end_to_end.numbers import fates, us_numbers

ROOT = Path(__file__).parents[2]


@pytest.fixture(name="journal")
def _journal(tmp_path):
    return Journal(tmp_path / "monday.db")


@pytest.fixture(name="load")
def _load(allo, journal):
    """Loads rows into the key owner's queue, always as the same load."""

    def load(rows, **options):
        return allo.queue().append(rows, **{"chunk_size": 10, "journal": journal, "load_id": "monday", **options})

    return load


def tables(journal, question):
    with contextlib.closing(sqlite3.connect(journal.path)) as connection:
        return connection.execute(question).fetchall()


def kinds_of_rows(count):
    """As many numbers as contacts, mappings and strings, and a few rows of no use."""
    numbers = us_numbers(count)
    numbers[1::3] = [{"number": number, "name": "Zoë", "emails": ["z@acme.com"]} for number in numbers[1::3]]
    numbers[2::3] = [Contact(number, company="Acme") for number in numbers[2::3]]
    return [*numbers, "nope", {"number": 5}, us_numbers(1)[0], "+1 123 456 7890", {"number": "\ud800"}, None]


async def test_finished_load_is_not_sent_again(sandbox, load):
    """The same rows under the same load_id give the same result, and no write."""
    first = await load(kinds_of_rows(25))
    sent = len(sandbox.ledger.appends)

    again = await load(kinds_of_rows(25))

    assert again == first
    assert first.totals == Totals(added=25, skipped=6)
    assert len(sandbox.ledger.appends) == sent


async def test_stopped_load_goes_on_behind_what_is_settled(sandbox, load):
    """What was sent is told from the journal, and the rest is sent, in order."""
    sandbox.script(faults.error(403, "FORBIDDEN"), at=3)
    with pytest.raises(AlloError):
        await load(us_numbers(50))

    result = await load(us_numbers(50))

    assert sandbox.numbers() == us_numbers(50)
    assert [row.position for row in result.added] == list(range(50))
    assert [len(request.added) for request in sandbox.ledger.appends] == [10, 10, 0, 10, 10, 10]


async def test_stream_yields_what_is_settled_too(sandbox, allo, journal):
    """A stream that is taken up again gives every batch, from the journal first."""
    options = {"chunk_size": 10, "journal": journal, "load_id": "monday"}
    async with allo.queue().append_stream(us_numbers(30), **options) as stream:
        await anext(stream)

    async with allo.queue().append_stream(iter(us_numbers(30)), **options) as stream:
        batches = [[row.position for row in batch.added] async for batch in stream]

    assert batches == [list(range(start, start + 10)) for start in (0, 10, 20)]
    assert sandbox.numbers() == us_numbers(30)


async def test_other_chunk_size_is_no_hindrance(sandbox, load):
    """What is settled is settled row by row."""
    sandbox.script(faults.error(403, "FORBIDDEN"), at=2)
    with pytest.raises(AlloError):
        await load(us_numbers(40), chunk_size=7)

    await load(us_numbers(40), chunk_size=25)

    assert sandbox.numbers() == us_numbers(40)


async def test_answer_lost_to_one_run_is_found_by_the_next(sandbox, clock, load, journal):
    """A chunk in doubt is settled by the next run: by a look, or by sending the same bytes under the same key."""
    sandbox.script(faults.commit_and_stall(), at=2, times=1)
    with pytest.raises(AlloError) as caught:
        await load(us_numbers(30), deadline=50)
    assert caught.value.result.totals == Totals(added=10, in_doubt=10, pending=10)
    assert [load.totals for load in await journal.loads()] == [Totals(added=10, in_doubt=10)]

    result = await load(us_numbers(30))

    assert fates(result) == dict.fromkeys(range(30), "added")
    assert sandbox.numbers() == us_numbers(30)
    assert result.recovered == 1


async def test_next_run_knows_that_nobody_knew_how_the_queue_ended(sandbox, clock, load, journal):
    """Where even the look before failed, the numbers may have stood there before: in doubt, and never sent again."""
    sandbox.script(faults.error(403, "FORBIDDEN"), method="GET", at=1, times=1)
    sandbox.script(faults.commit_and_stall(), at=1, times=1)
    with pytest.raises(AlloError):
        await load(us_numbers(10), deadline=50)

    result = await load(us_numbers(10))

    assert fates(result) == dict.fromkeys(range(10), "in doubt")
    assert "may have stood there before" in result.in_doubt[0].reason
    assert sandbox.numbers() == us_numbers(10)


async def test_chunk_that_never_left_keeps_its_key(sandbox, load):
    """Nothing landed: the same bytes go out under the key that was written down."""
    sandbox.script(faults.stall(), at=1, times=1)
    with pytest.raises(AlloError):
        await load(us_numbers(10), deadline=50)

    await load(us_numbers(10))

    first, second = sandbox.ledger.appends
    assert (first.idempotency_key, first.body) == (second.idempotency_key, second.body)


async def test_full_queue_leaves_the_rest_for_later(sandbox, load):
    """Rows that were refused are sent by a later run, when there is room."""
    sandbox.fill(None, 985)
    with pytest.raises(QueueFullError):
        await load(us_numbers(40))
    user = sandbox.users[0].id
    queue = sandbox._team.queue_of(user, user)
    queue.remove(queue.entries[:500], sandbox._now())

    result = await load(us_numbers(40))

    assert fates(result) == dict.fromkeys(range(40), "added")
    assert sandbox.numbers()[-40:] == us_numbers(40)


async def test_what_this_load_queued_itself_is_no_repeat(sandbox, load):
    """skip_queued leaves out what others queued, and not what an earlier run of the same load did."""
    sandbox.fill(None, 1)
    stranger = sandbox.numbers()[0]
    sandbox.script(faults.error(403, "FORBIDDEN"), at=3)
    rows = [*us_numbers(20), stranger, *us_numbers(5, 50)]
    with pytest.raises(AlloError):
        await load(rows, skip_queued=True)

    result = await load(rows, skip_queued=True)

    assert [(row.index, row.reason) for row in result.skipped] == [(20, "ALREADY_QUEUED")]
    assert sandbox.numbers() == [stranger, *us_numbers(20), *us_numbers(5, 50)]


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([*us_numbers(12), "+12125550099", *us_numbers(12, 13)], 12),
        (us_numbers(20), 20),
        (us_numbers(26), 25),
        ([{"number": number} for number in us_numbers(25)], 0),
    ],
    ids=["another row", "a row less", "a row more", "written otherwise"],
)
async def test_changed_input_is_refused_and_says_where(sandbox, load, rows, where):
    """Before anything is sent, the first row that differs is named."""
    await load(us_numbers(25))
    sent = len(sandbox.ledger.appends)

    with pytest.raises(InputChangedError, match=f"row {where} ") as caught:
        await load(rows)

    assert caught.value.index == where
    assert len(sandbox.ledger.appends) == sent
    # What the journal knows keeps its fate, wherever it stands now; only what is new is pending.
    known = set(us_numbers(25))
    told = {
        row if isinstance(row, str) else row["number"]: fate
        for row, fate in zip(rows, fates(caught.value.result).values(), strict=True)
    }
    assert {number for number, fate in told.items() if fate == "pending"} == told.keys() - known


async def test_only_what_is_new_is_appended(sandbox, load, journal, tmp_path):
    """With on_changed_input="append", rows are known by what they say, wherever they stand now."""
    await load(us_numbers(25))
    numbers = us_numbers(28)
    rows = [numbers[27], *reversed(numbers[:25]), numbers[26], numbers[25]]

    result = await load(rows, on_changed_input="append")

    assert fates(result) == dict.fromkeys(range(28), "added")
    assert sandbox.numbers() == [*numbers[:25], numbers[27], numbers[26], numbers[25]]
    assert [row.number_to for row in result.added] == rows
    assert [load.totals for load in await journal.loads()] == [Totals(added=28)]
    assert await journal.to_csv(tmp_path / "fates.csv", "monday") == 28
    # And from then on, this is the input.
    assert await load(rows) == result
    with pytest.raises(InputChangedError):
        await load(us_numbers(25))
    assert len(sandbox.numbers()) == 28


async def test_changed_input_takes_up_what_was_in_flight(sandbox, load):
    """A chunk whose answer was lost is settled though its rows come in another order now."""
    sandbox.script(faults.commit_and_stall(), at=1, times=1)
    numbers = us_numbers(20)
    with pytest.raises(AlloError):
        await load(numbers, deadline=50)

    result = await load([*us_numbers(1, 100), *reversed(numbers)], on_changed_input="append")

    assert fates(result) == dict.fromkeys(range(21), "added")
    assert sorted(sandbox.numbers()) == sorted([*us_numbers(1, 100), *numbers])


async def test_repeats_kept_on_purpose_are_counted(sandbox, load):
    """A row that is there twice is sent twice, and a third one is new."""
    one = us_numbers(1)
    await load(one * 2, keep_duplicates=True)

    result = await load(one * 3, keep_duplicates=True, on_changed_input="append")

    assert sandbox.numbers() == one * 3
    assert [row.position for row in result.added] == [0, 1, 2]


async def test_other_terms_are_refused(sandbox, allo, journal, load):
    """A load is taken up for the same queue, server and region only."""
    await load(us_numbers(3))

    with pytest.raises(JournalError, match="another region"):
        await load(us_numbers(3), region="FR")
    with pytest.raises(JournalError, match="another queue"):
        await allo.queue(email="tom@acme.example").append(us_numbers(3), journal=journal, load_id="monday")


@pytest.mark.parametrize(
    "options",
    [{"journal": None}, {"load_id": ""}, {"journal": ""}, {"on_changed_input": "never"}],
    ids=["no journal", "empty load_id", "no path", "unknown way"],
)
async def test_options_of_a_journal_are_checked(load, options):
    """A load that is named needs a journal, and a name and a path are not empty."""
    with pytest.raises(ConfigurationError):
        await load([], **options)


async def test_path_is_enough_for_a_journal(sandbox, allo, tmp_path, monkeypatch):
    """A path stands for the journal at it, and the load needs no name where it is the only one."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.DeadlineExceededError):
        await allo.queue().append(us_numbers(30), chunk_size=10, journal="monday.db", deadline=0)

    result = await allo.queue().append(us_numbers(30), chunk_size=10, journal=tmp_path / "monday.db")

    assert sandbox.numbers() == us_numbers(30)
    assert len(result.added) == 30
    journal = Journal("monday.db")
    assert [row.fate for row in await journal.rows()] == ["added"] * 30
    assert len(await journal.loads()) == 1


async def test_journal_for_one_load_refuses_another(sandbox, allo, tmp_path):
    """Another list, or another queue, under the same name is told, and the words say what to do; nothing is sent."""
    journal = tmp_path / "monday.db"
    await allo.queue().append(us_numbers(3), journal=journal)

    with pytest.raises(errors.InputChangedError, match="load_id"):
        await allo.queue().append(us_numbers(3, 10), journal=journal)
    with pytest.raises(errors.JournalError, match="load_id"):
        await allo.queue(email="tom@acme.example").append(us_numbers(3), journal=journal)

    assert sandbox.numbers() == us_numbers(3)
    assert sandbox.numbers("tom@acme.example") == []


async def test_spread_is_taken_up_with_the_same_deal(sandbox, allo, journal):
    """Each row goes to the queue it was dealt to, in order, though the queues have come differently far."""
    over = [allo.queue(email=user.email) for user in sandbox.users[1:]]
    numbers = us_numbers(90)
    sandbox.script(faults.error(403, "FORBIDDEN"), when=lambda request: b"tom@" in request.body, times=1)
    second = iter([False, True])
    sandbox.script(faults.stall(), when=lambda request: b"ana@" in request.body and next(second, False))
    with pytest.raises(AlloError):
        await allo.spread(numbers, over=over, chunk_size=10, journal=journal, load_id="x", deadline=100)

    result = await allo.spread(numbers, over=over, chunk_size=10, journal=journal, load_id="x")

    queues = [sandbox.numbers(user.email) for user in sandbox.users[1:]]
    assert queues == [numbers[0::3], numbers[1::3], numbers[2::3]]
    assert fates(result) == dict.fromkeys(range(90), "added")
    assert [result.placed[index] for index in range(90)] == [0, 1, 2] * 30
    assert result == await allo.spread(numbers, over=over, chunk_size=10, journal=journal, load_id="x")


async def test_spread_goes_on_as_it_was_dealt_though_room_has_come(sandbox, allo, journal):
    """A queue that was worked off meanwhile gets what it was dealt, and not what another one was to get."""
    marie, tom = (user.email for user in sandbox.users[1:3])
    sandbox.fill(marie, 980)
    over = [allo.queue(email=marie), allo.queue(email=tom)]
    options = {"over": over, "strategy": "fill", "chunk_size": 10, "journal": journal, "load_id": "x"}
    sandbox.script(faults.stall(), times=2)
    with pytest.raises(AlloError):
        await allo.spread(us_numbers(60), deadline=50, **options)
    user = sandbox._found(marie)
    queue = sandbox._team.queue_of(user.id, user.id)
    queue.remove(queue.entries[:500], sandbox._now())

    await allo.spread(us_numbers(60), **options)

    assert sandbox.numbers(marie)[480:] == us_numbers(20)
    assert sandbox.numbers(tom) == us_numbers(40, 20)


async def test_changed_spread_keeps_apart_what_is_still_in_flight(sandbox, allo, journal):
    """A chunk that cannot be settled yet keeps its rows in the order of its bytes, whatever the input has become."""
    marie, tom = (user.email for user in sandbox.users[1:3])
    over = [allo.queue(email=marie), allo.queue(email=tom)]
    options = {"over": over, "chunk_size": 10, "journal": journal, "load_id": "x", "on_changed_input": "append"}
    numbers = us_numbers(20)
    sandbox.script(faults.commit_and_stall(), when=lambda request: b"tom@" in request.body, times=1)
    with pytest.raises(AlloError):
        await allo.spread(numbers, deadline=50, **options)
    forbidden, refused = [True], faults.error(403, "FORBIDDEN")
    sandbox.script(refused, when=lambda request: b"tom@" in request.body and bool(forbidden))
    sandbox.script(refused, method="GET", when=lambda request: request.query.get("email") == tom and bool(forbidden))
    doubtful = await allo.spread(list(reversed(numbers)), **options)
    assert len(doubtful.in_doubt) == 10
    forbidden.clear()

    result = await allo.spread(list(reversed(numbers)), **options)

    assert fates(result) == dict.fromkeys(range(20), "added")
    assert [row.number_to for row in result.added] == list(reversed(numbers))
    assert sandbox.numbers(tom) == numbers[1::2]


async def test_loads_of_one_journal_run_at_once(sandbox, allo, journal):
    """Several loads share a file; the same load twice is refused, and can be run when the first is done."""
    emails = [user.email for user in sandbox.users]
    loads = [
        allo.queue(email=email).append(us_numbers(30), chunk_size=5, journal=Journal(journal.path), load_id=email)
        for email in emails
    ]
    results = await asyncio.gather(*loads)
    assert {len(result.added) for result in results} == {30}

    twice = [allo.queue().append(us_numbers(30, 500), journal=journal, load_id="x") for _ in range(2)]
    first, second = await asyncio.gather(*twice, return_exceptions=True)

    assert len(first.added) == 30
    assert isinstance(second, JournalBusyError)
    # A row is in doubt while the first load may be sending it, and added once that is told.
    assert set(fates(second.result).values()) <= {"in doubt", "added"}
    assert set(fates(second.result)) == set(range(30))
    assert len(sandbox.numbers()) == 60


HOLDER = """
import asyncio, sys
from allo_async.journal.journal import Journal
from allo_async.clock import SystemClock

async def main():
    log = await Journal(sys.argv[1])._open_load("x", {}, clock=SystemClock(), on_changed_input="raise")
    print("open", flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


async def test_second_process_is_refused(sandbox, load, journal, monkeypatch):
    """Two processes never load with the same journal; a process that died has let it go."""
    monkeypatch.setattr(store, "_FILE_LOCK_TIMEOUT", 0.01)
    holder = subprocess.Popen(  # noqa: ASYNC220 - it is only waited for where it has answered
        [sys.executable, "-c", HOLDER, str(journal.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    with holder:
        assert holder.stdout.readline() == b"open\n"

        with pytest.raises(JournalBusyError, match=r"another process works with the journal monday\.db"):
            await load(us_numbers(3))
        assert sandbox.ledger.appends == []
        assert [load.load_id for load in await journal.loads()] == ["x"]
        holder.kill()

    assert len((await load(us_numbers(3))).added) == 3


async def test_file_is_its_owner_s_alone(load, journal):
    """Numbers stand in it: nobody else may read it, nor what SQLite keeps beside it."""
    seen = {}

    async def rows():
        for number in us_numbers(20):
            seen.update({path.name: stat.S_IMODE(path.stat().st_mode) for path in journal.path.parent.iterdir()})
            yield number

    await load(rows())

    assert {"monday.db", "monday.db-lock", "monday.db-wal"} <= seen.keys()
    assert set(seen.values()) == {0o600}


async def test_journal_at_rest_is_one_file(load, journal):
    """Once nobody loads with it, what SQLite keeps beside it is gone, and looking at it leaves nothing either."""
    await load(us_numbers(5))
    async with asyncio.timeout(10):
        while journal.path.with_name("monday.db-wal").exists():
            await asyncio.sleep(0.01)

    await journal.loads()

    assert {path.name for path in journal.path.parent.iterdir()} == {"monday.db"}


async def test_names_are_kept_only_while_they_are_on_their_way(sandbox, load, journal):
    """Once a chunk is settled, its bytes are gone from the tables; its hash stays."""
    await load([{"number": us_numbers(1)[0], "name": "Zoë", "company": "Acme"}])

    ((state, body, digest),) = tables(journal, "SELECT state, body, length(body_sha256) FROM chunk")
    assert (state, body, digest) == ("settled", None, 64)


def spoil(path, how):
    path.write_bytes(b"x" * 5_000 if how == "damaged" else b"")
    if how == "damaged":
        return
    with contextlib.closing(sqlite3.connect(path)) as connection:
        if how == "of another program":
            connection.execute("CREATE TABLE notes (text)")
        if how == "newer":
            connection.executescript(f"PRAGMA application_id = {0x416C6C6F}; PRAGMA user_version = 3;")


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("damaged", "it is damaged, or no journal at all"),
        ("of another program", "but no journal of loads"),
        ("newer", "of version 3, and this library knows up to 2: update it"),
    ],
)
async def test_unusable_journal_is_told_before_anything_is_sent(sandbox, load, journal, how, told):
    """The file is left alone; an earlier run may have sent any row, which nobody can tell now."""
    spoil(journal.path, how)
    content = journal.path.read_bytes()

    with pytest.raises(JournalError, match=told) as caught:
        await load(us_numbers(30))

    assert fates(caught.value.result) == dict.fromkeys(range(30), "in doubt")
    assert "the journal was not read" in caught.value.result.in_doubt[0].reason
    assert sandbox.ledger.appends == []
    assert journal.path.read_bytes() == content
    with pytest.raises(JournalError, match=told):
        await journal.loads()


async def test_folder_that_is_not_there_is_told(sandbox, allo, tmp_path):
    """A journal in a folder that does not exist is an error, and not a folder."""
    with pytest.raises(JournalError, match="cannot be used: No such file or directory") as caught:
        await allo.queue().append(us_numbers(3), journal=Journal(tmp_path / "none" / "x.db"), load_id="x")
    # Where there was no journal, there was no earlier run.
    assert fates(caught.value.result) == dict.fromkeys(range(3), "pending")
    with pytest.raises(JournalError, match="there is no journal"):
        await Journal(tmp_path / "x.db").loads()


async def test_changed_bytes_are_noticed(sandbox, load, journal):
    """What was on its way must be the very bytes: anything else is not sent."""
    sandbox.script(faults.stall(), at=1, times=1)
    with pytest.raises(AlloError):
        await load(us_numbers(10), deadline=50)
    with contextlib.closing(sqlite3.connect(journal.path)) as connection:
        connection.execute("UPDATE chunk SET body = CAST(replace(body, '2000005', '2999999') AS BLOB)")
        connection.commit()

    with pytest.raises(JournalError, match="does not hold what was sent"):
        await load(us_numbers(10))

    assert len(sandbox.ledger.appends) == 1


@pytest.fixture(name="pragma")
def _pragma(monkeypatch):
    """Runs a PRAGMA on each journal as it is opened."""
    connect = sqlite3.connect

    def with_pragma(pragma):
        def connected(path, **options):
            connection = connect(path, **options)
            if not str(path).endswith("-lock"):
                connection.execute(pragma)
            return connection

        monkeypatch.setattr(store.sqlite3, "connect", connected)

    return with_pragma


async def test_read_only_journal_is_told_before_anything_is_sent(sandbox, load, pragma):
    """What cannot be written down is not sent."""
    await load(us_numbers(3), load_id="before")
    pragma("PRAGMA query_only = ON")

    with pytest.raises(JournalError, match="it is read-only") as caught:
        await load(us_numbers(30, 100))

    # It can be read, and so it is known that none of these was ever sent.
    assert fates(caught.value.result) == dict.fromkeys(range(30), "pending")
    assert len(sandbox.ledger.appends) == 1


@pytest.mark.parametrize("pages", [1, 2, 8, 9, 10, 11, 12, 13, 14, 16, 18, 20, 22])
async def test_full_disk_stops_the_load_with_its_accounts(sandbox, load, journal, pragma, pages):
    """Wherever it fills up, the error tells every row's fate, and nothing was sent that is not in the journal."""
    pragma(f"PRAGMA max_page_count = {pages}")
    rows = [{"number": number, "name": "Z" * 100} for number in us_numbers(300)]

    with pytest.raises(JournalError, match="the disk is full") as caught:
        await load(rows, chunk_size=20)

    result = caught.value.result
    assert list(fates(result)) == list(range(300))
    assert [row.number_to for row in result.added] == sandbox.numbers()
    sent = {request.idempotency_key for request in sandbox.ledger.appends}
    if sent:
        assert sent <= {key for (key,) in tables(journal, "SELECT idempotency_key FROM chunk")}


@pytest.mark.parametrize("pages", [9, 11, 13, 15, 18])
async def test_full_disk_stops_a_spread_with_its_accounts(sandbox, allo, journal, pragma, pages):
    """No queue gets anything any more that is not in the journal."""
    pragma(f"PRAGMA max_page_count = {pages}")
    over = [allo.queue(email=user.email) for user in sandbox.users[1:]]

    with pytest.raises(JournalError, match="the disk is full") as caught:
        await allo.spread(us_numbers(600), over=over, chunk_size=10, journal=journal, load_id="x")

    result = caught.value.result
    assert list(fates(result)) == list(range(600))
    added = sorted(row.number_to for row in result.added)
    assert added == sorted(number for user in sandbox.users for number in sandbox.numbers(user.email))
    sent = {request.idempotency_key for request in sandbox.ledger.appends}
    assert not sent or sent <= {key for (key,) in tables(journal, "SELECT idempotency_key FROM chunk")}


async def test_load_that_a_full_disk_stopped_goes_on(sandbox, load, pragma):
    """With room on the disk, it ends as if nothing had been."""
    rows = [{"number": number, "name": "Z" * 100} for number in us_numbers(300)]
    pragma("PRAGMA max_page_count = 18")
    with pytest.raises(JournalError):
        await load(rows, chunk_size=20)
    pragma("PRAGMA max_page_count = 1000000")

    result = await load(rows, chunk_size=20)

    assert sandbox.numbers() == us_numbers(300)
    assert fates(result) == dict.fromkeys(range(300), "added")


async def test_journal_locked_by_another_program_is_told(sandbox, load, journal, monkeypatch):
    """Somebody has the file open in a tool: the load ends after a while, with its accounts."""
    await load(us_numbers(3), load_id="before")
    monkeypatch.setattr(store, "_BUSY_TIMEOUT", 0.01)
    with contextlib.closing(sqlite3.connect(journal.path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="another program has it locked") as caught:
            await load(us_numbers(30, 100))

    assert fates(caught.value.result) == dict.fromkeys(range(30), "pending")


async def test_csv_tells_every_row(sandbox, load, journal, tmp_path):
    """The export has each row the journal knows, with its fate, reason, place and queue."""
    sandbox.script(faults.stall(), at=2, times=1)
    with pytest.raises(AlloError):
        await load(["nope", *us_numbers(9), "+1 123 456 7890", *us_numbers(15, 9)], deadline=50)
    out = tmp_path / "fates.csv"

    count = await journal.to_csv(out, "monday")

    with out.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert count == len(rows) == 21
    assert rows[0] == {
        "index": "0",
        "number": "nope",
        "fate": "skipped",
        "reason": "INVALID_PHONE_NUMBER",
        "position": "",
        "queue": "",
    }
    assert (rows[1]["fate"], rows[1]["position"], rows[1]["queue"]) == ("added", "0", "(key owner)")
    assert {row["fate"] for row in rows[11:]} == {"in_doubt"}
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with pytest.raises(JournalError, match="no load 'tuesday'"):
        await journal.to_csv(out, "tuesday")


async def test_forgotten_load_begins_anew(sandbox, load, journal):
    """forget() deletes what the journal has of one load, and leaves the others."""
    await load(us_numbers(5))
    await load(us_numbers(5, 100), load_id="tuesday")
    await journal.forget("monday")

    assert [load.load_id for load in await journal.loads()] == ["tuesday"]
    await load(us_numbers(5))
    assert sandbox.numbers() == [*us_numbers(5), *us_numbers(5, 100), *us_numbers(5)]


async def test_errors_and_results_keep_their_secrets(sandbox, load, journal):
    """They pickle, and print neither a number, nor a name, nor a key."""
    sandbox.script(faults.commit_and_stall(), at=2, times=1)
    rows = [{"number": number, "name": "Marie"} for number in us_numbers(30)]
    with pytest.raises(AlloError) as caught:
        await load(rows, deadline=50)
    result = await load(rows)
    with pytest.raises(InputChangedError) as changed:
        await load(rows[:20])

    for told in (caught.value, changed.value, result, caught.value.result, *await journal.loads(), journal):
        revived = pickle.loads(pickle.dumps(told))
        assert str(revived) == str(told) or told is journal
        for text in (str(told), repr(told)):
            assert not {"Marie", sandbox.api_key, "2122000"} & set(text.split())
            assert "2122000" not in text
    keys = {request.idempotency_key for request in sandbox.ledger.appends}
    assert not [key for key in keys if key in str(caught.value) + repr(caught.value.result)]


async def test_journal_belongs_to_no_loop(sandbox, clock, journal):
    """One journal serves loads on one event loop after another."""

    def elsewhere(start):
        async def run():
            async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo:
                return await allo.queue().append(us_numbers(5, start), journal=journal, load_id=str(start))

        return asyncio.run(run())

    for start in (0, 5, 10):
        assert len((await asyncio.to_thread(elsewhere, start)).added) == 5
    assert sandbox.numbers() == us_numbers(15)
