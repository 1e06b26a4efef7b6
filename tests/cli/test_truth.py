"""What the command says of itself: exit codes, the sandbox, JSON, consent, completion, long waits."""

import json
import re

import pytest

from allo_async.cli import waits
from allo_async.sandbox import faults
from tests.cli.pseudo_terminal import PseudoTerminal
from tests.end_to_end.numbers import us_numbers

MARIE, TOM = "marie@acme.example", "tom@acme.example"
NOTHING_IS_SENT = "Sandbox: nothing is sent to Allo, nobody is called."


@pytest.fixture(name="leads")
def _leads(tmp_path):
    def write(rows, name="leads.csv"):
        file = tmp_path / name
        file.write_text("Phone\n" + "".join(f"{row}\n" for row in rows), "utf-8")
        return file

    return write


@pytest.mark.parametrize("to", [("--to", MARIE), ("--to", MARIE, "--to", TOM), ("--mine",)])
def test_load_in_vain_is_no_success(sandbox, run, leads, to):
    """A load of which every row was skipped ends with 5, without --strict, by people and by machines."""
    file = leads(["n/a", "nope", "+1 123 456 7890"])

    run("load", file, *to, code=5)

    assert json.loads(run("load", file, *to, "--json", "--fresh", code=5).stdout)["exit_code"] == 5
    assert sandbox.numbers(MARIE) == []


def test_load_whose_rows_are_all_queued_is_a_success(sandbox, run, leads):
    """Numbers that stand in the queue already are where they should be; so are those of an earlier run."""
    file = leads(us_numbers(3))
    run("load", file, "--to", MARIE, code=0)

    run("load", file, "--to", MARIE, "--skip-queued", "--fresh", code=0)
    run("load", leads([*us_numbers(3), "n/a"]), "--to", TOM, "--no-journal", code=0)


def test_pending_is_worse_than_skipped(sandbox, run, leads):
    """Where the other rows are pending, the exit code is that of pending rows."""
    sandbox.fill(MARIE, 1000)

    run("load", leads(["n/a", *us_numbers(2)]), "--to", MARIE, code=3)


@pytest.mark.parametrize("options", [(), ("--plan",)])
def test_sandbox_says_first_and_last_that_nothing_is_sent(run, leads, options, monkeypatch):
    """The first and the last line say so, of a plan too."""
    monkeypatch.delenv("ALLO_API_KEY", raising=False)

    lines = run("load", leads(us_numbers(3)), "--to", MARIE, "--sandbox", *options, code=0).stdout.splitlines()

    assert (lines[0], lines[-1]) == (NOTHING_IS_SENT, NOTHING_IS_SENT)


def test_sandbox_with_json_says_so_on_standard_error(run, leads):
    """With --json, standard output is one JSON document and nothing else."""
    result = run("load", leads(us_numbers(3)), "--to", MARIE, "--sandbox", "--json", code=0)

    assert json.loads(result.stdout)["totals"]["added"] == 3
    assert result.stderr.splitlines()[0] == result.stderr.splitlines()[-1] == NOTHING_IS_SENT


def test_sandbox_knows_its_own_reps_only(run, leads):
    """A rep of the real team is nobody there, and those whom it has are named."""
    told = run("load", leads(us_numbers(3)), "--to", "rep@acme.com", "--sandbox", code=2).stderr

    assert "rep@acme.com (3 rows, lines 2, 3, 4) is not in the team" in told
    for rep in ("olivia", "marie", "tom", "ana"):
        assert f"{rep}@acme.example" in told


def test_users_whoami_and_queue_have_json(sandbox, run):
    """Each look has a form for machines, with every field."""
    sandbox.fill(MARIE, 2)

    users = json.loads(run("users", "--json", code=0).stdout)
    me = json.loads(run("whoami", "--json", code=0).stdout)
    queue = json.loads(run("queue", "show", "--of", MARIE, "--json", code=0).stdout)

    assert [user["email"] for user in users][1:3] == [MARIE, TOM]
    assert users[1]["id"] == sandbox.users[1].id
    assert "DIALING_QUEUE_READ_WRITE" in me["scopes"]
    assert sandbox.api_key not in json.dumps(me)
    assert (queue["size"], queue["numbers"]) == (2, [])


def test_queue_is_found_by_id(sandbox, run):
    """--of takes an id as well as an address."""
    sandbox.fill(MARIE, 2)

    assert json.loads(run("queue", "show", "--of", sandbox.users[1].id, "--json", code=0).stdout)["size"] == 2


@pytest.mark.parametrize("arguments", [("reset",), ("clear", "--unassigned"), ("clear", "--position", 0)])
def test_nothing_goes_without_consent(sandbox, run, arguments):
    """Without a terminal to ask on, a queue is left as it is, and --yes is named."""
    sandbox.fill(MARIE, 3)

    told = run("queue", *arguments, "--of", MARIE, code=2).stderr

    assert "--yes" in told
    assert len(sandbox.numbers(MARIE)) == 3
    assert not any(request.method != "GET" for request in sandbox.ledger.requests)


@pytest.mark.parametrize(
    ("arguments", "shown", "left"),
    [
        (("reset",), "has 3 entries; 3 of them go", 0),
        (("clear", "--unassigned"), "has 3 entries; 3 of them go", 0),
        (("clear", "--position", "1"), "has 3 entries; 1 of them go", 2),
        (("clear", "--number", "FIRST"), "has 3 entries; 1 of them go", 2),
    ],
)
@pytest.mark.parametrize("answer", ["y", "n"])
def test_what_goes_is_shown_and_asked_for(sandbox, run, arguments, shown, left, answer):
    """On a terminal, the queue, its rep and the entries are shown, and only a yes takes them away."""
    sandbox.fill(MARIE, 3)
    run("queue", "rename", "Monday", "--of", MARIE, code=0)
    before = sandbox.numbers(MARIE)
    given = [before[0] if argument == "FIRST" else argument for argument in arguments]

    with PseudoTerminal("queue", *given, "--of", MARIE, columns=120) as terminal:
        terminal.read_until("Go on?")
        assert sandbox.numbers(MARIE) == before
        terminal.press(f"{answer}\n")
        code = terminal.finish()

    assert f"“Monday” of {MARIE} {shown}" in terminal.plain
    assert before[1 if "1" in arguments else 0] in terminal.plain
    assert (code, len(sandbox.numbers(MARIE))) == ((0, left) if answer == "y" else (1, 3))


def test_completion_is_on(run):
    """The shell's completion can be installed and shown."""
    told = run("--help", code=0).stdout

    assert "--install-completion" in told
    assert "--show-completion" in told


def test_exit_codes_are_documented(run):
    """The help of load names each exit code with its meaning."""
    told = run("load", "--help", code=0).stdout

    for code in (0, 1, 2, 3, 4, 5, 130):
        assert re.search(rf"\b{code}: \w", told)


@pytest.mark.parametrize("long", [0.3, 30])
def test_only_a_long_wait_is_told_without_a_terminal(sandbox, run, leads, monkeypatch, long):
    """Without a bar, a wait is told in one line once it is long, and a short one not at all."""
    monkeypatch.setattr(waits, "LONG_WAIT", long)
    sandbox.script(faults.rate_limited(seconds=1), at=1)

    told = run("load", leads(us_numbers(3)), "--to", MARIE, code=0).stderr

    assert told.count("Still waiting for the rate limit.") == (1 if long < 1 else 0)
