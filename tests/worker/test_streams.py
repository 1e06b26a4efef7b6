"""What a job leaves in Redis, and what somebody who can write to Redis can make a worker do."""

import asyncio
import logging
import os
import pickle

import pytest
from taskiq.api import run_receiver_task
from taskiq.message import BrokerMessage
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

from allo_async import AlloClient, ConfigurationError
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from allo_async.worker import Loads
from allo_async.worker.renewal import Renewal
from allo_async.worker.streams import redis_broker
from tests.end_to_end.numbers import us_numbers
from tests.hostile.left_behind import of_error
from tests.redis_server import RedisServer

REP = "marie@acme.example"
PASSWORD = "MARKredisMARK"


@pytest.fixture(name="redis", scope="module")
def _redis():
    with RedisServer() as server:
        yield server


@pytest.fixture(name="sandbox")
async def _sandbox():
    async with Sandbox(clock=FastClock(50), write_per_second=500) as sandbox:
        sandbox.add_user(REP)
        yield sandbox


@pytest.fixture(name="loads")
async def _loads(redis, sandbox, tmp_path):
    """The tasks on a broker, and a worker that runs them in this process."""
    redis.flush()
    broker = redis_broker(redis.url, xread_block=20)
    folder = tmp_path / "lists"
    folder.mkdir()

    def client():
        return AlloClient(sandbox.api_key, base_url=sandbox.url, clock=FastClock(50), timeout=250, retry_budget=0)

    loads = Loads(broker, journals=tmp_path / "journals", files=folder, client=client)
    broker.is_worker_process = True
    await broker.startup()
    working = asyncio.create_task(run_receiver_task(broker))
    yield loads
    working.cancel()
    await asyncio.wait([working], timeout=5)
    await broker.shutdown()


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def content(redis):
    """Return all that stands in Redis, uncompressed."""
    read = {"stream": redis.redis.xrange, "string": redis.redis.get}
    return str([(key, read[redis.redis.type(key)](key)) for key in redis.redis.keys("*")])


async def test_rows_are_gone_when_the_job_is_done(loads, redis):
    """A number and a name stand in the stream until the job is done, and nowhere in Redis after that."""
    rows = [{"number": number, "name": "Zenobia"} for number in us_numbers(5)]

    job = await loads.load_rows.kiq(rows, over=[REP])
    report = (await job.wait_result(timeout=10)).return_value
    await until(lambda: redis.redis.xlen("taskiq") == 0)

    assert report.added == 5
    assert redis.redis.xpending("taskiq", "taskiq")["pending"] == 0
    assert "added" in content(redis)
    assert "Zenobia" not in content(redis)
    assert not [number for number in us_numbers(5) if number in content(redis)]


async def test_result_and_progress_go_by_themselves(loads, redis):
    """All that a job leaves in Redis has an end."""
    job = await loads.load_rows.kiq(us_numbers(3), over=[REP])
    await job.wait_result(timeout=10)

    left = {key: redis.redis.ttl(key) for key in redis.redis.keys("*") if key != "taskiq"}
    assert sorted(left) == [f"allo_async:jobs:{job.task_id}", f"allo_async:jobs:{job.task_id}__progress"]
    assert all(0 < seconds <= 24 * 60 * 60 for seconds in left.values())


BAD = [
    {"rows": [[1, 2], None, {"number": {}}], "over": [REP]},
    {"rows": "no list", "over": [REP]},
    {"rows": [], "over": 5},
    {"rows": ["+12125550010"], "over": [""]},
    {"rows": ["+12125550010"], "over": [REP], "region": "no region"},
    {"rows": ["+12125550010"], "over": [REP], "chunk_size": -1},
    {"rows": ["+12125550010"], "over": [REP], "nonsense": 1},
    {},
]


@pytest.mark.parametrize("arguments", BAD)
async def test_bad_input_is_not_delivered_for_ever(loads, redis, arguments):
    """A job that nobody can do ends, with what became of it, and the next one is done."""
    bad = await loads.load_rows.kicker().kiq(**arguments)
    result = await bad.wait_result(timeout=10)
    good = await loads.load_rows.kiq(us_numbers(2), over=[REP])

    assert (await good.wait_result(timeout=10)).return_value.added == 2
    assert result.is_err or result.return_value.added == 0
    await until(lambda: redis.redis.xlen("taskiq") == 0)


@pytest.mark.parametrize("job_id", ["../x", "/etc/passwd", "", "x" * 10_000, "a\0b", "taskiq"])
async def test_hostile_job_id_costs_only_its_job(loads, redis, tmp_path, job_id):
    """An id that is a path names no file, and one that is the stream's name does not overwrite the stream."""
    await loads.load_rows.kicker().with_task_id(job_id).kiq(us_numbers(2), over=[REP])
    await until(lambda: redis.redis.xlen("taskiq") == 0)
    good = await loads.load_rows.kiq(us_numbers(2), over=[REP])

    assert (await good.wait_result(timeout=10)).return_value.rows == 2
    made = {file.name for file in tmp_path.rglob("*") if file.suffix == ".journal"}
    assert made <= {f"{good.task_id}.journal", "taskiq.journal"}


