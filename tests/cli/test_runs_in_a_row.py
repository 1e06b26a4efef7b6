"""Any runs of `load` in a row, over a file that is edited and reps that change: what is told agrees with the queues."""

import asyncio
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from allo_async import AlloClient, Totals
from allo_async.cli import running
from allo_async.cli.job import Lead, RepLoad
from allo_async.cli.options import LoadOptions
from allo_async.cli.running import LoadJob
from allo_async.journal.list_journal import ListJournal
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.end_to_end.numbers import us_numbers

REPS = ("marie@acme.example", "tom@acme.example", "ana@acme.example")
NUMBERS = us_numbers(60)

edits = st.one_of(
    st.none(),
    st.tuples(st.just("insert"), st.integers(0, 30), st.sampled_from(NUMBERS)),
    st.tuples(st.just("remove"), st.integers(0, 30)),
    st.tuples(st.just("swap"), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("rename"), st.integers(0, 30)),
)
mishaps = st.sampled_from([None, None, None, "lost reply", "deadline", "forbidden", "row left out"])
runs = st.fixed_dictionaries(
    {
        "edit": edits,
        "reps": st.permutations(REPS).flatmap(lambda reps: st.integers(1, 3).map(lambda count: reps[:count])),
        "by_column": st.booleans(),
        "changed": st.sampled_from(["append", "append", "raise"]),
        "chunk_size": st.integers(2, 12),
        "mishap": mishaps,
        "full": st.sampled_from(["raise", "stop"]),
    }
)


def edited(rows, edit):
    """Give the rows, number and name, after an edit."""
    rows = list(rows)
    if edit is None or not rows:
        return rows
    kind, *places = edit
    at = places[0] % len(rows)
    if kind == "insert":
        rows.insert(at, (places[1], "new"))
    elif kind == "remove":
        del rows[at]
    elif kind == "swap":
        other = places[1] % len(rows)
        rows[at], rows[other] = rows[other], rows[at]
    else:
        rows[at] = (rows[at][0], rows[at][1] + "!")
    return rows


def script(sandbox, mishap):
    """Let the next appends go wrong; give the seconds that the run has."""
    if mishap == "lost reply":
        sandbox.script(faults.commit_and_drop(), times=1)
    elif mishap == "forbidden":
        sandbox.script(faults.error(403, "FORBIDDEN"), times=1)
    elif mishap == "row left out":
        sandbox.script(faults.leave_out(0), times=1)
    elif mishap == "deadline":
        sandbox.script(faults.commit_and_stall(), times=1)
        return 15.0
    return None


def dealt(rows, run):
    """Give the loads and the reps who share, as the command does."""
    leads = [Lead(line, {"number": number, "name": name}) for line, (number, name) in enumerate(rows, start=2)]
    reps = run["reps"]
    if not run["by_column"]:
        return [RepLoad(reps[0] if len(reps) == 1 else None, leads)], list(reps) if len(reps) > 1 else [], leads
    owned = {rep: [lead for lead in leads if owner(lead.row["number"], reps) == rep] for rep in reps}
    return [RepLoad(rep, own) for rep, own in owned.items() if own], [], leads


def owner(number, reps):
    return reps[int(number[-2:]) % len(reps)]


async def carry_out(run, rows, sandbox, journal):
    loads, over, whole = dealt(rows, run)
    options = LoadOptions(
        chunk_size=run["chunk_size"],
        on_full_queue=run["full"],
        deadline=script(sandbox, run["mishap"]),
        journal=journal,
        on_changed_input=run["changed"],
    )
    job = LoadJob(loads, over, "even", options, None, sandbox=False, verbose=False, fresh=False, whole=whole)
    told, _ = await job.run()
    return told, {load.rep for load in loads} if not over else set(over)


def fates(loads):
    """Give each line's fate and rep, which fails where a line has two."""
    found = {}
    for load in loads:
        own = {}
        for result in load.results:
            lists = {
                "added": result.added,
                "skipped": result.skipped,
                "pending": result.pending,
                "in doubt": result.in_doubt,
            }
            own |= {row.index: fate for fate, of_fate in lists.items() for row in of_fate}
        assert load.totals.rows == len(load.leads)
        for index, lead in enumerate(load.leads):
            assert lead.line not in found
            found[lead.line] = (own.get(index, "untaken"), load.rep, lead.row["number"])
    return found


@settings(max_examples=40, deadline=None)
@given(plan=st.lists(runs, min_size=1, max_size=5), length=st.integers(0, 30), capacity=st.integers(3, 25))
def test_last_run_tells_what_the_queues_hold(plan, length, capacity):
    """No row in a queue is told pending, none is put into two queues of one command, and every row has one fate."""
    asyncio.run(check_all(plan, length, capacity))


async def check_all(plan, length, capacity):
    rows = [(number, "Bob") for number in NUMBERS[:length]]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        clock = FastClock(100)
        async with Sandbox(clock=clock, write_per_second=None, read_per_second=None, capacity=capacity) as sandbox:
            client = partial(
                AlloClient, sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=500, retry_budget=1_000
            )
            with patch.object(running, "AlloClient", client):
                for run in plan:
                    rows = edited(rows, run["edit"])
                    if rows:
                        await check(run, rows, sandbox, Path(folder) / "leads.journal")


async def check(run, rows, sandbox, journal):
    before = {rep: Counter(sandbox.numbers(rep)) for rep in REPS}
    loads, reps = await carry_out(run, rows, sandbox, ListJournal(journal))
    after = {rep: Counter(sandbox.numbers(rep)) for rep in REPS}
    told = fates(loads)
    assert told.keys() == set(range(2, len(rows) + 2))
    assert sum((load.totals for load in loads), Totals()).rows == len(rows)
    of_this_command = Counter()
    for rep in reps:
        of_this_command += after[rep]
    for fate, rep, number in told.values():
        if fate == "added":
            assert after[rep][number]
        if fate in {"pending", "untaken"}:
            assert not of_this_command[number]
    new = {number for rep in REPS for number in after[rep] - before[rep]}
    assert all(of_this_command[number] <= 1 for number in new)
    assert not [number for number in new if any(before[rep][number] for rep in reps)]
    settled = sum(load.settled_earlier.rows for load in loads)
    assert settled <= sum(fate in {"added", "skipped"} for fate, _, _ in told.values())
