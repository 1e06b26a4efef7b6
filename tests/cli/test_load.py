import asyncio
import contextlib
import json

import pytest

from allo_async import AlloClient
from allo_async.cli.exit_code import ExitCode
from allo_async.cli.job import Lead, LoadOptions, RepLoad, load_all
from allo_async.sandbox import faults
from tests.end_to_end.numbers import us_numbers

MARIE, TOM = "marie@acme.example", "tom@acme.example"


@pytest.fixture(name="write")
def _write(tmp_path):
    def write(content, name="leads.csv"):
        path = tmp_path / name
        path.write_text(content, "utf-8")
        return path

    return write


def test_list_goes_into_one_queue(sandbox, run, write):
    """Every row of the file is loaded, and the table says so."""
    file = write("First Name,Phone\n" + "".join(f"Jo,{number}\n" for number in us_numbers(5)))

    result = run("load", file, "--to", MARIE, code=0)

    assert sandbox.numbers(MARIE) == us_numbers(5)
    assert sandbox.queue(MARIE)[0].contact == {"name": "Jo"}
    assert "number ← Phone, name ← First Name" in result.stderr
    assert MARIE in result.stdout
    assert not (file.parent / "leads.not-added.csv").exists()


def test_each_row_names_its_rep(sandbox, run, write):
    """--to-column deals the rows to their reps in order; a row without a rep is nobody's."""
    numbers = us_numbers(6)
    reps = [MARIE, TOM, "", MARIE.upper(), TOM, "  "]
    file = write(
        "Phone;Owner email\n" + "".join(f"{number};{rep}\n" for number, rep in zip(numbers, reps, strict=True))
    )

    run("load", file, "--to-column", "owner E-mail", code=0)

    assert sandbox.numbers(MARIE) == [numbers[0], numbers[3]]
    assert sandbox.numbers(TOM) == [numbers[1], numbers[4]]
    assert sandbox.numbers() == []
    assert (file.parent / "leads.not-added.csv").read_text("utf-8-sig") == (
        "Phone;Owner email;allo_reason\n"
        f"{numbers[2]};;NO_REP: line 4 has nothing in 'Owner email'\n"
        f"{numbers[5]};  ;NO_REP: line 7 has nothing in 'Owner email'\n"
    )


def test_what_did_not_get_in_is_written_with_its_reason(sandbox, run, write):
    """Skipped rows stand in the file beside the input; with --strict they fail the command."""
    file = write("Phone\n+12122000000\nN/A\n+1 212 200 0000\n+1 123 456 7890\n")

    run("load", file, "--to", MARIE, code=0)

    expected = "Phone,allo_reason\nN/A,INVALID_PHONE_NUMBER\n+1 212 200 0000,DUPLICATE_NUMBER\n"
    expected += "+1 123 456 7890,INVALID_PHONE_NUMBER\n"
    assert (file.parent / "leads.not-added.csv").read_text("utf-8-sig") == expected
    run("load", file, "--to", TOM, "--strict", code=5)


def test_full_queue_leaves_rows_pending(sandbox, run, write):
    """What a queue cannot hold is pending, exit code 3, and the other rep's load is not touched."""
    sandbox.fill(MARIE, 998)
    rows = [f"{number},{rep}" for number, rep in zip(us_numbers(8), [MARIE, TOM] * 4, strict=True)]
    file = write("Phone,Rep\n" + "\n".join(rows))

    result = run("load", file, "--to-column", "Rep", "--json", code=3)

    told = json.loads(result.stdout)
    assert told["totals"] == {"rows": 8, "added": 6, "skipped": 0, "pending": 2, "in_doubt": 0}
    by_rep = {rep["rep"]: rep for rep in told["reps"]}
    assert (by_rep[TOM]["added"], by_rep[TOM]["error"]) == (4, None)
    assert (by_rep[MARIE]["error"]["type"], by_rep[MARIE]["error"]["code"]) == (
        "QueueFullError",
        "DIALING_QUEUE_LIMIT_REACHED",
    )
    assert by_rep[MARIE]["error"]["request_id"].startswith("req_")
    written = (file.parent / "leads.not-added.csv").read_text("utf-8-sig")
    assert written.count("PENDING: DIALING_QUEUE_LIMIT_REACHED") == 2
    assert told["not_added_file"].endswith("leads.not-added.csv")


def test_rows_in_doubt_have_their_own_code(sandbox, run, write):
    """A row that the server did not mention is in doubt, exit code 4."""
    sandbox.script(faults.leave_out(1), at=1)
    file = write("Phone\n" + "\n".join(us_numbers(3)))

    run("load", file, "--to", MARIE, code=4)

    assert "IN_DOUBT" in (file.parent / "leads.not-added.csv").read_text("utf-8-sig")