async def test_message_that_is_none_is_dropped(loads, redis):
    """What is no message is not delivered again either."""
    junk = BrokerMessage(task_id="x", task_name="x", message=b"\x80 no json", labels={})
    await loads._broker.kick(junk)
    good = await loads.load_rows.kiq(us_numbers(1), over=[REP])

    assert (await good.wait_result(timeout=10)).return_value.added == 1
    await until(lambda: redis.redis.xlen("taskiq") == 0)


LISTS = {
    "no headers": ("Zenobia,z@x.example,12 rue Secret\nPierre,p@x.example,rue\n", {}),
    "no such column": ("Zenobia,Phone\nx,+12125550010\n", {"columns": {"number": "Tel"}}),
    "do not call": ("Phone,Zenobia\n+12125550010,do not call\n+12125550011,\n", {}),
    "unreadable": ('{"Phone": "+12125550010"}\n"Zenobia"\n{"Zenobia": \n', {}),
}


@pytest.mark.parametrize("kind", LISTS)
async def test_file_leaves_no_text_behind(loads, redis, tmp_path, caplog, kind):
    """Neither what stands in Redis after a job, nor the worker's log, has a header or a cell of the file."""
    caplog.set_level(logging.INFO)
    text, options = LISTS[kind]
    name = "leads.jsonl" if text.startswith("{") else "leads.csv"
    (tmp_path / "lists" / name).write_text(text)

    job = await loads.load_file.kiq(name, over=[REP], **options)
    result = await job.wait_result(timeout=10)
    await until(lambda: redis.redis.xlen("taskiq") == 0)

    assert result.is_err == (kind in {"no headers", "no such column"})
    assert not result.is_err or "columns=" in str(result.error)
    for marked in ("Zenobia", "Secret"):
        assert marked not in content(redis) + caplog.text


@pytest.mark.parametrize(
    "fault", [faults.error(400, "BAD", message="Zenobia is no name"), faults.error(503, "DOWN", message="Zenobia")]
)
async def test_words_of_the_server_stay_out_of_redis(loads, redis, sandbox, caplog, fault):
    """A report, or the error of a job, has the status and the code of a refusal, and not its words."""
    caplog.set_level(logging.INFO)
    sandbox.script(fault, at=range(1, 99))

    job = await loads.load_rows.kicker().with_labels(max_retries=0).kiq(us_numbers(2), over=[REP])
    await job.wait_result(timeout=10)

    assert any(told in content(redis) for told in ("400 BAD", "503 DOWN"))
    assert "Zenobia" not in content(redis) + caplog.text


class _Poison:
    def __init__(self, mark):
        self._mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self._mark),)


async def test_pickle_in_redis_does_not_run(loads, redis, tmp_path):
    """A pickle where a result or a progress should stand is an error, and runs nothing."""
    poison = pickle.dumps(_Poison(tmp_path / "poisoned"))
    for name in ("job", "job__progress"):
        redis.redis.set(f"allo_async:jobs:{name}", poison)

    with pytest.raises(ValueError, match=r"codec|JSON"):
        await loads.progress("job")
    with pytest.raises(ValueError, match=r"codec|JSON"):
        await loads._broker.result_backend.get_result("job")

    assert not (tmp_path / "poisoned").exists()


async def test_results_that_are_pickles_are_refused(redis, tmp_path):
    """A result backend as taskiq-redis makes it by default is refused, with what to do."""
    broker = RedisStreamBroker(redis.url).with_result_backend(RedisAsyncResultBackend(redis.url))

    with pytest.raises(ConfigurationError, match="JSONSerializer"):
        Loads(broker, journals=tmp_path)

    await broker.shutdown()


@pytest.mark.parametrize("url", [f"redis://:{PASSWORD}@h:port", f"http://:{PASSWORD}@h", f"redis://:{PASSWORD}/x@h"])
def test_mistyped_url_is_refused_without_its_password(url):
    """Neither the error nor any frame of it shows the URL."""
    with pytest.raises(ConfigurationError, match="URL of Redis") as caught:
        redis_broker(url)

    assert PASSWORD not in of_error(caught.value, ours=__file__)


async def test_broker_that_is_away_is_told_without_its_password(caplog, tmp_path):
    """What a worker logs when Redis is away has no frames, in whose locals the password stands."""
    caplog.set_level(logging.DEBUG)
    broker = redis_broker(f"redis://:{PASSWORD}@127.0.0.1:1", idle_timeout=30)
    loads = Loads(broker, journals=tmp_path)
    tasks = [
        asyncio.create_task(loads._keep_waking(0.01)),
        asyncio.create_task(Renewal(broker, lambda: ["job"]).keep()),
    ]
    await until(lambda: "did not take" in caplog.text and "did not learn" in caplog.text)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await broker.shutdown()

    assert PASSWORD not in caplog.text
    assert not [record for record in caplog.records if record.exc_info]
