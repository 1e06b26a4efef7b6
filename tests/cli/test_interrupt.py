import asyncio
import signal
import subprocess
import sys
import threading

import pytest

from allo_async.cli.cancelling import run
from allo_async.cli.interrupt import stop_on_interrupt
from allo_async.cli.signals import ending_at_once, exit_code, finishing

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", ENDING)
def test_first_signal_asks_and_the_second_ends(number):
    """The first signal sets the event and says so; the second cancels the task; afterwards each is as it was."""
    said = []

    async def work():
        before = [signal.getsignal(each) for each in ENDING]
        with stop_on_interrupt(lambda: said.append("heard")) as stop:
            signal.raise_signal(number)
            await asyncio.wait_for(stop.wait(), 1)
            signal.raise_signal(number)
            with pytest.raises(asyncio.CancelledError):
                await asyncio.Event().wait()
        return before, [signal.getsignal(each) for each in ENDING]

    before, after = asyncio.run(work())

    assert before == after
    assert said == ["heard"]


def test_loop_outside_the_main_thread_keeps_its_own_way():
    """Where no handlers can be set, as outside the main thread, the block runs all the same."""
    seen = []

    async def work():
        with stop_on_interrupt(lambda: None) as stop:
            seen.append(stop.is_set())

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()

    assert seen == [False]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signal_ends_a_question(number, code):
    """Whatever a coroutine waits for, a signal ends it, and the exit code names the signal."""

    async def ask():
        asyncio.get_running_loop().call_soon(signal.raise_signal, number)
        await asyncio.Event().wait()

    with ending_at_once(), pytest.raises(KeyboardInterrupt):
        run(ask())

    assert exit_code() == code


def test_what_finishes_is_not_cut_off():
    """At the end of a run the first signal lets the block finish, and the second does not."""
    done = []

    def finish():
        with finishing():
            signal.raise_signal(signal.SIGTERM)
            done.append("written")
            signal.raise_signal(signal.SIGTERM)
            done.append("never")

    with ending_at_once(), pytest.raises(KeyboardInterrupt):
        finish()

    assert done == ["written"]


def test_signal_within_text_that_is_run_leaves_the_exit_code(tmp_path):
    """Attrs, dataclasses and named tuples run text at each import: a signal that comes just then is like any other."""
    module = tmp_path / "signalled.py"
    module.write_text(
        "import signal, sys\n"
        "from allo_async.cli.signals import ending_at_once, exit_code\n"
        "with ending_at_once():\n"
        "    try:\n"
        "        exec('signal.raise_signal(signal.SIGTERM)')\n"
        "    except KeyboardInterrupt:\n"
        "        sys.exit(exit_code())\n"
    )

    # Run by its name, as the command is: for a text or a file that is run, Python forgets what came before.
    assert subprocess.run([sys.executable, "-m", "signalled"], cwd=tmp_path, check=False).returncode == 143


def test_ignored_signal_stays_ignored():
    """What the starter of the command had it ignore ends nothing, as SIGHUP under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_at_once(), finishing():
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
