"""What a job does, run by taskiq's own in-memory broker against the sandbox."""

import asyncio
import logging

import pytest
from taskiq import InMemoryBroker, SimpleRetryMiddleware

from allo_async import AlloClient, AssigneeNotFoundError, ConfigurationError, Journal
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from allo_async.worker import JobGivenUpError, JobUnfinishedError, Loads
from allo_async.worker.attempts import Attempts
from allo_async.worker.jobs import Jobs
from tests.end_to_end.numbers import us_numbers

REPS = ["marie@acme.example", "tom@acme.example"]


@pytest.fixture(name="clock")
def _clock():
    return FastClock(50)


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    async with Sandbox(clock=clock, region="FR", write_per_second=500) as sandbox:
        for rep in REPS:
            sandbox.add_user(rep)
        yield sandbox


@pytest.fixture(name="broker")
async def _broker():
    broker = InMemoryBroker().with_middlewares(SimpleRetryMiddleware())
    yield broker
    await broker.shutdown()


@pytest.fixture(name="loads")
async def _loads(broker, sandbox, clock, tmp_path):
    def client():
        return AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=3)

    loads = Loads(broker, journals=tmp_path / "journals", files=tmp_path, client=client)
    await broker.startup()
    return loads


async def test_rows_are_dealt_and_reported(sandbox, loads):
    """A job deals its rows over the queues, and its report tells the counts, the reasons and the queues."""
    job = await loads.load_rows.kiq(["nope", {"number": "06 12 34 56 78"}, *us_numbers(9)], over=REPS, region="FR")
    report = (await job.wait_result()).return_value

    assert (report.rows, report.added, report.skipped, report.pending) == (11, 10, 1, 0)
    assert report.skipped_by_reason == {"INVALID_PHONE_NUMBER": 1}
    assert [(queue["queue"], queue["added"]) for queue in report.queues] == [(rep, 5) for rep in REPS]
    assert sandbox.numbers(REPS[0])[0] == "+33612345678"


async def test_progress_can_be_asked_for_by_job_id(sandbox, loads):
    """While a job runs, and after it, its id tells how far it has come."""
    job = await loads.load_rows.kiq(us_numbers(40), over=REPS, chunk_size=10)
    await job.wait_result()

    progress = await loads.progress(job.task_id)
    assert (progress.rows, progress.added, progress.pending) == (40, 40, 0)
    assert await loads.progress("no such job") is None


async def test_file_is_read_as_the_command_reads_it(sandbox, loads, tmp_path):
    """Columns are found by their headers; a line that cannot be read is told, and costs only itself."""
    file = tmp_path / "leads.jsonl"
    file.write_text('{"Phone": "+12125550010", "First Name": "Zoe"}\nnonsense\n{"Phone": "+12125550011"}\n')

    job = await loads.load_file.kiq(file.name, over=[REPS[0]])
    report = (await job.wait_result()).return_value

    assert (report.added, report.skipped) == (2, 1)
    assert report.unreadable == {2: "no JSON: Expecting value"}
    assert sandbox.numbers(REPS[0]) == ["+12125550010", "+12125550011"]


async def test_file_says_who_must_not_be_called(sandbox, loads, tmp_path):
    """A do-not-call column is obeyed: its rows are not sent, nor are their numbers by other rows."""
    file = tmp_path / "leads.csv"
    file.write_text("Phone,Do Not Call\n+12125550010,no\n+12125550011,yes\n+12125550012,\n(212) 555-0011 home,\n")

    job = await loads.load_file.kiq(file.name, over=[REPS[0]])
    report = (await job.wait_result()).return_value

    assert (report.added, report.rows, report.skipped_by_reason) == (2, 3, {"SUPPRESSED": 1})
    assert report.unreadable == {3: "DO_NOT_CALL"}
    assert sandbox.numbers(REPS[0]) == ["+12125550010", "+12125550012"]


async def test_column_can_be_named(sandbox, loads, tmp_path):
    """Where a header does not tell, the job says which column has the numbers."""
    file = tmp_path / "leads.csv"
    file.write_text("Zeta,Name\n+12125550010,Zoe\n")

    job = await loads.load_file.kiq(file.name, over=[REPS[0]], columns={"number": "Zeta"})

    assert (await job.wait_result()).return_value.added == 1


