"""`load --suppress`: numbers of a file are not loaded."""

import json
import time

import pytest

from tests.end_to_end.numbers import us_numbers

MARIE, TOM = "marie@acme.example", "tom@acme.example"
NUMBERS = us_numbers(6)


@pytest.fixture(name="leads")
def _leads(tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("First Name,Phone\n" + "".join(f"Jo,{number}\n" for number in NUMBERS), "utf-8")
    return path


@pytest.fixture(name="dnc")
def _dnc(tmp_path):
    path = tmp_path / "dnc.txt"
    path.write_text("(212) 200-0000\n(212) 200-0003\n", "utf-8")
    return path


def test_suppressed_rows_are_not_loaded(sandbox, run, leads, dnc):
    """The rows are counted by reason, and written beside the file with it."""
    result = run("load", leads, "--to", MARIE, "--region", "US", "--suppress", dnc, "--json", code=0)

    assert sandbox.numbers(MARIE) == [number for number in NUMBERS if number not in {NUMBERS[0], NUMBERS[3]}]
    assert json.loads(result.stdout)["skipped"] == {"SUPPRESSED": 2}
    assert "Suppression list: 2 numbers" in result.stderr
    assert (leads.parent / "leads.not-added.csv").read_text("utf-8-sig") == (
        f"First Name,Phone,allo_reason\nJo,{NUMBERS[0]},SUPPRESSED\nJo,{NUMBERS[3]},SUPPRESSED\n"
    )


def test_several_lists_and_several_reps(sandbox, run, leads, dnc, tmp_path):
    """Each list counts, also for rows that several reps share, and the journal names no suppressed number."""
    other = tmp_path / "opted-out.csv"
    other.write_text(f"Name,Phone\nMarie,{NUMBERS[1]}\n", "utf-8")

    run("load", leads, "--to", MARIE, "--to", TOM, "--region", "US", "--suppress", dnc, "--suppress", other, code=0)

    assert sorted(sandbox.numbers(MARIE) + sandbox.numbers(TOM)) == [NUMBERS[2], NUMBERS[4], NUMBERS[5]]
    while list(tmp_path.glob("*-wal")):
        time.sleep(0.01)
    written = (tmp_path / "leads.csv.journal").read_bytes()
    assert NUMBERS[2].encode() in written
    assert NUMBERS[1].encode() not in written


@pytest.mark.parametrize("reps", [["--to", MARIE], ["--to", MARIE, "--to", TOM]])
def test_plan_counts_them(sandbox, run, leads, dnc, reps):
    """--plan tells how many rows the list would keep back, and sends nothing."""
    result = run("load", leads, *reps, "--region", "US", "--suppress", dnc, "--plan", "--json", code=0)

    assert json.loads(result.stdout)[0]["skipped"] == {"SUPPRESSED": 2}
    assert "Suppression list: 2 numbers" in result.stderr
    assert sandbox.ledger.appends == []


@pytest.mark.parametrize("plan", [[], ["--plan"]])
@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "no-list.csv: No such file or directory"), ("Name,Age\nJo,42\n", "no-list.csv: no phone number was found")],
)
def test_list_of_no_use_stops_the_load(sandbox, run, leads, tmp_path, content, told, plan):
    """A list that cannot be read, or holds no number, ends the command with code 2 before anything is sent."""
    if content is not None:
        (tmp_path / "no-list.csv").write_text(content, "utf-8")

    result = run("load", leads, "--to", MARIE, "--suppress", tmp_path / "no-list.csv", "--json", *plan, code=2)

    assert told in result.stderr.replace("\n", "")
    assert json.loads(result.stdout)["exit_code"] == 2
    assert sandbox.ledger.requests == []
