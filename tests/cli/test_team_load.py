"""`load` for a team: one list over several reps, full queues, plans."""

import asyncio
import json

import pytest

from allo_async import AlloClient, Totals
from allo_async.cli.job import Lead, RepLoad
from allo_async.cli.options import LoadOptions
from allo_async.cli.spreading import spread_all
from allo_async.sandbox import faults
from tests.end_to_end.numbers import us_numbers

REPS = ("marie@acme.example", "tom@acme.example", "ana@acme.example")
TO = [part for rep in REPS for part in ("--to", rep)]


@pytest.fixture(name="leads")
def _leads(tmp_path):
    def write(rows):
        path = tmp_path / "leads.csv"
        path.write_text("Phone\n" + "\n".join(rows) + "\n", "utf-8")
        return path

    return write


def test_one_list_over_several_reps(sandbox, run, leads):
    """Several --to share the rows alike, in order, each row in one queue; the table tells each rep's part."""
    numbers = us_numbers(10)

    result = run("load", leads([*numbers, "nope"]), *TO, "--json", code=0)

    assert [sandbox.numbers(rep) for rep in REPS] == [numbers[0::3], numbers[1::3], numbers[2::3]]
    told = json.loads(result.stdout)
    assert [(rep["rep"], rep["added"], rep["skipped"]) for rep in told["reps"]] == [
        (REPS[0], 4, 0),
        (REPS[1], 3, 0),
        (REPS[2], 3, 0),
        ("(no queue)", 0, 1),
    ]
    assert told["totals"] == {"rows": 11, "added": 10, "skipped": 1, "pending": 0, "in_doubt": 0}
    assert REPS[0] in run("load", leads(numbers), *TO, "--skip-queued", "--fresh", code=0).stdout
    assert len(sandbox.numbers(REPS[0])) == 4


def test_one_rep_after_another(sandbox, run, leads):
    """--strategy fill fills the first queue first; what no queue holds is pending, with its own file."""
    for rep in REPS:
        sandbox.fill(rep, 998)
    path = leads(us_numbers(7))

    run("load", path, *TO, "--strategy", "fill", "--json", code=3)

    assert [sandbox.numbers(rep)[998:] for rep in REPS] == [us_numbers(2), us_numbers(2, 2), us_numbers(2, 4)]
    written = path.with_name("leads.not-added.csv").read_text("utf-8-sig").splitlines()
    assert written == ["Phone,allo_reason", f"{us_numbers(7)[6]},PENDING"]


def test_unknown_rep_leaves_the_rows_to_the_others(sandbox, run, leads):
    """A rep whom nobody knows is told, and the others take everything."""
    result = run("load", leads(us_numbers(4)), "--to", "nobody@acme.example", "--to", REPS[0], code=0)

    assert sandbox.numbers(REPS[0]) == us_numbers(4)
    assert "ASSIGNEE_NOT_FOUND" in result.stdout


def test_rows_in_doubt_keep_their_rep(sandbox, run, leads):
    """A row that a queue's answer leaves out is in doubt with that queue."""
    sandbox.script(faults.leave_out(0), at=1, when=lambda request: b"tom@" in request.body)
    sandbox.script(faults.leave_out(0), when=lambda request: b"tom@" in request.body, times=1)

    told = json.loads(run("load", leads(us_numbers(6)), *TO, "--json", code=4).stdout)

    assert [(rep["rep"], rep["in_doubt"]) for rep in told["reps"]] == [(REPS[0], 0), (REPS[1], 1), (REPS[2], 0)]


def test_full_queue_stops_or_is_waited_for(sandbox, run, leads):
    """--on-full-queue stop leaves the rest pending without an error; wait gets it in as the rep calls."""
    sandbox.fill(REPS[0], 999)

    told = json.loads(
        run("load", leads(us_numbers(3)), "--to", REPS[0], "--on-full-queue", "stop", "--json", code=3).stdout
    )

    assert (told["totals"]["pending"], told["reps"][0]["error"]) == (2, None)
    assert "goes with one queue" in run("load", leads(us_numbers(3)), *TO, "--on-full-queue", "wait", code=2).stderr


def test_plan_writes_nothing(sandbox, run, leads):
    """--plan tells what would happen, for people and for machines, to one rep or several."""
    sandbox.fill(REPS[0], 995)
    path = leads([*us_numbers(8), "nope"])

    one = run("load", path, "--to", REPS[0], "--plan", code=0).stdout
    several = json.loads(run("load", path, *TO, "--plan", "--json", code=0).stdout)

    assert "5 to send" in one
    assert "3 pending" in one
    assert (several[0]["sent"], several[0]["pending"], several[0]["skipped"]) == (8, 0, {"INVALID_PHONE_NUMBER": 1})
    assert sandbox.ledger.appends == []


@pytest.mark.parametrize("twice", [False, True])
def test_interrupted_spread_tells_what_it_did(sandbox, twice):
    """The first Ctrl-C settles what is under way, the second cuts it off; both leave every row with its fate."""
    leads = [Lead(line, {"number": number}) for line, number in enumerate(us_numbers(12), start=2)]
    stop = asyncio.Event()

    async def interrupt():
        async with AlloClient() as allo:
            sandbox.script(faults.commit_and_stall(seconds=0.2), when=lambda request: b"tom@" in request.body)
            spread = spread_all(
                allo, REPS, RepLoad(None, leads), "even", LoadOptions(chunk_size=2), lambda _: None, stop
            )
            task = asyncio.create_task(spread)
            while len(sandbox.numbers(REPS[1])) < 2:
                await asyncio.sleep(0.001)
            stop.set()
            if twice:
                task.cancel()
            return await task

    loads, finished = asyncio.run(interrupt())

    assert not finished
    totals = sum((load.totals for load in loads), Totals())
    assert totals.rows == 12
    assert (totals.in_doubt > 0) == twice
    queued = sum(len(sandbox.numbers(rep)) for rep in REPS)
    assert totals.added <= queued <= totals.added + totals.in_doubt
    assert sum(len(load.reasons()) for load in loads) == 12 - totals.added
