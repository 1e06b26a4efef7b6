"""SIGTERM, SIGHUP and Ctrl-C: the command gives its account, and the same command takes the load up again."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from allo_async.cli.not_added import write_not_added
from allo_async.sandbox import faults
from tests.cli.pseudo_terminal import SOON, PseudoTerminal
from tests.end_to_end.numbers import us_numbers

MARIE, TOM = "marie@acme.example", "tom@acme.example"
COMMAND = [sys.executable, "-m", "allo_async"]
SHOWN_CURSOR = "\x1b[?25h"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
NUMBERS = us_numbers(6)
LOAD = ("load", "leads.csv", "--to", MARIE, "--chunk-size", 2)
SPREAD = ("load", "leads.csv", "--to", MARIE, "--to", TOM, "--chunk-size", 2)
TEAM = ("load", "leads.csv", "--to-column", "Rep", "--chunk-size", 2)


@pytest.fixture(name="folder")
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{number},{(MARIE, TOM)[place % 2]}\n" for place, number in enumerate(NUMBERS)]
    (tmp_path / "leads.csv").write_text("Phone,Rep\n" + "".join(rows), "utf-8")
    return tmp_path


def start(*arguments, folder, **options):
    given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen([*COMMAND, *map(str, arguments)], cwd=folder, **given)


def when(met):
    until = time.monotonic() + SOON
    while not met():
        assert time.monotonic() < until
        time.sleep(0.02)


def in_queues(sandbox):
    return sorted([*sandbox.numbers(MARIE), *sandbox.numbers(TOM)])


def not_added(folder):
    return (folder / "leads.not-added.csv").read_text("utf-8-sig").splitlines()[1:]


def slow(sandbox):
    """The first request gets its reply, and the second is the last that is sent."""
    sandbox.script(faults.rate_limited(seconds=2), at=2)


@pytest.mark.parametrize(
    ("arguments", "number"), [(LOAD, signal.SIGTERM), (SPREAD, signal.SIGHUP), (TEAM, signal.SIGTERM)]
)
def test_load_on_a_terminal(sandbox, run, folder, arguments, number):
    """The account is told, the cursor is back, the rest is written, and the next run adds it, each row once."""
    slow(sandbox)

    with PseudoTerminal(*arguments, columns=120, cwd=folder) as terminal:
        terminal.read_until("waiting for the rate limit")
        terminal.send(number)
        code = terminal.finish()

    assert code == CODES[number]
    assert terminal.output.rindex(SHOWN_CURSOR) > terminal.output.rindex("\x1b[?25l")
    assert "Traceback" not in terminal.plain
    assert "A second signal stops at once" in terminal.plain
    assert len(not_added(folder)) == len(NUMBERS) - len(in_queues(sandbox)) > 0
    assert "Run the same command again to go on" in terminal.plain.replace("\r\n", " ")

    run(*arguments, code=0)
    assert in_queues(sandbox) == sorted(NUMBERS)


def test_terminal_that_is_closed(sandbox, run, folder):
    """Where the terminal goes away under the load, the files are written all the same, and the load can go on."""
    slow(sandbox)

    with PseudoTerminal(*LOAD, columns=120, cwd=folder) as terminal:
        terminal.read_until("waiting for the rate limit")
        code = terminal.hang_up()

    assert code == 129
    assert len(not_added(folder)) == 4
    assert not list(folder.glob("*.part"))
    run(*LOAD, code=0)
    assert sandbox.numbers(MARIE) == NUMBERS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_load_without_a_terminal(sandbox, folder, number):
    """In a pipe the account is the JSON document, and its exit code is the process's."""
    slow(sandbox)
    load = start(*LOAD, "--json", folder=folder)
    when(lambda: sandbox.numbers(MARIE))
    load.send_signal(number)
    told, complained = load.communicate(timeout=SOON)

    document = json.loads(told)
    assert load.returncode == document["exit_code"] == CODES[number]
    assert document["totals"]["added"] + document["totals"]["pending"] == len(NUMBERS)
    assert b"Traceback" not in complained


def test_two_signals_end_at_once(sandbox, run, folder):
    """The second signal waits for no reply: the rows under way are in doubt, and the next run settles them."""
    sandbox.script(faults.commit_and_stall(600), at=1)
    load = start(*LOAD, "--json", folder=folder)
    when(lambda: sandbox.ledger.appends)
    load.send_signal(signal.SIGTERM)
    when(lambda: b"Stopping" in os.read(load.stderr.fileno(), 4_096))
    load.send_signal(signal.SIGHUP)
    told, _ = load.communicate(timeout=SOON)

    assert load.returncode == 143
    assert json.loads(told)["totals"]["in_doubt"] == 2
    run(*LOAD, code=0)
    assert sandbox.numbers(MARIE) == NUMBERS


