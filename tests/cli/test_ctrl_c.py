"""Ctrl-C once, on a terminal, in each kind of wait: the load ends at once, and says what became of the rows."""

import re
import time

import pytest

from allo_async.sandbox import faults
from tests.cli.pseudo_terminal import SOON, PseudoTerminal
from tests.end_to_end.numbers import us_numbers

MARIE, TOM = "marie@acme.example", "tom@acme.example"
ONE = ("--to", MARIE)
TWO = ("--to", MARIE, "--to", TOM)


def is_read(path):
    return lambda request: request.method == "GET" and request.path.endswith(path)


def full_queue(sandbox):
    sandbox.fill(MARIE, 998)


def rate_limit(sandbox):
    sandbox.script(faults.rate_limited(seconds=50), at=range(2, 99))


def conflicts(sandbox):
    sandbox.script(faults.conflict(), at=range(2, 999))


def failures(sandbox):
    sandbox.script(faults.error(409, "OTHER_TRANSACTION_IN_PROGRESS"), at=range(2, 999))


def slow_queue(sandbox):
    sandbox.script(faults.stall(600), method="GET", when=is_read("/current"))


def slow_team(sandbox):
    sandbox.script(faults.stall(600), method="GET", when=is_read("/users"))


@pytest.mark.parametrize(
    ("arrange", "options", "shown", "pending"),
    [
        (full_queue, (*ONE, "--on-full-queue", "wait"), "waiting for room", 4),
        (rate_limit, ONE, "waiting for the rate limit", 4),
        (conflicts, ONE, "waiting: others add to the queue", 4),
        (failures, ONE, "waiting to try again", 4),
        (rate_limit, TWO, "waiting for the rate limit", 4),
        (conflicts, TWO, "waiting: others add to the queue", 4),
        (slow_queue, TWO, "Loading", 6),
        (slow_team, ONE, "Preparing", 6),
        (slow_team, TWO, "Preparing", 6),
    ],
)
def test_first_ctrl_c_ends_a_wait(sandbox, tmp_path, arrange, options, shown, pending):
    """Nothing is on its way in a wait, so nothing is waited for; every row is told, and the exit code is 130."""
    arrange(sandbox)
    leads = tmp_path / "leads.csv"
    leads.write_text("Phone\n" + "\n".join(us_numbers(6)), "utf-8")

    with PseudoTerminal("load", leads, *options, "--chunk-size", 2, columns=120) as terminal:
        terminal.read_until(shown)
        begun = time.monotonic()
        while arrange in {slow_queue, slow_team} and not sandbox.ledger.requests:
            assert time.monotonic() < begun + SOON
            time.sleep(0.05)
        terminal.press("\x03")
        assert terminal.finish() == 130

    assert "Stopping" in terminal.plain
    assert "Traceback" not in terminal.plain
    assert re.search(rf"(?:all|{MARIE}|queue\)) +6 +{6 - pending} +{pending} +0", terminal.plain)
    written = (tmp_path / "leads.not-added.csv").read_text("utf-8-sig").splitlines()
    assert len(written) == 1 + pending
    assert all("PENDING" in line for line in written[1:])


def test_chunk_under_way_is_heard_out(sandbox, tmp_path):
    """While a chunk is on its way, Ctrl-C ends after its reply: its rows are added, the others pending."""
    sandbox.script(faults.late(1), at=1)
    leads = tmp_path / "leads.csv"
    leads.write_text("Phone\n" + "\n".join(us_numbers(6)), "utf-8")

    with PseudoTerminal("load", leads, *ONE, "--chunk-size", 2, columns=120) as terminal:
        begun = time.monotonic()
        while not sandbox.ledger.appends:
            assert time.monotonic() < begun + SOON
            time.sleep(0.01)
        terminal.press("\x03")
        assert terminal.finish() == 130

    assert sandbox.numbers(MARIE) == us_numbers(2)
    assert (tmp_path / "leads.not-added.csv").read_text("utf-8-sig").count("PENDING: interrupted") == 4


def test_small_commands_end_at_once(sandbox):
    """Ctrl-C ends a look at the team without a traceback."""
    slow_team(sandbox)

    with PseudoTerminal("users", columns=120) as terminal:
        begun = time.monotonic()
        while not sandbox.ledger.requests:
            assert time.monotonic() < begun + SOON
            time.sleep(0.05)
        terminal.press("\x03")
        assert terminal.finish() == 130

    assert "Traceback" not in terminal.plain
