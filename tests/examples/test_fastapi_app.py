import asyncio
import contextlib
import importlib.util
import socket
import subprocess
import sys

import aiohttp
import pytest
import uvicorn

from allo_async import RateLimitedError
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import us_numbers
from tests.examples.conftest import environment_of

MARIE = "marie@acme.example"


@pytest.fixture(name="example")
def _example(root, environment, monkeypatch):
    for name in ("ALLO_API_KEY", "ALLO_BASE_URL", "ALLO_COORDINATION_DIRECTORY"):
        monkeypatch.setenv(name, environment[name])
    spec = importlib.util.spec_from_file_location("fastapi_app", root / "examples/fastapi_app.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(name="post")
async def _post(example):
    """Posts leads to the application under a real uvicorn."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(example.app, log_level="warning", ws="none")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        while not server.started:
            await asyncio.sleep(0.01)
        async with aiohttp.ClientSession(url) as session:

            async def post(leads, rep=MARIE):
                async with session.post(f"/reps/{rep}/leads", json=leads) as response:
                    return response.status, await response.json(), response.headers

            yield post
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving


def fates(told):
    return [row["fate"] for row in told["rows"]]


async def test_leads_are_appended(sandbox, post):
    """The handler appends and tells each lead's fate in the order of the list."""
    status, told, _ = await post([{"number": "+12125550010", "name": "Jo"}, {"number": "N/A"}, {"phone": "1"}])

    assert (status, fates(told)) == (200, ["added", "skipped", "skipped"])
    assert told["rows"][0]["position"] == 0
    assert told["rows"][1]["reason"] == "INVALID_PHONE_NUMBER"
    assert "phone: unknown field" in told["rows"][2]["detail"]
    assert sandbox.numbers(MARIE) == ["+12125550010"]


async def test_errors_become_honest_answers(sandbox, post):
    """Each failure has the status that tells the caller what to do, and the rows that are left."""
    leads = [{"number": number} for number in us_numbers(3)]
    sandbox.fill(MARIE, 999)
    sandbox.script(faults.leave_out(1), at=3)
    sandbox.script(faults.rate_limited(seconds=120), at=4)

    full = await post(leads)
    unknown = await post(leads, "nobody@acme.example")
    doubtful = await post(leads, "tom@acme.example")
    limited = await post(leads, "tom@acme.example")

    assert (full[0], fates(full[1]["detail"])) == (409, ["added", "pending", "pending"])
    assert (unknown[0], fates(unknown[1]["detail"])) == (404, ["pending"] * 3)
    assert (limited[0], limited[2]["Retry-After"]) == (503, "120")
    assert (doubtful[0], fates(doubtful[1])) == (202, ["added", "in_doubt", "added"])


@pytest.mark.parametrize(("seconds", "told"), [(0.3, "1"), (2.4, "3"), (None, "1")])
def test_caller_is_told_to_come_when_there_is_room(example, seconds, told):
    """Parts of a second are rounded up: who comes as told is not refused again for having come too soon."""
    limited = RateLimitedError("the rate limit leaves no room", status=429, code="LIMIT", retry_after=seconds)

    assert example.refusal(limited).headers == {"Retry-After": told}


async def test_deadline_bounds_the_request(sandbox, post, example, monkeypatch):
    """A server that does not answer costs the caller the deadline and no more, with the leads in doubt."""
    monkeypatch.setattr(example, "DEADLINE", 0.2)
    sandbox.script(faults.commit_and_stall(), at=1)

    status, told, _ = await post([{"number": "+12125550010"}])

    assert (status, fates(told["detail"])) == (504, ["in_doubt"])


async def test_workers_and_the_nightly_load_do_not_get_in_each_others_way(root, tmp_path):
    """Two workers, and a load in a third process, append to one queue at a time: not one request is refused."""
    leads = tmp_path / "leads.csv"
    leads.write_text(
        "Phone Number,First Name,Last Name,Owner email\n" + "".join(f"{each},,,{MARIE}\n" for each in us_numbers(300))
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    async with Sandbox(append_seconds_per_row=0.002) as sandbox:
        sandbox.add_user(MARIE)
        environment = environment_of(sandbox, tmp_path)
        command = [sys.executable, "-m", "uvicorn", "--app-dir", "examples", "--workers", "2", "--port", port]
        serving = await asyncio.create_subprocess_exec(
            *command, "fastapi_app:app", cwd=root, env=environment, stderr=subprocess.DEVNULL
        )
        try:
            await _answers(int(port))
            loading = await asyncio.create_subprocess_exec(
                sys.executable, root / "examples/nightly_load.py", leads, env=environment, stdout=subprocess.DEVNULL
            )
            while not sandbox.ledger.appends:
                await asyncio.sleep(0.01)
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

                async def post(place):
                    lead = {"number": us_numbers(1, 1_000 + place)[0]}
                    # Each on a connection of its own, so that both workers get some.
                    async with session.post(
                        f"/reps/{MARIE}/leads", json=[lead], headers={"Connection": "close"}
                    ) as got:
                        return (await got.json())["totals"]["added"]

                told = await asyncio.gather(*map(post, range(20)))
            assert await loading.wait() == 0
        finally:
            serving.terminate()
            await serving.wait()
        assert all(told)
        assert len(sandbox.numbers(MARIE)) == 320
        assert sandbox.ledger.refused == []


async def _answers(port):
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            return
        await asyncio.sleep(0.05)
