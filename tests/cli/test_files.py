import json
from pathlib import Path

import openpyxl
import pytest

from allo_async.cli.source import read_source
from allo_async.leads.leads_file import UnreadableFileError

MARIE, TOM = "marie@acme.example", "tom@acme.example"
EXPORTS = Path(__file__).parents[1] / "leads" / "exports"


@pytest.fixture(name="write")
def _write(tmp_path):
    def write(content, name="leads.csv"):
        path = tmp_path / name
        path.write_text(content, "utf-8")
        return path

    return write


def copied(tmp_path, name):
    path = tmp_path / name
    path.write_bytes((EXPORTS / name).read_bytes())
    return path


SENT = {
    "salesforce_report.csv": ("US", [f"+1{n}" for n in (2125550110, 9175550111, 9175550113, 2125550114, 2125550116)]),
    "apollo.csv": ("US", [f"+1{n}" for n in (9175550110, 9175550111, 2125550132, 2125550113, 2125550135)]),
    "hubspot_fr.csv": ("FR", [f"+33{n}" for n in (199001210, 612345611, 612345612, 199001213, 612345614)]),
    "excel_german.csv": ("DE", [f"+49{n}" for n in (3023125111, 1713920012, 1713920013, 1713920014, 1713920015)]),
    "salesforce_api.json": ("US", [f"+1{n}" for n in (9175550110, 2125550111, 9175550112, 9175550114, 2125550115)]),
}


@pytest.mark.parametrize("name", SENT)
def test_export_goes_into_the_queue_as_it_came(sandbox, run, tmp_path, name):
    """An export of a CRM is loaded as it is: the best number of each person, and nobody who must not be called."""
    region, first = SENT[name]

    result = run("load", copied(tmp_path, name), "--to", MARIE, "--region", region, "--json", code=0)

    assert sandbox.numbers(MARIE)[:5] == first
    told = json.loads(result.stdout)
    assert told["totals"]["added"] + told["skipped"]["DO_NOT_CALL"] == 8
    assert told["totals"]["added"] == len(sandbox.numbers(MARIE))


def test_columns_that_are_not_used_and_lines_that_are_no_leads_are_told(sandbox, run, tmp_path):
    """Standard error names the used columns, then those that are not, then the lines of titles and footers."""
    result = run("load", copied(tmp_path, "salesforce_report.csv"), "--to", MARIE, "--region", "US", code=0)

    lines = result.stderr.splitlines()
    assert lines[0].startswith("Columns: number ← Mobile, else Phone, name ← First Name")
    assert lines[0].endswith("do not call ← Do Not Call")
    assert lines[1] == "not used: Lead Number, Lead Source, Lead Owner"
    assert lines[2] == "no leads, but titles or footers: lines 12, 13, 14, 15, 16"


DO_NOT_CALL = {
    "English": ("Do Not Call", "yes", "no"),
    "French": ("Opposition au démarchage", "Oui", "Non"),
    "German": ("Nicht anrufen", "Ja", "Nein"),
    "Spanish": ("No llamar", "Sí", "No"),
    "Italian": ("Non chiamare", "x", ""),
}


@pytest.mark.parametrize("language", DO_NOT_CALL)
def test_do_not_call_is_obeyed(sandbox, run, write, language):
    """Who must not be called is not sent, and stands in the table and in the file of the rest with the reason."""
    header, yes, no = DO_NOT_CALL[language]
    file = write(f"Phone,{header}\n+12122000000,{no}\n+12122000001,{yes}\n+12122000002,\n")

    result = run("load", file, "--to", MARIE, code=0)

    assert sandbox.numbers(MARIE) == ["+12122000000", "+12122000002"]
    assert f"DO_NOT_CALL: line 3 says so in '{header}'" in result.stdout
    rest = file.with_name("leads.not-added.csv").read_text("utf-8-sig").splitlines()
    assert rest == [f"Phone,{header},allo_reason", f"+12122000001,{yes},DO_NOT_CALL: line 3 says so in '{header}'"]


