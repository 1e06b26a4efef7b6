"""What stands on the screen: on a narrow terminal, without colours, without a terminal, in any encoding."""

import json
import os
import re
import subprocess
import sys

import pytest

from allo_async.sandbox import faults
from tests.cli.pseudo_terminal import PseudoTerminal
from tests.end_to_end.numbers import us_numbers

MARIE, TOM = "marie@acme.example", "tom@acme.example"
COLOURS = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-9]|4[0-9]|9[0-7]|10[0-7])(?:;\d+)*m")
HIDDEN_CURSOR = "\x1b[?25l"


@pytest.fixture(name="leads")
def _leads(tmp_path):
    file = tmp_path / "leads.csv"
    rows = [f"Zoé,{number},{(MARIE, TOM)[place % 2]}" for place, number in enumerate(us_numbers(40))]
    file.write_text("Prénom,Téléphone,Rep\n" + "\n".join(rows) + f"\nBad,n/a,{MARIE}\n", "utf-8")
    return file


def command(*arguments, **environment):
    given = {name: value for name, value in os.environ.items() if name not in {"PYTHONIOENCODING", "COLUMNS"}}
    return subprocess.run(
        [sys.executable, "-m", "allo_async", *map(str, arguments)],
        capture_output=True,
        check=False,
        env={**given, **environment},
        stdin=subprocess.DEVNULL,
    )


def test_sixty_columns_show_bar_and_table(sandbox, leads):
    """On a terminal of 60 columns nothing is wider, the bar says what it waits for, and the table is whole."""
    sandbox.script(faults.rate_limited(seconds=1), at=3)
    arguments = ("load", leads, "--to-column", "Rep", "--chunk-size", 10, "--no-journal")

    with PseudoTerminal(*arguments) as terminal:
        assert terminal.finish() == 0

    assert HIDDEN_CURSOR in terminal.output
    assert "waiting for the rate limit" in terminal.plain
    table = terminal.plain[terminal.plain.index("leads.csv") :]
    widths = [len(line.rstrip()) for line in table.splitlines() if "not-added" not in line]
    assert max(widths) <= 60
    assert re.search(r"all\s+41\s+40\s+1\s+0\s+0", table)
    assert "…" not in table
    assert re.search(r"^ marie +21 +20", table, re.MULTILINE)
    assert "@acme" in table


def test_bar_is_narrow_enough_for_its_longest_words(sandbox, leads):
    """The longest of what may be waited for is shown whole in 60 columns, with how many rows are done."""
    sandbox.script(faults.conflict(), at=range(2, 9))

    with PseudoTerminal("load", leads, "--to", MARIE, "--chunk-size", 20, "--no-journal") as terminal:
        terminal.read_until("waiting: others add to the queue")
        terminal.finish()

    states = [line for line in re.split(r"[\r\n]+", terminal.plain) if line.startswith("Loading")]
    assert any("20/41" in state and "waiting: others add to the queue" in state for state in states)
    assert max(map(len, states)) <= 60


def test_no_color_is_obeyed(sandbox, leads):
    """With NO_COLOR nothing is coloured, on a terminal too; without it, something is."""
    with PseudoTerminal("load", leads, "--to", MARIE, "--no-journal", NO_COLOR="1") as terminal:
        assert terminal.finish() == 0
    with PseudoTerminal("load", leads, "--to", TOM, "--no-journal") as colourful:
        assert colourful.finish() == 0

    assert not COLOURS.search(terminal.output)
    assert COLOURS.search(colourful.output)


def test_dumb_terminal_gets_no_bar(sandbox, leads):
    """On a terminal that can do nothing, nothing is drawn over."""
    with PseudoTerminal("load", leads, "--to", MARIE, "--no-journal", TERM="dumb") as terminal:
        assert terminal.finish() == 0

    assert "\x1b" not in terminal.output
    assert "leads.csv" in terminal.output


@pytest.mark.parametrize(
    "pretence", [{"FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "1"}, {"CI": "true", "FORCE_COLOR": "3"}]
)
def test_pretended_terminal_gets_no_bar(sandbox, leads, pretence):
    """What a CI says of colours makes no terminal of a pipe: nothing is drawn over and over."""
    sandbox.script(faults.conflict(), at=1)

    done = command("load", leads, "--to", MARIE, "--no-journal", **pretence)

    assert done.returncode == 0
    told = done.stderr.decode()
    assert HIDDEN_CURSOR not in told
    assert "Loading" not in told
    assert "\r" not in told
    assert told.count("trying again") == 1


def test_lines_are_whole_in_a_pipe(sandbox):
    """Without a terminal, tables are as wide as what stands in them, whatever COLUMNS says."""
    name = "Maximiliane Alexandra Konstantina von und zu Hohenstein-Schillingsfürst the younger " * 2
    sandbox.add_user("maximiliane@acme.example", name=name.strip())

    done = command("users", COLUMNS="40")

    line = next(line for line in done.stdout.decode().splitlines() if "maximiliane@" in line)
    assert name.strip() in line
    assert "…" not in done.stdout.decode()


LOAD = ("load", "LEADS", "--to", MARIE, "--fresh")
EVERYTHING = [
    (LOAD, 0),
    (("load", "LEADS", "--to", MARIE, "--plan"), 0),
    (("load", "LEADS", "--to-column", "Prénom"), 2),
    (("load", "--help"), 0),
    (("--help",), 0),
    (("users",), 0),
    (("queue", "show", "--of", MARIE, "--numbers"), 0),
    (("nonsense…",), 2),
]


@pytest.mark.parametrize(
    ("encoding", "arguments", "code"),
    [
        *((encoding, *case) for encoding in ("cp1252", "ascii") for case in EVERYTHING),
        *((encoding, LOAD, 0) for encoding in ("latin-1", "cp437", "cp932", "utf-16")),
    ],
)
def test_no_encoding_crashes_the_command(sandbox, leads, encoding, arguments, code):
    """What the terminal's encoding lacks is replaced; the exit code is what it is with any other."""
    sandbox.fill(MARIE, 1)

    done = command(*(leads if each == "LEADS" else each for each in arguments), PYTHONIOENCODING=encoding)

    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    done.stdout.decode(encoding)


def test_c_locale_and_json(sandbox, leads):
    """In a C locale too, a load is told, and its JSON can be read."""
    done = command(
        "load", leads, "--to", MARIE, "--json", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0", LANG="C"
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode("ascii"))["totals"]["added"] == 40
    users = command("users", "--json", PYTHONIOENCODING="ascii")
    assert "Ana García" in [user["name"] for user in json.loads(users.stdout.decode("ascii"))]


def test_reader_that_goes_away_is_no_crash(sandbox, leads):
    """Where the reader of a pipe has gone, as with `head`, no traceback appears."""
    process = subprocess.Popen(
        [sys.executable, "-m", "allo_async", "users"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    process.wait()

    assert b"Traceback" not in told
    assert b"Exception" not in told


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_bar_and_table_of_another_encoding(sandbox, leads, encoding):
    """On a terminal of another encoding, bar and borders are drawn with what it has, and the load is told."""
    with PseudoTerminal(
        "load", leads, "--to", MARIE, "--no-journal", columns=100, PYTHONIOENCODING=encoding
    ) as terminal:
        assert terminal.finish() == 0

    assert "Loading" in terminal.plain
    assert "?????" not in terminal.plain
    assert re.search(rf"{MARIE}[ |]+41[ |]+40", terminal.plain)
