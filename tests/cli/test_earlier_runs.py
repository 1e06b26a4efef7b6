"""`load`, run again: what stands in a queue stays there, and what is said of it is true."""

import csv
import json
from collections import Counter
from datetime import datetime

import pytest

from allo_async.sandbox import faults
from tests.end_to_end.numbers import us_numbers

A, B, C = "marie@acme.example", "tom@acme.example", "ana@acme.example"


def to(*reps):
    return [part for rep in reps for part in ("--to", rep)]


@pytest.fixture(name="leads")
def _leads(tmp_path):
    """Writes a list, a row a line or several cells a line, and gives its file."""

    def write(rows, header="Phone"):
        file = tmp_path / "leads.csv"
        file.write_text(f"{header}\n" + "".join(f"{row}\n" for row in rows), "utf-8")
        return file

    return write


@pytest.fixture(name="told")
def _told(run):
    """Runs `load --json`, and gives the document and standard error."""

    def load(*arguments, code):
        result = run("load", *arguments, "--json", code=code)
        return json.loads(result.stdout), result.stderr

    return load


def not_added(file):
    path = file.with_name("leads.not-added.csv")
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return {row["Phone"]: row["allo_reason"] for row in csv.DictReader(lines)}


def parts(document):
    return {rep["rep"]: (rep["added"], rep["pending"], rep["earlier"]["added"]) for rep in document["reps"]}


def queued(sandbox, *reps):
    return Counter(number for rep in reps for number in sandbox.numbers(rep))


def shown(run, file):
    """What `journal show` says of each load: added, pending and in doubt."""
    loads = json.loads(run("journal", "show", file.with_name("leads.csv.journal"), "--json", code=0).stdout)
    return {load["load_id"]: tuple(load["totals"][fate] for fate in ("added", "pending", "in_doubt")) for load in loads}


def ever_queued(sandbox):
    return Counter(number for request in sandbox.ledger.appends for number in request.added)


def make_room(sandbox, rep, count):
    user = sandbox._found(rep)
    queue = sandbox._team.queue_of(user.id, user.id)
    queue.remove(queue.entries[:count], sandbox._now())


def test_third_rep_goes_on_with_the_rest(sandbox, run, told, leads):
    """2,000 of 5,200 rows are in two queues; a third rep takes 1,000 of the others, and nobody is called twice."""
    file = leads(us_numbers(5_200))
    first, _ = told(file, *to(A, B), code=3)
    assert parts(first) == {A: (1_000, 0, 0), B: (1_000, 0, 0), "(no queue)": (0, 3_200, 0)}
    before = queued(sandbox, A, B)

    second, said = told(file, *to(C, B, A), code=3)

    assert parts(second) == {C: (1_000, 0, 0), B: (1_000, 0, 1_000), A: (1_000, 0, 1_000), "(no queue)": (0, 2_200, 0)}
    assert second["totals"] == {"rows": 5_200, "added": 3_000, "skipped": 0, "pending": 2_200, "in_doubt": 0}
    assert second["earlier"] == {"added": 2_000, "skipped": 0}
    assert "of which 2,000 rows are settled" in said
    assert queued(sandbox, A, B) == before
    assert max(queued(sandbox, A, B, C).values()) == 1
    assert not_added(file).keys() == set(us_numbers(5_200)) - queued(sandbox, A, B, C).keys()
    assert shown(run, file)["spread"] == (3_000, 2_200, 0)
    table = run("load", file, *to(A, B, C), code=3).stdout
    assert "earlier" in table
    assert "3,000" in table


def test_rep_who_is_no_longer_named_keeps_what_she_has(sandbox, run, told, leads):
    """A,B and then B,C: what stands in A's queue is told under her name, and goes to nobody else."""
    file = leads(us_numbers(2_400))
    told(file, *to(A, B), code=3)

    second, _ = told(file, *to(B, C), code=0)

    assert parts(second) == {B: (1_000, 0, 1_000), C: (400, 0, 0), A: (1_000, 0, 1_000)}
    assert set(queued(sandbox, A, B, C).values()) == {1}
    assert not_added(file) == {}
    assert shown(run, file)["spread"] == (2_400, 0, 0)


def test_what_was_on_its_way_to_a_rep_who_is_no_longer_named_is_settled_there(sandbox, told, leads):
    """A lost reply is found in A's queue, though only B and C are named by then."""
    file = leads(us_numbers(40))
    sandbox.script(faults.commit_and_stall(seconds=2), when=lambda request: b"marie@" in request.body, times=1)
    told(file, *to(A, B), "--deadline", 1, "--chunk-size", 10, code=4)
    second, _ = told(file, *to(B, C), code=0)

    assert second["totals"]["added"] == 40
    assert set(queued(sandbox, A, B, C).values()) == {1}
    assert parts(second)[A][0] == len(sandbox.numbers(A)) > 0


