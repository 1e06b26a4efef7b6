"""Whose rows are whose: names, addresses and ids matched with the team before anything is sent."""

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_async import User
from allo_async.cli.teammates import Teammates
from allo_async.sandbox import faults
from tests.end_to_end.numbers import us_numbers

MARIE, TOM, ANA = "marie@acme.example", "tom@acme.example", "ana@acme.example"
TEAM = Teammates(
    [
        User(id="usr-1", name="Marie Laurent", email=MARIE),
        User(id="usr-2", name="Tom Baker", email="Tom@acme.example"),
        User(id="usr-3", name="Ana García", email=ANA),
        User(id="usr-4", name="Jo Doe", email="jo1@acme.example"),
        User(id="usr-5", name="Jo Doe", email="jo2@acme.example"),
        User(id="usr-6", name="No Mail"),
        User(id="usr-7"),
        User(id="usr-8", name="Sean O'Brien", email="sean.o'brien@acme.example"),
        User(id="usr-9", name="-", email="brien@acme.example"),
    ]
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (MARIE, [MARIE]),
        ("MARIE@Acme.Example ", [MARIE]),
        ("Tom Baker (tom@acme.example)", ["Tom@acme.example"]),
        ("Tom Baker <tom@acme.example>", ["Tom@acme.example"]),
        ('"Baker, Tom" <TOM@acme.example>', ["Tom@acme.example"]),
        ("Sales: tom@acme.example", ["Tom@acme.example"]),
        ("mailto:tom@acme.example", ["Tom@acme.example"]),
        ("Tom Baker", ["Tom@acme.example"]),
        ("  tom   BAKER ", ["Tom@acme.example"]),
        ("Baker, Tom", ["Tom@acme.example"]),
        ("Ana Garcia", [ANA]),
        ("García,Ana", [ANA]),
        ("Garci\u0301a, Ana", [ANA]),
        ("Ana\u00a0García", [ANA]),
        ("usr-3", [ANA]),
        ("No Mail", ["usr-6"]),
        ("usr-7", ["usr-7"]),
        ("Jo Doe", ["jo1@acme.example", "jo2@acme.example"]),
        ("Jo Doe (jo2@acme.example)", ["jo2@acme.example"]),
        ("tom@acme.example; marie@acme.example", ["Tom@acme.example", MARIE]),
        ("sean.o'brien@acme.example", ["sean.o'brien@acme.example"]),
        ("Sean (sean.O'Brien@acme.example)", ["sean.o'brien@acme.example"]),
        ("'tom@acme.example'", ["Tom@acme.example"]),
        ("O'Brien, Sean", ["sean.o'brien@acme.example"]),
        ("O\u2019Brien, Sean", ["sean.o'brien@acme.example"]),
        # Not to be guessed.
        ("x'brien@acme.example", []),
        ("Tom", []),
        ("Tom Bakers", []),
        ("Tom Baker (tom@elsewhere.example)", []),
        ("usr-99", []),
        ("USR-3", []),
        ("", []),
        ("-", []),
        (",", []),
    ],
)
def test_who_is_meant(text, found):
    """Each way of writing a teammate finds that one; what is not clear finds none or several."""
    assert TEAM.find(text) == found


@given(st.text())
def test_any_text_finds_teammates_only(text):
    """Whatever stands in the cell, nobody outside the team is found."""
    assert set(TEAM.find(text)) <= {user.email or user.id for user in TEAM.users}


def write(tmp_path, owners):
    file = tmp_path / "leads.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["Phone", "Owner"])
        rows.writerows(zip(us_numbers(len(owners)), owners, strict=True))
    return file


def test_spellings_of_one_rep_are_one_load_in_file_order(sandbox, run, tmp_path):
    """Names, addresses and ids of the same rep go to one queue, in the order of the file."""
    tom_id = sandbox.users[2].id
    file = write(
        tmp_path,
        [
            "Tom Baker",
            "Marie Laurent",
            TOM.upper(),
            "Baker, Tom",
            f"Tom B. <{TOM}>",
            tom_id,
            "GARCIA, Ana",
            "Tom Baker",
        ],
    )

    result = run("load", file, "--to-column", "Owner", "--json", code=0)

    numbers = us_numbers(8)
    assert sandbox.numbers(TOM) == [numbers[0], *numbers[2:6], numbers[7]]
    assert sandbox.numbers(MARIE) == [numbers[1]]
    assert sandbox.numbers(ANA) == [numbers[6]]
    assert sandbox.numbers() == []
    assert [rep["rep"] for rep in json.loads(result.stdout)["reps"]] == [TOM, MARIE, ANA]
    assert sum(b"tom@" in request.body for request in sandbox.ledger.appends) == 1


def test_unknown_reps_are_said_at_once_and_cost_the_others_nothing(sandbox, run, tmp_path):
    """Who is not in the team is told with rows and lines; those rows are pending, the others are in."""
    file = write(tmp_path, ["Tom Baker", "Zoe Nobody", "zoe@acme.example", "Zoe Nobody", "", MARIE])

    result = run("load", file, "--to-column", "Owner", code=3)

    assert sandbox.numbers(TOM) == us_numbers(1)
    assert sandbox.numbers(MARIE) == us_numbers(6)[5:]
    assert "Zoe Nobody (2 rows, lines 3, 5) is not in the team. See who is: allo-async users" in result.stderr
    assert "zoe@acme.example (1 row, line 4) is not in the team" in result.stderr
    written = (tmp_path / "leads.not-added.csv").read_text("utf-8-sig")
    assert written.count("PENDING: ASSIGNEE_NOT_FOUND") == 3
    assert written.count("NO_REP") == 1