def test_do_not_call_is_in_the_plan(sandbox, run, write):
    """A plan counts the people who must not be called, for people and for machines, and sends nothing."""
    file = write("Phone,DNC\n+12122000000,\n+12122000001,x\n+12122000002,x\n")

    plain = run("load", file, "--to", MARIE, "--plan", code=0)
    told = json.loads(run("load", file, "--to", MARIE, "--plan", "--json", code=0).stdout)

    assert "Rows of the file that are left out: 2 DO_NOT_CALL." in plain.stdout
    assert told[0]["left_out"] == {"DO_NOT_CALL": 2}
    assert sandbox.numbers(MARIE) == []


def test_do_not_call_can_be_ignored(sandbox, run, write):
    """--ignore-do-not-call loads everybody."""
    file = write("Phone,DNC\n+12122000000,\n+12122000001,x\n")

    run("load", file, "--to", MARIE, "--ignore-do-not-call", code=0)

    assert sandbox.numbers(MARIE) == ["+12122000000", "+12122000001"]


@pytest.mark.parametrize("whose", [("--to", MARIE), ("--to", MARIE, "--to", TOM)])
def test_opted_out_number_in_another_row_is_not_called(sandbox, run, write, whose):
    """A number of somebody who must not be called does not get in by another row, in whatever spelling."""
    file = write("Name,Phone,Mobile,DNC\nJo,+12122000000,212-200-0001,x\nJo,(212) 200-0000,,\nJo,212.200.0001 home,,\n")

    told = run("load", file, *whose, "--region", "US", "--json", code=5)

    assert json.loads(told.stdout)["skipped"] == {"SUPPRESSED": 2, "DO_NOT_CALL": 1}
    assert sandbox.ledger.appends == []
    plan = run("load", file, *whose, "--region", "US", "--plan", code=0)
    assert "2 SUPPRESSED" in plan.stdout
    assert "1 DO_NOT_CALL" in plan.stdout


def test_nobody_may_be_called(sandbox, run, write):
    """A list of nothing but people who must not be called sends nothing, and says of each row why."""
    file = write("Phone,Rep,DNC\n+12122000000,,x\n+12122000001,,x\n")

    for whose in (("--to", MARIE), ("--to", MARIE, "--to", TOM), ("--to-column", "Rep")):
        told = run("load", file, *whose, "--json", "--no-journal", code=None)
        assert json.loads(told.stdout)["skipped"] == {"DO_NOT_CALL": 2}
    assert sandbox.numbers(MARIE) == []


def test_first_column_with_a_number_is_called(sandbox, run, write):
    """By default one number of a row goes into the queue: that of the first phone column that holds one."""
    file = write("Phone,Mobile\n+12122000000,no mobile\n+12122000001,+12122000002\n")

    run("load", file, "--to", MARIE, code=0)

    assert sandbox.numbers(MARIE) == ["+12122000000", "+12122000002"]


def test_every_number_becomes_a_lead(sandbox, run, write):
    """--every-number loads each phone column of a row, and counts rows per number."""
    file = write("Name,Phone,Mobile\nJo,+12122000000,+12122000001\nAl,+12122000002,\nBo,,none\n")

    told = json.loads(run("load", file, "--to", MARIE, "--every-number", "--json", code=0).stdout)

    assert sandbox.numbers(MARIE) == ["+12122000001", "+12122000000", "+12122000002"]
    assert [entry.contact for entry in sandbox.queue(MARIE)][:2] == [{"name": "Jo"}, {"name": "Jo"}]
    assert told["totals"] == {"rows": 4, "added": 3, "skipped": 1, "pending": 0, "in_doubt": 0}
    assert file.with_name("leads.not-added.csv").read_text("utf-8-sig").splitlines()[1:] == [
        "Bo,,none,INVALID_PHONE_NUMBER"
    ]


def test_line_whose_numbers_met_different_fates_is_written_once(sandbox, run, write):
    """Such a line stands in the file of the rest once, with all that became of its numbers."""
    file = write("Mobile,Phone,Other Phone\n+12122000000,+1 123 456 7890,+1 123 456 7891\n+12122000001,+12122000000,\n")

    run("load", file, "--to", MARIE, "--every-number", code=0)

    assert sandbox.numbers(MARIE) == ["+12122000000", "+12122000001"]
    assert file.with_name("leads.not-added.csv").read_text("utf-8-sig").splitlines()[1:] == [
        "+12122000000,+1 123 456 7890,+1 123 456 7891,ADDED; INVALID_PHONE_NUMBER",
        "+12122000001,+12122000000,,ADDED; DUPLICATE_NUMBER",
    ]


