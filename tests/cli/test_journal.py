"""`load` keeps a journal, and takes up where it ended."""

import csv
import json

import pytest

from allo_async.sandbox import faults
from tests.end_to_end.numbers import us_numbers

TO = ("--to", "marie@acme.example")
MARIE = "marie@acme.example"


@pytest.fixture(name="leads")
def _leads(tmp_path):
    """Writes a list, and gives its file."""

    def write(numbers):
        file = tmp_path / "leads.csv"
        file.write_text("Phone\n" + "".join(f"{number}\n" for number in numbers), "utf-8")
        return file

    return write


def test_stopped_load_is_taken_up_by_the_same_command(sandbox, run, leads):
    """A load that failed in its middle says how to go on, and goes on when it is run again."""
    sandbox.script(faults.error(403, "FORBIDDEN"), at=2)
    file = leads(us_numbers(30))
    stopped = run("load", file, *TO, "--chunk-size", 10, code=1)
    assert "Run the same command again to go on" in stopped.stdout

    again = run("load", file, *TO, "--chunk-size", 10, code=0)

    assert sandbox.numbers(MARIE) == us_numbers(30)
    assert "Going on with the load begun on" in again.stderr
    assert "of which 10 rows are settled (leads.csv.journal)" in again.stderr
    assert not (file.parent / "leads.not-added.csv").exists()


def test_finished_load_is_not_repeated_by_mistake(sandbox, run, leads):
    """The same file again sends nothing, and says why; --fresh loads it again."""
    file = leads(us_numbers(5))
    run("load", file, *TO, code=0)

    again = json.loads(run("load", file, *TO, "--json", code=0).stdout)
    assert again["totals"]["added"] == 5
    assert again["journal"] == str(file.parent / "leads.csv.journal")
    assert sandbox.numbers(MARIE) == us_numbers(5)

    run("load", file, *TO, "--fresh", code=0)
    assert sandbox.numbers(MARIE) == us_numbers(5) * 2


def test_changed_file_is_refused_by_its_line(sandbox, run, leads):
    """A line that changed is named, with what can be done; only what is new is sent on demand."""
    run("load", leads(us_numbers(5)), *TO, code=0)
    changed = leads([*us_numbers(2), "+12125550099", *us_numbers(2, 3), "+12125550098"])

    refused = run("load", changed, *TO, code=1)
    assert "line 4 is not what it was when this file was loaded before" in refused.stdout
    assert "--on-changed-input append sends only what is new" in refused.stdout
    assert len(sandbox.numbers(MARIE)) == 5

    run("load", changed, *TO, "--on-changed-input", "append", code=0)
    assert sandbox.numbers(MARIE) == [*us_numbers(5), "+12125550099", "+12125550098"]


def test_shorter_file_is_refused(sandbox, run, leads):
    """Lines that are gone are told too."""
    run("load", leads(us_numbers(5)), *TO, code=0)

    assert "the end of the file is not what it was" in run("load", leads(us_numbers(3)), *TO, code=1).stdout


def test_each_rep_and_a_spread_have_loads_of_their_own(sandbox, run, leads):
    """One journal beside the file has them all; `journal show` tells how far each came."""
    file = leads(us_numbers(6))
    run("load", file, *TO, code=0)
    run("load", file, "--mine", code=0)
    run("load", file, *TO, "--to", "tom@acme.example", code=0)

    told = json.loads(run("journal", "show", file.with_name("leads.csv.journal"), "--json", code=0).stdout)

    assert [(load["load_id"], load["rows"], load["totals"]["added"]) for load in told] == [
        (MARIE, 6, 6),
        ("(key owner)", 6, 6),
        ("spread", 6, 6),
    ]
    # All six stand in Marie's queue already, and stay there.
    assert told[2]["queues"] == [MARIE]
    assert sandbox.numbers("tom@acme.example") == []
    table = run("journal", "show", file.with_name("leads.csv.journal"), code=0).stdout
    assert "spread" in table
    assert MARIE in table


def test_export_writes_the_fates(sandbox, run, leads, tmp_path):
    """`journal export` writes each row's fate beside its line, of one load or of all, and overwrites nothing."""
    file, out = leads([*us_numbers(3), "nope"]), tmp_path / "fates.csv"
    run("load", file, *TO, code=0)
    journal = file.with_name("leads.csv.journal")

    assert "4 rows written" in run("journal", "export", journal, out, code=0).stdout

    with out.open(encoding="utf-8", newline="") as lines:
        assert [row["fate"] for row in csv.DictReader(lines)] == ["added"] * 3 + ["skipped"]
    run("load", file, "--mine", code=0)
    assert "add --force" in run("journal", "export", journal, out, code=2).output
    assert "8 rows written" in run("journal", "export", journal, out, "--force", code=0).stdout
    run("journal", "export", journal, out, "--load", "(key owner)", "--force", code=0)
    assert out.stat().st_mode & 0o777 == 0o600
    assert "there is no journal" in run("journal", "show", tmp_path / "none.journal", code=1).stderr


def test_journal_can_be_elsewhere_or_nowhere(sandbox, run, leads, tmp_path):
    """--journal names the file, --no-journal keeps none, and the embedded sandbox has none by itself."""
    file, elsewhere = leads(us_numbers(3)), tmp_path / "elsewhere.db"
    run("load", file, *TO, "--no-journal", code=0)
    run("load", file, *TO, "--sandbox", code=0)
    assert not file.with_name("leads.csv.journal").exists()

    run("load", file, *TO, "--journal", elsewhere, code=0)
    run("load", file, *TO, "--journal", elsewhere, code=0)

    assert elsewhere.exists()
    assert sandbox.numbers(MARIE) == us_numbers(3) * 2
    wrong = run("load", file, *TO, "--journal", elsewhere, "--no-journal", code=2)
    assert "exclude each other" in wrong.output


def test_unusable_journal_is_told_with_the_way_out(sandbox, run, leads):
    """Nothing is sent, the error says what is wrong and which options help."""
    file = leads(us_numbers(3))
    file.with_name("leads.csv.journal").write_bytes(b"x" * 5_000)

    told = run("load", file, *TO, code=1)

    assert "it is damaged, or no journal at all" in told.output
    assert sandbox.ledger.appends == []
    assert "Traceback" not in told.output