def test_column_that_names_no_reps_does_not_fill_the_screen(sandbox, run, tmp_path):
    """Of very many who are not found, the first are told one by one and the others together; each row has its fate."""
    file = write(tmp_path, [MARIE, *(f"Company {place}" for place in range(3_000))])

    result = run("load", file, "--to-column", "Owner", "--no-journal", code=3)

    assert sandbox.numbers(MARIE) == us_numbers(1)
    assert len(result.output.splitlines()) < 60
    assert "2,990 more (2,990 rows, lines 13, 14, 15, 16, 17, …) are not in the team" in result.stderr
    written = (tmp_path / "leads.not-added.csv").read_text("utf-8-sig")
    assert written.count("PENDING: ASSIGNEE_NOT_FOUND") == 3_000


def test_two_teammates_of_one_name_are_not_guessed(sandbox, run, tmp_path):
    """A name that two have is told with both addresses, and its rows are pending."""
    sandbox.add_user("tom.other@acme.example", name="Tom Baker")
    file = write(tmp_path, ["Tom Baker", MARIE])

    result = run("load", file, "--to-column", "Owner", code=3)

    assert "Tom Baker (1 row, line 2) may be tom@acme.example or tom.other@acme.example" in result.stderr
    assert sandbox.numbers(TOM) == sandbox.numbers("tom.other@acme.example") == []
    assert "PENDING: AMBIGUOUS_REP" in (tmp_path / "leads.not-added.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    "arguments", [("--to-column", "Owner"), ("--to", "Zoe Nobody"), ("--to", "Zoe Nobody", "--to", "zoe@acme.example")]
)
@pytest.mark.parametrize("plan", [(), ("--plan",)])
def test_nothing_is_sent_where_nobody_is_found(sandbox, run, tmp_path, arguments, plan):
    """Where none of the reps is found, that is wrong usage: exit code 2, and not a single write."""
    file = write(tmp_path, ["Zoe Nobody", "zoe@acme.example"])

    result = run("load", file, *arguments, *plan, code=2)

    assert "None of the reps is found, and nothing was sent." in result.stderr
    assert "allo-async users" in result.stderr
    assert sandbox.ledger.appends == []
    assert not (tmp_path / "leads.not-added.csv").exists()


def test_to_takes_a_name_and_an_id(sandbox, run, tmp_path):
    """--to finds a teammate by name; several that are the same teammate count once."""
    file = write(tmp_path, ["x"] * 4)

    run("load", file, "--to", "garcia, ana", "--no-journal", code=0)
    run("load", file, "--to", "Tom Baker", "--to", TOM, "--to", sandbox.users[1].id, "--no-journal", code=0)

    assert sandbox.numbers(ANA) == us_numbers(4)
    assert (sandbox.numbers(TOM), sandbox.numbers(MARIE)) == (us_numbers(4)[0::2], us_numbers(4)[1::2])


def test_plan_finds_the_reps_too(sandbox, run, tmp_path):
    """--plan names each rep by the address that rows would go to, and says who is not found."""
    file = write(tmp_path, ["Tom Baker", "Zoe Nobody", "tom baker"])

    result = run("load", file, "--to-column", "Owner", "--plan", code=0)

    assert f"{TOM}: " in result.stdout
    assert "2 to send" in result.stdout
    assert "Zoe Nobody (1 row, line 3) is not in the team" in result.stderr


def test_key_that_may_not_list_the_team(sandbox, run, tmp_path, monkeypatch):
    """Addresses and ids go as they are; a name cannot be looked up, and its rows are pending with the reason."""
    monkeypatch.setenv("ALLO_API_KEY", sandbox.add_key(scopes=["DIALING_QUEUE_READ_WRITE"]))
    ana_id = sandbox.users[3].id
    file = write(tmp_path, [f"Tom ({TOM.upper()})", TOM, "Marie Laurent", ana_id])

    result = run("load", file, "--to-column", "Owner", code=3)

    assert sandbox.numbers(TOM) == us_numbers(2)
    assert sandbox.numbers(ANA) == us_numbers(4)[3:]
    assert sandbox.numbers(MARIE) == []
    assert "Marie Laurent (1 row, line 4) cannot be looked up: the API key may not list the team" in result.stderr
    assert "PENDING: NAME_UNREADABLE" in (tmp_path / "leads.not-added.csv").read_text("utf-8-sig")


def test_failing_team_sends_nothing_and_tells_every_row(sandbox, run, tmp_path):
    """Where the team cannot be read for another reason, nothing is sent and every row is pending."""
    sandbox.script(faults.error(500, "INTERNAL_SERVER_ERROR"), method="GET")
    file = write(tmp_path, ["Tom Baker", MARIE])

    one = json.loads(run("load", file, "--to-column", "Owner", "--deadline", 1, "--json", code=3).stdout)
    two = json.loads(run("load", file, "--to", TOM, "--to", MARIE, "--deadline", 1, "--json", code=3).stdout)

    assert one["totals"] == two["totals"] == {"rows": 2, "added": 0, "skipped": 0, "pending": 2, "in_doubt": 0}
    assert sandbox.ledger.appends == []


def test_owner_of_the_key_needs_no_team(sandbox, run, tmp_path):
    """--mine asks for nobody."""
    run("load", write(tmp_path, ["x"]), "--mine", "--no-journal", code=0)

    assert not any(request.path.endswith("/users") for request in sandbox.ledger.requests)