def test_one_rep_then_two(sandbox, run, told, leads):
    """A's 1,000 rows stay with her, and B gets the other 500."""
    file = leads(us_numbers(1_500))
    told(file, *to(A), code=3)

    second, _ = told(file, *to(A, B), code=0)

    assert parts(second) == {A: (1_000, 0, 1_000), B: (500, 0, 0)}
    assert sandbox.numbers(B) == us_numbers(500, 1_000)
    assert len(sandbox.numbers(A)) == 1_000
    assert shown(run, file)["spread"] == (1_500, 0, 0)
    again, _ = told(file, *to(B, A), code=0)
    assert (again["nothing_to_send"], again["earlier"]) == (True, {"added": 1_500, "skipped": 0})


def test_two_reps_then_one(sandbox, told, leads):
    """What stands in A's queue is not sent to her again; B's rows are, as was asked, and with a warning."""
    file = leads(us_numbers(20))
    told(file, *to(A, B), code=0)

    second, said = told(file, *to(A), code=0)

    assert parts(second) == {A: (20, 0, 10)}
    assert queued(sandbox, A) == Counter(us_numbers(20))
    assert f"10 rows of this file stand in the queue of {B} since" in said


def test_one_rep_then_each_row_its_own(sandbox, told, leads):
    """A row that stands in A's queue stays hers, though the column gives it to B by now; B gets his others."""
    numbers = us_numbers(1_200)
    file = leads([f"{number},{A if place % 2 else B}" for place, number in enumerate(numbers)], "Phone,Rep")
    told(file, *to(A), code=3)

    second, _ = told(file, "--to-column", "Rep", code=3)

    assert max(queued(sandbox, A, B).values()) == 1
    assert sandbox.numbers(B) == numbers[1_000::2]
    assert parts(second) == {B: (100, 0, 0), A: (1_000, 100, 1_000)}
    assert not_added(file).keys() == set(numbers[1_001::2])


def test_rows_in_flight_of_another_load_are_settled_first(sandbox, told, leads):
    """A chunk that one load left on its way is settled by the next one, which sends none of its rows again."""
    file = leads(us_numbers(30))
    sandbox.script(faults.commit_and_stall(seconds=2), at=1, times=1)
    first, _ = told(file, *to(A), "--deadline", 1, code=4)
    assert first["totals"]["in_doubt"] == 30

    second, _ = told(file, *to(B, A), code=0)

    assert parts(second) == {B: (0, 0, 0), A: (30, 0, 0)}
    assert queued(sandbox, A, B) == Counter(us_numbers(30))


@pytest.mark.parametrize("plan", [True, False], ids=["plan", "load"])
def test_second_rep_is_warned_of(sandbox, run, leads, plan):
    """The same file for another rep is loaded as was asked, and it is said that two reps would call the same people."""
    file = leads(us_numbers(12))
    run("load", file, *to(A), code=0)
    appends = len(sandbox.ledger.appends)
    today = f"{datetime.now().astimezone():%d %b}"

    result = run("load", file, *to(B), *(["--plan"] if plan else []), code=0)

    assert f"Warning: 12 rows of this file stand in the queue of {A} since {today}" in result.stderr
    assert f"--to {A} --to {B}" in result.stderr
    assert "2122000" not in result.stderr
    assert len(sandbox.ledger.appends) == appends + (not plan)
    assert len(sandbox.numbers(B)) == (0 if plan else 12)
    if not plan:
        again = run("load", file, *to(B), code=0)
        assert "Warning" not in again.stderr


def test_plan_leaves_out_what_is_loaded(sandbox, run, leads):
    """A plan of a load that is half done plans the other half."""
    file = leads(us_numbers(1_500))
    run("load", file, *to(A), code=3)

    assert "500 to send" in run("load", file, *to(A, B), "--plan", code=0).stdout


@pytest.mark.parametrize("plan", [True, False], ids=["plan", "load"])
def test_number_of_two_owners_is_warned_of(sandbox, run, leads, plan):
    """The same number for two reps is counted and its lines are named, however it is written; never the number."""
    rows = [f"06 12 34 56 78,{A}", f"+33 6 11 11 11 11,{A}", f"+33612345678,{B}", f"0033 6 12 34 56 78,{A}"]
    file = leads(rows, "Phone,Rep")

    result = run("load", file, "--to-column", "Rep", "--region", "FR", *(["--plan"] if plan else []), code=0)

    assert "Warning: 1 number of this file is given to two reps or more" in result.stderr
    assert "lines 2 and 4 and 5." in result.stderr
    assert "12345678" not in result.stderr.replace(" ", "")


def test_one_rep_s_repeats_are_no_matter_of_two_owners(sandbox, run, leads):
    """A number twice for the same rep is a repeat, and no warning."""
    file = leads([f"+33612345678,{A}", f"+33612345678,{A}", f"+33612345679,{B}"], "Phone,Rep")

    assert "Warning" not in run("load", file, "--to-column", "Rep", code=0).stderr


EDITS = {
    "inserted": (lambda rows: ["+12125550001", *rows], "line 2 "),
    "removed": (lambda rows: rows[1:], "line 2 "),
    "swapped": (lambda rows: [rows[1], rows[0], *rows[2:]], "line 2 "),
    "edited": (lambda rows: [*rows[:3], "+12125550001", *rows[4:]], "line 5 "),
    "appended": (lambda rows: [*rows, "+12125550001"], "line 1202 "),
    "cut off": (lambda rows: rows[:-5], "the end of the file "),
}