def test_numbers_of_one_line_may_go_to_several_reps(sandbox, run, write):
    """Spread over two reps, a line is written once with the fates of all its numbers."""
    file = write("Mobile,Phone\n+12122000000,+12122000001\n+12122000002,+1 123 456 7890\n")

    run("load", file, "--to", MARIE, "--to", TOM, "--every-number", code=0)

    assert sorted(sandbox.numbers(MARIE) + sandbox.numbers(TOM)) == ["+12122000000", "+12122000001", "+12122000002"]
    rest = file.with_name("leads.not-added.csv").read_text("utf-8-sig").splitlines()
    assert rest[1:] == ["+12122000002,+1 123 456 7890,ADDED; INVALID_PHONE_NUMBER"]


def test_workbook_is_loaded(sandbox, run, tmp_path):
    """A sheet is loaded by name, with typed cells, and the rest is written as CSV."""
    book = openpyxl.Workbook()
    book.active.append(["nothing here"])
    sheet = book.create_sheet("Leads")
    for row in (["Name", "Phone"], ["Jo", 12122000000], ["Al", "n/a"]):
        sheet.append(row)
    book.save(tmp_path / "leads.xlsx")

    result = run("load", tmp_path / "leads.xlsx", "--to", MARIE, "--region", "US", "--sheet", "leads", code=0)

    assert sandbox.numbers(MARIE) == ["+12122000000"]
    assert "leads.xlsx.not-added.csv" in result.stdout
    assert (tmp_path / "leads.xlsx.not-added.csv").read_text("utf-8-sig").splitlines()[
        1
    ] == "Al,n/a,INVALID_PHONE_NUMBER"
    wrong = run("load", tmp_path / "leads.xlsx", "--to", MARIE, "--sheet", "News", code=2)
    assert "has no sheet 'News': it has 'Sheet', 'Leads'" in wrong.stderr


def test_standard_input(sandbox, run, tmp_path, monkeypatch):
    """`-` reads standard input; the rest goes to the working directory, and no journal is left there."""
    monkeypatch.chdir(tmp_path)

    result = run("load", "-", "--to", MARIE, code=0, stdin="Phone\n+12122000000\nN/A\n")

    assert sandbox.numbers(MARIE) == ["+12122000000"]
    assert "standard input" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["stdin.not-added.csv"]
    assert (tmp_path / "stdin.not-added.csv").read_text("utf-8-sig") == "Phone,allo_reason\nN/A,INVALID_PHONE_NUMBER\n"
    assert "standard input is empty" in run("load", "-", "--to", MARIE, code=2, stdin="").stderr


def test_standard_input_with_a_journal(sandbox, run, tmp_path, monkeypatch):
    """A journal that is named is kept of standard input, too: the second run sends nothing twice."""
    monkeypatch.chdir(tmp_path)

    for _ in range(2):
        run("load", "-", "--to", MARIE, "--journal", "mine.journal", code=0, stdin="Phone\n+12122000000\n")

    assert sandbox.numbers(MARIE) == ["+12122000000"]
    assert (tmp_path / "mine.journal").exists()


def test_closed_standard_input_is_told(monkeypatch):
    """A service may start the command without any."""
    monkeypatch.setattr("sys.stdin", None)

    with pytest.raises(UnreadableFileError, match="standard input is closed"):
        read_source(Path("-"), sheet=None)


def test_journal_without_a_name_is_wrong_usage(sandbox, run, write):
    """An empty variable of a script is no journal, and nothing is sent."""
    result = run("load", write("Phone\n+12122000000\n"), "--to", MARIE, "--journal", "", code=2)

    assert "names no file" in result.stderr
    assert sandbox.ledger.requests == []


def test_rest_can_be_loaded_again(sandbox, run, write):
    """The file of the rest, with its guarded cells, is loaded as it is, and its cells reach the queue unguarded."""
    file = write("Phone,Name,Rep\n+12122000000,=Jo,nobody\n+12122000001,Al," + MARIE + "\n")
    run("load", file, "--to-column", "Rep", code=3)
    rest = file.with_name("leads.not-added.csv")
    assert "+12122000000,'=Jo,nobody" in rest.read_text("utf-8-sig")

    run("load", rest, "--to", TOM, code=0)

    assert [entry.contact for entry in sandbox.queue(TOM)] == [{"name": "=Jo"}]