async def test_key_owners_queue_has_to_be_asked_for(sandbox, loads):
    """A job that does not say whose queue it is for is refused; the key owner's is loaded as `mine` alone."""
    for over in ({}, {"over": []}, {"over": [""]}, {"over": REPS, "mine": True}):
        job = await loads.load_rows.kiq(us_numbers(3), **over)
        assert (await job.wait_result()).is_err
    assert sandbox.ledger.appends == []

    await (await loads.load_rows.kiq(us_numbers(1), mine=True)).wait_result()
    await (await loads.load_rows.kiq(us_numbers(2), over=[sandbox.users[1].id])).wait_result()

    assert sandbox.numbers() == us_numbers(1)
    assert sandbox.numbers(sandbox.users[1].email) == us_numbers(2)


async def test_outage_is_retried_under_the_same_id(sandbox, loads, caplog):
    """A job that an outage has kept from finishing is tried again by the middleware, and adds no row twice."""
    caplog.set_level(logging.INFO)
    sandbox.script(faults.html(503), at=range(3, 14))

    job = await loads.load_rows.kiq(us_numbers(80), over=[REPS[0]], chunk_size=10)
    report = (await job.wait_result()).return_value

    assert "Retrying" in caplog.text
    assert report.added == 80
    assert sandbox.numbers(REPS[0]) == us_numbers(80)


async def test_job_that_stays_unfinished_says_so(sandbox, broker, loads):
    """Without another retry, the job's error has the report of what is done and what is not."""
    sandbox.script(faults.html(503), at=range(2, 4_000))

    job = await loads.load_rows.kicker().with_labels(max_retries=0).kiq(us_numbers(30), over=[REPS[0]], chunk_size=10)
    result = await job.wait_result()

    assert isinstance(result.error, JobUnfinishedError)
    assert (result.error.report.added, result.error.report.rows) == (10, 30)


async def test_what_cannot_be_done_is_not_tried_again(sandbox, loads):
    """A rep whom nobody knows is told at once, queue by queue."""
    job = await loads.load_rows.kiq(us_numbers(4), over=["nobody@acme.example"])
    report = (await job.wait_result()).return_value

    assert report.pending == 4
    assert "ASSIGNEE_NOT_FOUND" in report.queues[0]["error"]
    assert AssigneeNotFoundError.__name__ not in str(report.queues)


async def test_worker_that_stops_does_not_fail_its_job(sandbox, clock, tmp_path):
    """A job under way when the worker is told to stop is not ended with an error, which nobody would try again."""
    sandbox.script(faults.late(10), at=1)
    jobs = Jobs(tmp_path, lambda: AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250))

    async def tell(progress):
        pass

    running = asyncio.create_task(jobs.run("job-9", us_numbers(20), [{"email": REPS[0]}], tell))
    while not sandbox.ledger.appends:
        await asyncio.sleep(0.001)
    await jobs.close()

    assert (await running).added == 20
    await jobs.close()


async def test_job_delivered_twice_is_done_once(sandbox, loads):
    """The same job id a second time gives the same report, and sends nothing."""
    for _ in range(2):
        job = await loads.load_rows.kicker().with_task_id("job-7").kiq(us_numbers(20), over=REPS)
        assert (await job.wait_result()).return_value.added == 20

    assert sum(len(sandbox.numbers(rep)) for rep in REPS) == 20


async def test_job_whose_journal_is_busy_waits_for_it(sandbox, loads, tmp_path, monkeypatch):
    """A job that is delivered again while a slow worker still has it waits, and then tells what that one did."""
    monkeypatch.setattr("allo_async.worker.jobs._BUSY", 0.01)
    journals = tmp_path / "journals"
    journals.mkdir()
    journal = Journal(journals / "job-8.journal")
    sandbox.script(faults.late(20), at=1)
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=FastClock(50), timeout=250) as allo:
        slow = asyncio.create_task(
            allo.spread(us_numbers(20), over=[allo.queue(email=REPS[0])], journal=journal, load_id="job-8")
        )
        while not sandbox.ledger.appends:
            assert not slow.done()
            await asyncio.sleep(0.001)
        job = await loads.load_rows.kicker().with_task_id("job-8").kiq(us_numbers(20), over=[REPS[0]])
        report = (await job.wait_result()).return_value
        await slow

    assert report.added == 20
    assert sandbox.numbers(REPS[0]) == us_numbers(20)


