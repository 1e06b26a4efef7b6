import asyncio
import threading

import pytest
from typer.testing import CliRunner

from allo_async.cli.app import app
from allo_async.sandbox import Sandbox


@pytest.fixture(name="sandbox")
def _sandbox(monkeypatch):
    """A sandbox on a loop of its own thread, since the command runs a loop itself; the environment points to it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    sandbox = Sandbox(write_per_second=None)
    run(sandbox.__aenter__())
    monkeypatch.setenv("ALLO_API_KEY", sandbox.api_key)
    monkeypatch.setenv("ALLO_BASE_URL", sandbox.url)
    yield sandbox
    run(sandbox.__aexit__(None, None, None))
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(name="run")
def _run():
    """Runs the command, and checks how it ends, unless *code* is `None`."""

    def run(*arguments, code, stdin=None):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, env={"COLUMNS": "200"})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert code is None or result.exit_code == code, result.output
        return result

    return run