@pytest.mark.parametrize("reps", [(A,), (A, B)], ids=["one rep", "spread"])
@pytest.mark.parametrize("edit", EDITS)
def test_changed_file_changes_nothing_for_what_is_loaded(sandbox, run, told, leads, edit, reps):
    """The load stops with the line, every loaded row keeps its fate, and only what is new is pending, then sent."""
    change, line = EDITS[edit]
    for rep in reps:
        sandbox.fill(rep, 1_000 - 1_000 // len(reps))
    rows = us_numbers(1_200)
    told(leads(rows), *to(*reps), code=3)
    loaded = queued(sandbox, *reps) & Counter(rows)
    assert loaded.total() == 1_000
    file, changed = leads(change(rows)), change(rows)

    stopped, _ = told(file, *to(*reps), code=1)

    known = [row for row in changed if row in loaded]
    assert (stopped["totals"]["added"], stopped["totals"]["pending"]) == (len(known), len(changed) - len(known))
    assert stopped["earlier"]["added"] == len(known)
    assert not_added(file).keys() == set(changed) - loaded.keys()
    assert line + "is not what it was" in run("load", file, *to(*reps), code=1).stdout
    assert queued(sandbox, *reps) & Counter(us_numbers(1_200)) == loaded
    for rep in reps:
        make_room(sandbox, rep, 210)
    sent, _ = told(file, *to(*reps), "--on-changed-input", "append", code=0)
    assert sent["totals"]["added"] == len(changed)
    assert ever_queued(sandbox) == Counter({*loaded, *changed})
    assert shown(run, file)["spread" if len(reps) > 1 else A] == (len(changed), 0, 0)


def test_row_that_is_edited_beside_its_number_is_not_queued_twice(sandbox, told, leads):
    """A name that was put right later does not make the number new: it stands in the queue."""
    told(leads([f"{number},Bob" for number in us_numbers(3)], "Phone,Name"), *to(A), code=0)
    names = ["Bob", "Robert", "Bob"]
    file = leads([f"{number},{name}" for number, name in zip(us_numbers(3), names, strict=True)], "Phone,Name")

    stopped, _ = told(file, *to(A), code=1)
    sent, _ = told(file, *to(A), "--on-changed-input", "append", code=0)

    assert [document["totals"]["pending"] for document in (stopped, sent)] == [0, 0]
    assert sent["skipped"] == {"ALREADY_QUEUED": 1}
    assert sandbox.numbers(A) == us_numbers(3)


def test_finished_load_says_that_there_is_nothing_to_send(sandbox, run, told, leads):
    """The re-run of a load that is done says when it was loaded, and shows no table that looks like a success."""
    file = leads([*us_numbers(4), "nope"])
    run("load", file, *to(A), code=0)
    appends = len(sandbox.ledger.appends)

    again = run("load", file, *to(A), code=0)
    document, said = told(file, *to(A), code=0)

    now = datetime.now().astimezone()
    assert f"leads.csv: loaded on {now:%d %b} " in again.stdout
    assert "nothing to send. 4 of 5 rows are in their queues, 1 were skipped. --fresh loads it again" in again.stdout
    assert "pending" not in again.stdout
    assert "Going on" not in again.stderr + said
    assert document["nothing_to_send"]
    assert document["earlier"] == document["reps"][0]["earlier"] == {"added": 4, "skipped": 1}
    assert document["totals"]["added"] == 4
    assert len(sandbox.ledger.appends) == appends


def test_fresh_load_of_another_way_begins_anew(sandbox, told, leads):
    """--fresh forgets what any way of loading the file put into these queues."""
    file = leads(us_numbers(6))
    told(file, *to(A), code=0)

    document, _ = told(file, *to(A, B), "--fresh", code=0)

    assert parts(document) == {A: (3, 0, 0), B: (3, 0, 0)}
    assert len(sandbox.numbers(A)) == 9


def test_other_region_is_refused_with_every_fate(sandbox, run, told, leads):
    """Another region would read other numbers: nothing is sent, and what is loaded is still told so."""
    file = leads(us_numbers(1_100))
    told(file, *to(A), code=3)

    document, _ = told(file, *to(A), "--region", "FR", code=1)

    assert (document["totals"]["added"], document["totals"]["pending"]) == (1_000, 100)
    assert len(not_added(file)) == 100
    assert "loaded with another --region before" in run("load", file, *to(A), "--region", "FR", code=1).stdout


def test_other_server_is_no_matter_of_this_one(sandbox, run, leads):
    """What was loaded on another server is not taken for queued here."""
    file = leads(us_numbers(3))
    run("load", file, *to(B), "--sandbox", "--journal", file.with_name("leads.csv.journal"), code=0)

    assert "Warning" not in run("load", file, *to(A), code=0).stderr
    assert sandbox.numbers(A) == us_numbers(3)
