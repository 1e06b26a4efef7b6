"""Real workers, in processes of their own: what they are killed in the middle of is finished by others."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from allo_async.sandbox import Sandbox
from allo_async.testing import FastClock
from allo_async.worker import Loads
from allo_async.worker.streams import redis_broker
from tests.end_to_end.numbers import us_numbers

ROOT = Path(__file__).parents[2]
SPEED = 10


@pytest.fixture(name="sandbox")
async def _sandbox():
    async with Sandbox(clock=FastClock(SPEED), append_seconds_per_row=0.0005) as sandbox:
        yield sandbox


@pytest.fixture(name="environment")
def _environment(sandbox, redis_server, tmp_path):
    return {
        **os.environ,
        "ALLO_API_KEY": sandbox.api_key,
        "ALLO_BASE_URL": sandbox.url,
        "REDIS_URL": redis_server.url,
        "JOURNALS": str(tmp_path / "journals"),
        "IDLE_MILLISECONDS": "500",
        "SPEED": str(SPEED),
        "PYTHONPATH": str(ROOT),
    }


class Fleet:
    """Worker processes, each of which can be killed."""

    def __init__(self, broker, environment):
        self._broker = broker
        self._environment = environment
        self._workers = []

    def start(self):
        command = [sys.executable, "-m", "taskiq", "worker", self._broker, "--workers", "1", "--log-level", "ERROR"]
        self._workers.append(subprocess.Popen(command, cwd=ROOT, env=self._environment, start_new_session=True))

    def kill_one(self):
        """Kill a worker, whichever, with all that it has started."""
        worker = self._workers.pop(random.randrange(len(self._workers)))
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def stop(self):
        while self._workers:
            self.kill_one()


async def test_killed_workers_lose_and_double_nothing(sandbox, environment, redis_server, tmp_path):
    """20,000 rows over 25 queues, with workers killed at random: every valid row is in one queue, once."""
    reps = [f"rep{place}@acme.example" for place in range(25)]
    for rep in reps:
        sandbox.add_user(rep)
    valid = us_numbers(19_500)
    rows = [*valid, *["n/a"] * 250, *valid[:250]]
    random.Random(7).shuffle(rows)
    broker = redis_broker(redis_server.url)
    loads = Loads(broker, journals=tmp_path)
    fleet = Fleet("tests.worker.fleet:broker", environment)
    await broker.startup()
    try:
        fleet.start()
        fleet.start()
        job = await loads.load_rows.kiq(rows, over=reps, chunk_size=100)
        kills = 0
        async with asyncio.timeout(100):
            while not await job.is_ready():
                progress = await loads.progress(job.task_id)
                if progress is not None and kills < 5:
                    await asyncio.sleep(random.uniform(0.2, 0.9))
                    fleet.kill_one()
                    kills += 1
                    fleet.start()
                await asyncio.sleep(0.1)
        report = (await job.get_result()).return_value
    finally:
        fleet.stop()
        await broker.shutdown()

    queued = Counter(number for rep in reps for number in sandbox.numbers(rep))
    assert queued == Counter(valid)
    assert (report.rows, report.added, report.skipped, report.pending, report.in_doubt) == (20_000, 19_500, 500, 0, 0)
    assert report.skipped_by_reason == {"INVALID_PHONE_NUMBER": 250, "DUPLICATE_NUMBER": 250}
    assert kills >= 3


async def test_file_that_kills_its_readers_is_given_up(sandbox, environment, redis_server, tmp_path):
    """After ten workers have died over it, the job ends, and the list after it is loaded."""
    sandbox.add_user("rep@acme.example")
    (tmp_path / "bad.xlsx").write_bytes(b"poison")
    # Eight have died before.
    (tmp_path / "poison.attempts").write_bytes(b"." * 8)
    (tmp_path / "good.csv").write_text("Phone\n+12125550010\n")
    broker = redis_broker(redis_server.url)
    loads = Loads(broker, journals=tmp_path)
    fleet = Fleet("tests.worker.fleet:broker", environment | {"LISTS": str(tmp_path)})
    await broker.startup()
    try:
        fleet.start()
        bad = await loads.load_file.kicker().with_task_id("poison").kiq("bad.xlsx", over=["rep@acme.example"])
        result = await bad.wait_result(timeout=60)
        good = await loads.load_file.kiq("good.csv", over=["rep@acme.example"])
        report = (await good.wait_result(timeout=30)).return_value
    finally:
        fleet.stop()
        await broker.shutdown()

    assert "10 workers have died over this job" in str(result.error)
    assert report.added == 1


async def test_example_runs_as_its_readme_says(sandbox, environment):
    """The example's own workers and command load the shipped list for two reps."""
    for rep in ("marie@acme.example", "tom@acme.example"):
        sandbox.add_user(rep)
    environment["IDLE_MILLISECONDS"] = "60000"
    fleet = Fleet("examples.worker.tasks:broker", environment)
    fleet.start()
    try:
        command = ["-m", "examples.worker.load", "leads.csv", "marie@acme.example", "tom@acme.example"]
        load = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    finally:
        fleet.stop()

    assert "2459 rows: 2000 added" in load.stdout
    assert "marie@acme.example: 1000" in load.stdout
    assert len(sandbox.numbers("tom@acme.example")) == 1_000
