import json

MARIE = "marie@acme.example"


def test_queue_is_shown(sandbox, run):
    """Size, room, settings, and the entries on demand; as JSON for machines."""
    sandbox.fill(MARIE, 3)

    shown = run("queue", "show", "--of", MARIE, "--numbers", code=0).stdout
    told = json.loads(run("queue", "show", "--of", MARIE, "--numbers", "--json", code=0).stdout)

    assert "997" in shown
    assert sandbox.numbers(MARIE)[0] in shown
    assert (told["size"], told["room"], told["settings"]["assignee_id"]) == (3, 997, sandbox.users[1].id)
    assert [entry["number_to"] for entry in told["numbers"]] == sandbox.numbers(MARIE)
    assert "the first append makes one" in run("queue", "show", code=0).stdout


def test_queue_is_cleared_reset_and_renamed(sandbox, run):
    """Entries go by filter, a queue is made anew, a name is changed."""
    sandbox.fill(MARIE, 3)

    assert "1 removed" in run("queue", "clear", "--of", MARIE, "--position", 0, "--yes", code=0).stdout
    assert "2 removed" in run("queue", "clear", "--of", MARIE, "--unassigned", "--yes", code=0).stdout
    sandbox.fill(MARIE, 3)
    assert "empty" in run("queue", "reset", "--of", MARIE, "--name", "Monday", "--yes", code=0).stdout
    assert sandbox.numbers(MARIE) == []
    assert "is called Tuesday" in run("queue", "rename", "Tuesday", "--of", MARIE, code=0).stdout


def test_what_goes_wrong_is_one_line(sandbox, run, monkeypatch):
    """An API error and a missing key end with exit code 1, a missing filter with 2, each with its own words."""
    assert "ASSIGNEE_NOT_FOUND" in run("queue", "show", "--of", "nobody@acme.example", code=1).stderr
    assert "--unassigned" in run("queue", "clear", code=2).stderr
    assert "--unassigned" in run("queue", "clear", "--unassigned", "--position", "0", "--yes", code=2).stderr
    monkeypatch.delenv("ALLO_API_KEY")
    assert "ALLO_API_KEY" in run("whoami", code=1).stderr


def test_team_and_key_are_told(sandbox, run):
    """The team by role, and the key with its limits, never the key itself."""
    team = run("users", "--role", "MEMBER", code=0).stdout
    me = run("whoami", code=0).stdout

    assert MARIE in team
    assert "olivia" not in team
    assert "20 reads" in me
    assert "DIALING_QUEUE_READ_WRITE" in me
    assert sandbox.api_key not in me
