import asyncio
import json
import threading

import pytest
from typer.testing import CliRunner

from allo_async.cli.app import app
from allo_async.sandbox import Sandbox
from tests.hostile.account import HastyClock, bounded
from tests.hostile.files import FILES
from tests.hostile.making import ROWS, Means
from tests.hostile.middleman import Middleman, Strike
from tests.hostile.replies import REPLIES


@pytest.fixture(name="loop")
def _loop():
    """A loop of another thread, since the command runs a loop itself."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(name="between")
def _between(loop, monkeypatch):
    """A sandbox and the middleman before it; the environment points to him, and nobody waits."""

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    clock = HastyClock()
    monkeypatch.setattr("allo_async.client.SystemClock", lambda: clock)
    sandbox = Sandbox(clock=clock, write_per_second=None, read_per_second=None)
    run(sandbox.__aenter__())
    middleman = Middleman(sandbox.url)
    run(middleman.__aenter__())
    monkeypatch.setenv("ALLO_API_KEY", sandbox.api_key)
    monkeypatch.setenv("ALLO_BASE_URL", middleman.url)
    yield sandbox, middleman
    run(middleman.__aexit__(None, None, None))
    run(sandbox.__aexit__(None, None, None))


def command(*arguments):
    """Run the command, which may end with any of its own codes and with no traceback; return what it printed."""
    with bounded():
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in range(6)
    assert all(line.isprintable() for line in result.output.split("\n"))
    return result


@pytest.mark.parametrize("hostile", REPLIES.values(), ids=str)
def test_reply_through_the_command(between, tmp_path, hostile):
    """The table, the file of what is not added, and the exit code tell what stands in the queue, whatever came back."""
    sandbox, middleman = between
    leads = tmp_path / "leads.csv"
    leads.write_text("\n".join(["Phone", *ROWS]), encoding="utf-8")
    middleman.strike(Strike(hostile.reply, commit=hostile.means is not Means.REFUSED))

    result = command("load", leads, "--mine", "--json", "--deadline", "50")

    told = json.loads(result.stdout)
    queued = sandbox.numbers()
    assert len(queued) == len(set(queued))
    assert told["totals"]["added"] <= len(queued)
    assert told["totals"]["added"] + told["totals"]["in_doubt"] + told["totals"]["skipped"] >= len(queued)
    assert (result.exit_code == 0) == (told["totals"]["added"] == 3)
    rest = tmp_path / "leads.not-added.csv"
    assert rest.exists() == (told["totals"]["added"] < 3)


@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
def test_file_through_the_command(between, tmp_path, make):
    """A file may be anything: it is loaded, or refused in a sentence, and what is told is what stands in the queue."""
    sandbox, _ = between
    leads = make(tmp_path)

    result = command("load", leads, "--mine", "--region", "US", "--json")

    told = json.loads(result.stdout)
    assert len(sandbox.numbers()) == told.get("totals", {"added": 0})["added"]
    assert result.exit_code == 0 or result.output.strip()


def test_there_are_many():
    """The table shrinks by no accident."""
    assert len(FILES) >= 40
