"""`journal export`: fates beside the lines of the file that was loaded."""

import csv

import pytest

from tests.end_to_end.numbers import us_numbers

MARIE, TOM = "marie@acme.example", "tom@acme.example"


@pytest.fixture(name="file")
def _file(tmp_path):
    numbers = us_numbers(4)
    reps = [MARIE, TOM, MARIE, TOM]
    file = tmp_path / "leads.csv"
    rows = [f"Jo {place},{number},{rep}" for place, (number, rep) in enumerate(zip(numbers, reps, strict=True))]
    file.write_text("Name,Phone,Owner email\n" + "\n".join(rows) + f"\nBad,n/a,{TOM}\n", "utf-8")
    return file


def exported(run, file, *options, out="fates.csv"):
    path = file.with_name(out)
    result = run("journal", "export", file.with_name("leads.csv.journal"), path, *options, code=0)
    with path.open(encoding="utf-8", newline="") as lines:
        return result, list(csv.DictReader(lines))


def test_each_line_has_its_fate(sandbox, run, file):
    """The file's own lines and columns stand beside fate, place and queue, for several reps in one table."""
    run("load", file, "--to-column", "Owner email", code=0)

    _, rows = exported(run, file)

    assert [(row["line"], row["Name"], row["fate"], row["queue"]) for row in rows] == [
        ("2", "Jo 0", "added", MARIE),
        ("3", "Jo 1", "added", TOM),
        ("4", "Jo 2", "added", MARIE),
        ("5", "Jo 3", "added", TOM),
        ("6", "Bad", "skipped", ""),
    ]
    assert [row["position"] for row in rows] == ["0", "0", "1", "1", ""]
    assert [row["queued_number"] for row in rows[:4]] == us_numbers(4)
    assert rows[4]["reason"] == "INVALID_PHONE_NUMBER"


def test_two_loads_of_one_file_are_two_rows_a_line(sandbox, run, file):
    """A file that went to two reps tells both fates of each line; --load tells one."""
    run("load", file, "--to", MARIE, code=0)
    run("load", file, "--to", TOM, code=0)

    _, both = exported(run, file)
    _, one = exported(run, file, "--load", TOM, out="one.csv")

    assert [row["queue"] for row in both if row["line"] == "2"] == [MARIE, TOM]
    assert len(both) == 10
    assert [row["queue"] for row in one if row["fate"] == "added"] == [TOM] * 4


def test_same_person_of_two_reps_is_told_with_the_right_queue(sandbox, run, tmp_path):
    """Two lines that differ in their rep alone each have their own rep's fate."""
    file = tmp_path / "leads.csv"
    file.write_text("Phone,Rep\n" + "".join(f"+12125550100,{rep}\n" for rep in (TOM, MARIE)), "utf-8")
    run("load", file, "--to-column", "Rep", code=0)

    _, rows = exported(run, file)

    assert [(row["Rep"], row["queue"]) for row in rows] == [(TOM, TOM), (MARIE, MARIE)]


def test_changed_file_is_told_and_nothing_is_lost(sandbox, run, file):
    """Rows that the file has no longer stand at the end without a line; new ones are told as not loaded."""
    run("load", file, "--to", MARIE, code=0)
    text = file.read_text("utf-8")
    file.write_text(text.replace("Jo 1", "Joanna"), "utf-8")

    result, rows = exported(run, file)

    assert "has changed: 1 rows of the journal are not in it" in result.stderr
    assert [(row["line"], row["fate"], row["Name"]) for row in rows if row["fate"] == "not_loaded"] == [
        ("3", "not_loaded", "Joanna")
    ]
    assert [(row["queued_number"], row["fate"]) for row in rows if not row["line"]] == [(us_numbers(2)[1], "added")]


def test_missing_file_is_told_and_the_journal_speaks_alone(sandbox, run, file):
    """Without the file, the journal's own content is written, and the way on is named."""
    run("load", file, "--to", MARIE, code=0)
    file.rename(file.with_name("renamed.csv"))

    result, rows = exported(run, file)

    assert "--file names the file" in result.stderr
    assert [row["fate"] for row in rows] == ["added"] * 4 + ["skipped"]
    _, found = exported(run, file, "--file", file.with_name("renamed.csv"), out="again.csv")
    assert [row["Name"] for row in found] == ["Jo 0", "Jo 1", "Jo 2", "Jo 3", "Bad"]


def test_own_file_and_journal_are_never_overwritten(sandbox, run, file):
    """--force replaces an earlier export, but neither the list nor the journal."""
    run("load", file, "--to", MARIE, code=0)
    journal = file.with_name("leads.csv.journal")
    before = file.read_bytes(), run("journal", "show", journal, "--json", code=0).stdout

    for target in (file, journal):
        assert "name another one" in run("journal", "export", journal, target, "--force", code=2).stderr

    assert (file.read_bytes(), run("journal", "show", journal, "--json", code=0).stdout) == before
