"""An input that has changed behind the place where a load ended, as only rows show that are not sent any more."""

import pytest

from allo_async import AlloClient, AlloError, InputChangedError, Journal, QueueFullError
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.end_to_end.numbers import fates, us_numbers

#: A list of which the queue holds the first third; the journal has of the rest the row that is of no use.
ROWS = [*us_numbers(120), "nope", *us_numbers(30, 120)]
ROOM = 50

NEW = "+12125550199"

CHANGED = {
    "another row": ([*ROWS[:120], NEW, *ROWS[121:]], 120),
    "a row more": ([*ROWS[:70], NEW, *ROWS[70:]], 120),
    "rows less": (ROWS[:110], 110),
    "a sent row moved there": ([ROWS[140], *ROWS[1:140], ROWS[0], *ROWS[141:]], 0),
}


@pytest.fixture(name="server")
async def _server():
    async with Sandbox(clock=FastClock(50), write_per_second=None, read_per_second=None) as sandbox:
        sandbox.fill(None, 1_000 - ROOM)
        yield sandbox


@pytest.fixture(name="journal")
def _journal(tmp_path):
    return Journal(tmp_path / "monday.db")


@pytest.fixture(name="load")
async def _load(server, journal):
    async with AlloClient(server.api_key, base_url=server.url, clock=FastClock(50), timeout=250) as allo:

        def load(rows, **options):
            return allo.queue().append(rows, chunk_size=10, journal=journal, load_id="x", **options)

        yield load


async def journaled(journal, result):
    """What the journal has of each row of a result; a row that it does not have was never sent."""
    written = {row.index: row.fate.replace("_", " ") for row in await journal.rows("x")}
    assert written.keys() <= fates(result).keys()
    return {index: written.get(index, "pending") for index in fates(result)}


@pytest.mark.parametrize("how", CHANGED)
@pytest.mark.parametrize("on_full_queue", ["raise", "stop"])
@pytest.mark.parametrize("of_a_generator", [False, True])
async def test_change_in_the_rest_is_raised(server, load, journal, how, on_full_queue, of_a_generator):
    """The error names the row, its result accounts for all, and the journal still has what was."""
    rows, where = CHANGED[how]
    with pytest.raises(QueueFullError):
        await load(ROWS)
    before = await journal.rows("x")

    with pytest.raises(InputChangedError, match=f"row {where} ") as caught:
        await load(iter(rows) if of_a_generator else rows, on_full_queue=on_full_queue)

    assert caught.value.index == where
    assert list(fates(caught.value.result)) == list(range(len(rows)))
    known = {row.number_to: row.index for row in caught.value.result.added}
    assert known == {number: rows.index(number) for number in ROWS[:ROOM]}
    assert len(server.numbers()) == 1_000
    assert await journal.rows("x") == before


@pytest.mark.parametrize("how", CHANGED)
@pytest.mark.parametrize("on_full_queue", ["raise", "stop"])
async def test_change_in_the_rest_is_taken_over(load, journal, how, on_full_queue):
    """With on_changed_input="append" it is the input from then on: the journal has what the result has."""
    rows, _ = CHANGED[how]
    with pytest.raises(QueueFullError):
        await load(ROWS)

    for options in ({"on_changed_input": "append"}, {}):
        try:
            result = await load(rows, on_full_queue=on_full_queue, **options)
        except QueueFullError as error:
            result = error.result

        assert list(fates(result)) == list(range(len(rows)))
        assert sum(fate == "added" for fate in fates(result).values()) == ROOM
        assert await journaled(journal, result) == fates(result)


@pytest.mark.parametrize("how", ["another row", "rows less"])
async def test_change_in_the_rest_is_raised_whatever_ended_the_load(server, load, how):
    """Also behind a refusal of another kind, every row is accounted for."""
    rows, where = CHANGED[how]
    with pytest.raises(QueueFullError):
        await load(ROWS)
    server.script(faults.error(403, "FORBIDDEN"))

    with pytest.raises(InputChangedError, match=f"row {where} ") as caught:
        await load(rows)

    assert list(fates(caught.value.result)) == list(range(len(rows)))


async def test_spread_that_ends_before_it_takes_a_changed_input_accounts_for_it(server, journal):
    """The rows behind the change are in the error's result too."""
    rows = us_numbers(30)
    options = {"chunk_size": 10, "journal": journal, "load_id": "x"}
    async with AlloClient(server.api_key, base_url=server.url, clock=FastClock(50), timeout=250) as allo:
        over = [allo.queue(email="marie@acme.example"), allo.queue(email="tom@acme.example")]
        await allo.spread(rows, over=over, **options)
        server.script(faults.stall(), method="GET")

        with pytest.raises(AlloError) as caught:
            await allo.spread([*rows[:5], NEW, *rows[6:]], over=over, deadline=20, **options)

    told = fates(caught.value.result)
    assert told == dict.fromkeys(range(30), "added") | {5: "pending"}