def reading_input(sandbox):
    load = start("load", "-", "--to", MARIE, folder=None, stdin=subprocess.PIPE)
    status = Path(f"/proc/{load.pid}/status")
    # As the kernel tells it: both signals have a handler.
    return load, lambda: int(re.search(r"SigCgt:\t(\w+)", status.read_text("ascii"))[1], 16) & 0x4001 == 0x4001


def looking_at_the_team(sandbox):
    sandbox.script(faults.stall(600), method="GET")
    return start("users", folder=None), lambda: sandbox.ledger.requests


def planning(sandbox):
    sandbox.script(faults.stall(600), method="GET")
    load = start("load", "-", "--to", MARIE, "--plan", folder=None, stdin=subprocess.PIPE)
    load.stdin.write(b"Phone\n+12125550100\n")
    load.stdin.close()
    load.stdin = None
    return load, lambda: sandbox.ledger.requests


def serving(sandbox):
    server = start("sandbox", "--port", 0, folder=None)
    return server, lambda: b"listens" in os.read(server.stdout.fileno(), 4_096)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc says when handlers are set")
@pytest.mark.parametrize(
    ("command", "number"),
    [
        (reading_input, signal.SIGTERM),
        (reading_input, signal.SIGHUP),
        (looking_at_the_team, signal.SIGTERM),
        (planning, signal.SIGHUP),
        (serving, signal.SIGTERM),
    ],
)
def test_other_commands_end(sandbox, command, number):
    """Nothing is there to put in order: the command ends at once, without a traceback, with the signal's code."""
    process, begun = command(sandbox)
    when(begun)
    # The handlers are there before the command has come to what it waits for.
    time.sleep(0.5)
    process.send_signal(number)
    told, complained = process.communicate(timeout=SOON)

    assert process.returncode == CODES[number], complained
    assert b"Traceback" not in told + complained


@pytest.mark.parametrize("number", CODES)
def test_question_is_no_yes(sandbox, number):
    """A signal while the command asks takes nothing away, and is told from an answer by its exit code."""
    sandbox.fill(MARIE, 2)

    with PseudoTerminal("queue", "clear", "--of", MARIE, "--unassigned", columns=120) as terminal:
        terminal.read_until("Go on?")
        # A signal between Python's last look for one and the system's read would be seen at the next key.
        time.sleep(0.3)
        terminal.send(number)
        code = terminal.finish()

    assert code == CODES[number]
    assert "Traceback" not in terminal.plain
    assert len(sandbox.numbers(MARIE)) == 2


@pytest.mark.parametrize("number", CODES)
def test_signal_during_the_report(sandbox, run, folder, monkeypatch, number):
    """A signal once all rows are settled cuts nothing off: the file is whole, and the account is the load's own."""
    (folder / "leads.csv").write_text(f"Phone\n{NUMBERS[0]}\nn/a\n", "utf-8")

    def interrupted(*arguments):
        signal.raise_signal(number)
        return write_not_added(*arguments)

    monkeypatch.setattr("allo_async.cli.loading.write_not_added", interrupted)
    result = run(*LOAD, code=0)

    assert "leads.not-added.csv" in result.stdout
    assert len(not_added(folder)) == 1


def test_nohup_stays_deaf(sandbox, folder):
    """A SIGHUP that was ignored when the command began stays ignored: the load goes on to its end."""
    sandbox.script(faults.late(1), at=1)
    ignoring = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731 - it is one
    load = start(*LOAD, "--json", folder=folder, preexec_fn=ignoring)
    when(lambda: sandbox.ledger.appends)
    load.send_signal(signal.SIGHUP)
    told, _ = load.communicate(timeout=SOON)

    assert load.returncode == 0
    assert json.loads(told)["totals"]["added"] == len(NUMBERS)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")  # noqa: PTH110 - it is a device
def test_output_that_cannot_be_written(sandbox, folder):
    """Where the disk is full under the account, the load is done, its files are there, and the exit code is 1."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - as above
        load = start(*LOAD, folder=folder, stdout=full)
        _, complained = load.communicate(timeout=SOON)

    assert load.returncode == 1
    assert b"cannot be written: No space left" in complained
    assert b"Traceback" not in complained
    assert b"Exception" not in complained
    assert sandbox.numbers(MARIE) == NUMBERS