@pytest.mark.parametrize("failing", [{1}, {1, 2, 3}, {"end"}, {"always"}])
async def test_result_backend_that_fails_costs_no_job(sandbox, clock, tmp_path, monkeypatch, failing):
    """Progress that could not be told is told again, and a job that has loaded its list reports so."""
    monkeypatch.setattr("allo_async.worker.jobs._TELLING", 0.001)
    sandbox.script(faults.late(2), at=range(1, 5))
    jobs = Jobs(tmp_path, lambda: AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250))
    told, tries, ends = [], 0, 0

    async def tell(progress):
        nonlocal tries, ends
        tries += 1
        ends += progress.pending == 0
        if tries in failing or (ends == 1 and "end" in failing) or "always" in failing:
            raise ConnectionError("the result backend is away")
        told.append(progress.added)

    report = await jobs.run("job-9", us_numbers(40), [{"email": REPS[0]}], tell, chunk_size=10)
    await jobs.close()

    assert report.added == 40
    assert told[-1:] == ([] if "always" in failing else [40])
    assert tries > len(failing)


@pytest.mark.parametrize(
    "job_id",
    ["", " ", ".", "..", "../x", "a/b", "/etc/x", "a\\b", "c:x", "a\0b", "a\nb", "x" * 201, "é" * 101, "\ud800"],
)
async def test_job_id_is_never_a_path(sandbox, clock, tmp_path, job_id):
    """An id that could name a file elsewhere, or none, is refused in words before anything is made or sent."""
    jobs = Jobs(tmp_path / "journals", lambda: AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock))

    with pytest.raises(ConfigurationError, match="a job id names"):
        await jobs.run(job_id, us_numbers(1), [{"email": REPS[0]}], lambda _: None)

    assert list(tmp_path.iterdir()) == []
    assert sandbox.ledger.appends == []


def die_over(journals, times):
    """Begin attempts at a job, and return what keeps them from an end, as the death of a worker does."""
    journals.mkdir()
    deaths = [Attempts(journals).begun("job-9") for _ in range(times)]
    for death in deaths:
        death.__enter__()
    return deaths


@pytest.mark.parametrize(("deaths", "given_up"), [(9, False), (10, True)])
async def test_job_over_which_workers_die_is_given_up(loads, tmp_path, deaths, given_up):
    """Ten deaths end a job for good, in its result; sent again under its id, it has ten tries more."""
    dead = die_over(tmp_path / "journals", deaths)

    job = await loads.load_rows.kicker().with_task_id("job-9").kiq(us_numbers(20), over=[REPS[0]])
    result = await job.wait_result()

    assert isinstance(result.error, JobGivenUpError) == given_up
    assert given_up or result.return_value.added == 20
    assert not list(tmp_path.rglob("*.attempts"))
    assert len(dead) == deaths


async def test_death_of_a_worker_that_sent_a_chunk_does_not_count(sandbox, loads, clock, tmp_path):
    """A job that comes further with each worker is never given up."""

    async def tell(progress):
        pass

    sandbox.script(faults.html(503), at=2)
    dead = die_over(tmp_path / "journals", 9)
    jobs = Jobs(tmp_path / "journals", lambda: _impatient(sandbox, clock))
    with pytest.raises(JobUnfinishedError):
        await jobs.run("job-9", us_numbers(20), [{"email": REPS[0]}], tell, chunk_size=10)
    await jobs.close()

    job = await loads.load_rows.kicker().with_task_id("job-9").kiq(us_numbers(20), over=[REPS[0]], chunk_size=10)

    assert (await job.wait_result()).return_value.added == 20
    assert len(dead) == 9


def _impatient(sandbox, clock):
    return AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=0)