def test_unknown_rep_costs_the_others_nothing(sandbox, run, write):
    """A rep whom nobody knows is told by code; the other rep's rows are in."""
    file = write("Phone,Rep\n+12122000000,nobody@acme.example\n+12122000001," + TOM)

    result = run("load", file, "--to-column", "Rep", code=3)

    assert sandbox.numbers(TOM) == ["+12122000001"]
    assert "ASSIGNEE_NOT_FOUND" in result.stdout


def test_rows_of_no_use_are_told_by_line(sandbox, run, write):
    """Rows that cannot be read or name no rep stand on the screen with their line; the others are in."""
    rows = ["+12122000000,x,y,z", '"+12122000001,' + MARIE, "+12122000002, ", "+12122000003," + MARIE]
    file = write("Phone,Rep\n" + "\n".join(rows))

    result = run("load", file, "--to-column", "Rep", code=0)

    assert sandbox.numbers(MARIE) == ["+12122000003"]
    assert sandbox.numbers() == []
    assert "line 2, 4 cells where the header has 2" in result.stdout
    assert "line 3, a quote that is not closed" in result.stdout
    assert "line 4 has nothing in 'Rep'" in result.stdout
    assert "212200000" not in result.output
    told = json.loads(run("load", file, "--to-column", "Rep", "--json", "--strict", code=5).stdout)
    assert [row["line"] for row in told["unusable"]] == [2, 3, 4]


def test_only_the_first_of_many_bad_lines_are_shown(run, write):
    """A file full of bad rows does not fill the screen with them."""
    file = write("Phone,Rep\n+12122000000," + MARIE + "\n" + "1,\n" * 1200)

    result = run("load", file, "--to-column", "Rep", "--sandbox", code=0)

    assert result.stdout.count("has nothing in 'Rep'") == 5
    assert "1,195 more lines" in result.stdout


def test_column_that_names_no_rep_is_wrong_usage(sandbox, run, write):
    """A --to-column that is empty throughout cannot be meant; nothing is sent."""
    result = run("load", write("Phone,Owner\n+12122000000,\n"), "--to-column", "Owner", code=2)

    assert "no row names a rep in 'Owner'" in result.stderr
    assert sandbox.ledger.requests == []


def test_file_that_cannot_be_written_hides_nothing(sandbox, run, write):
    """Where the not-added file cannot be written, the table is shown all the same; exit code 1."""
    file = write("Phone\n+12122000000\nN/A\n")
    (file.parent / "leads.not-added.csv").mkdir()

    result = run("load", file, "--to", MARIE, code=1)

    assert "could not be written" in result.stdout
    assert "duplicate" not in result.stdout
    assert json.loads(run("load", file, "--to", TOM, "--json", code=1).stdout)["not_added_error"]


def test_json_lines_with_the_api_s_names(sandbox, run, write):
    """JSON Lines load as CSV does; a broken line is told by number."""
    file = write('{"number": "+12122000000", "emails": ["a@x.example"]}\n{broken\n{"number": true}\n', "leads.jsonl")

    result = run("load", file, "--mine", "--json", code=0)

    assert sandbox.queue()[0].contact == {"emails": ["a@x.example"]}
    assert json.loads(result.stdout)["skipped"] == {"UNREADABLE_ROW": 1, "INVALID_CONTACT": 1}
    written = (file.parent / "leads.not-added.jsonl").read_text("utf-8").splitlines()
    assert "line 2" in json.loads(written[0])["allo_reason"]
    assert "number: expected a string, got bool" in json.loads(written[1])["allo_reason"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--to EMAIL, --to-column HEADER or --mine"),
        (("--to", MARIE, "--mine"), "one of them"),
        (("--to-column", "Owner"), "no column 'Owner'"),
        (("--to", MARIE, "--map", "number=Fax"), "no column 'Fax'"),
        (("--to", MARIE, "--map", "phone=Phone"), "FIELD=HEADER"),
        (("--to", MARIE, "--region", "XX"), "ISO 3166"),
        (("--to", MARIE, "--chunk-size", "1001"), "chunk-size"),
        (("--to", " "), "teammate"),
    ],
)
def test_wrong_usage_is_told(sandbox, run, write, arguments, told):
    """Each way of holding it wrong has a clear message and exit code 2, and nothing is sent."""
    result = run("load", write("Phone\n+12122000000\n"), *arguments, code=2)

    assert told in result.stderr
    assert sandbox.ledger.requests == []


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("leads.csv", "", "no rows"),
        ("leads.csv", "Who,Fax\nJo,1\n", "--map number="),
        ("leads.xlsx", "PK\x03\x04", "Excel"),
    ],
)
def test_unreadable_file_is_told(sandbox, run, write, name, content, told):
    """A file without rows or phone column, or of the wrong kind, is an error of its own, for machines too."""
    file = write(content, name)

    assert told in run("load", file, "--to", MARIE, code=2).stderr
    document = json.loads(run("load", file, "--to", MARIE, "--json", code=2).stdout)
    assert (told in document["error"], document["exit_code"]) == (True, 2)


def test_missing_and_wrong_keys_are_told(sandbox, run, write, monkeypatch):
    """No key, and a wrong one, each end with exit code 1 and without a traceback."""
    file = write("Phone\n+12122000000\n")
    monkeypatch.setenv("ALLO_API_KEY", "ak_test_wrong")

    assert "API_KEY_INVALID" in run("load", file, "--to", MARIE, code=1).stdout
    several = write(f"Phone,Rep\n+12122000000,{MARIE}\n+12122000001,{TOM}\n", "several.csv")
    told = run("load", several, "--to-column", "Rep", code=1).stdout
    assert told.count("API_KEY_INVALID") == 1
    assert f"{MARIE}, {TOM}: Allo does not know this API key" in told
    monkeypatch.delenv("ALLO_API_KEY")
    assert "ALLO_API_KEY" in run("load", file, "--to", MARIE, code=1).stderr


def test_sandbox_needs_no_key(run, write, monkeypatch):
    """--sandbox works from nothing: no key, conflicts and all."""
    monkeypatch.delenv("ALLO_API_KEY", raising=False)
    file = write(
        "Phone,Rep\n" + "".join(f"{number},{(MARIE, TOM)[place % 2]}\n" for place, number in enumerate(us_numbers(9)))
    )

    result = run("load", file, "--to-column", "Rep", "--sandbox", "--json", code=0)

    assert json.loads(result.stdout)["totals"]["added"] == 9


def test_retries_are_told_where_there_is_no_bar(sandbox, run, write):
    """Without a terminal, the first retry says why the load takes longer, and the others do not repeat it."""
    sandbox.script(faults.conflict(), times=2)

    result = run("load", write("Phone\n+12122000000\n"), "--to", MARIE, code=0)

    assert result.stderr.count("trying again") == 1
    assert "DIALING_QUEUE_APPEND_CONFLICT" in result.stderr


def test_version_and_help(run):
    """The command tells its version, and its exit codes in its help."""
    assert run("--version", code=0).stdout.startswith("allo-async ")
    told = run("load", "--help", code=0).stdout
    assert [code for code in ExitCode if f" {code:d}: " not in told] == []


def test_interrupted_load_tells_what_it_did(sandbox, write):
    """Ctrl-C ends the load with what is added, in doubt and pending by line."""
    sandbox.script(faults.commit_and_stall(), at=2)
    load = RepLoad(MARIE, [Lead(line, {"number": number}) for line, number in enumerate(us_numbers(6), start=2)])

    async def interrupt():
        async with AlloClient() as allo:
            task = asyncio.create_task(load_all(allo, [load], LoadOptions(chunk_size=2), lambda _: None))
            while len(sandbox.numbers(MARIE)) < 4:
                await asyncio.sleep(0.001)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                return await task

    assert asyncio.run(interrupt()) is False
    assert str(load.totals) == "2 added, 0 skipped, 2 pending, 2 in doubt"
    assert [reason.partition(":")[0] for _, reason in sorted(load.reasons().items())] == ["IN_DOUBT"] * 2 + [
        "PENDING"
    ] * 2


def test_first_interrupt_settles_what_is_under_way(sandbox):
    """Asked to stop, a load ends after the chunk whose answer it waits for: nothing is in doubt."""
    leads = [Lead(line, {"number": number}) for line, number in enumerate([*us_numbers(6), "N/A"], start=2)]
    load = RepLoad(MARIE, leads)

    async def interrupt():
        stop = asyncio.Event()
        async with AlloClient() as allo:
            return await load_all(allo, [load], LoadOptions(chunk_size=2), lambda _: stop.set(), stop)

    assert asyncio.run(interrupt()) is False
    assert str(load.totals) == "2 added, 1 skipped, 4 pending, 0 in doubt"
    assert list(load.reasons().values()) == ["PENDING: interrupted"] * 4 + ["INVALID_PHONE_NUMBER"]


def test_mistake_in_one_load_costs_the_others_nothing(sandbox):
    """Even an error that nobody foresaw ends one rep's load only, and is told."""
    loads = [
        RepLoad(rep, [Lead(2, {"number": number})]) for rep, number in zip((MARIE, TOM), us_numbers(2), strict=True)
    ]

    def progress(_):
        if not loads[0].error and loads[0].results:
            raise ZeroDivisionError("oops")

    async def load():
        async with AlloClient() as allo:
            return await load_all(allo, loads, LoadOptions(), progress)

    assert asyncio.run(load()) is True
    assert isinstance(loads[0].error, ZeroDivisionError)
    assert [str(load.totals) for load in loads] == ["1 added, 0 skipped, 0 pending, 0 in doubt"] * 2
