import asyncio
import contextlib
import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allo_async import AlloClient, AlloError, AppendResult, Journal
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.end_to_end.numbers import us_numbers

REPS = ("marie@acme.example", "tom@acme.example")

#: Rows with repeats, and with some of no use.
ROWS = [*us_numbers(9), us_numbers(1)[0], "nope", *us_numbers(6, start=9), us_numbers(1, start=9)[0], None]

FAULTS = {
    "none": None,
    "forbidden": faults.error(403, "FORBIDDEN"),
    "full": faults.error(400, "DIALING_QUEUE_LIMIT_REACHED"),
    "lost": faults.commit_and_stall(),
    "unsettled": faults.error(500, commit=True),
    "partly": faults.leave_out(1),
}

RUN = st.fixed_dictionaries(
    {
        "fault": st.sampled_from(sorted(FAULTS)),
        "at": st.integers(1, 4),
        "skip_queued": st.booleans(),
        "suppress": st.sampled_from([None, us_numbers(2), us_numbers(2, start=10)]),
        "keep_duplicates": st.booleans(),
        "ends": st.sampled_from(["by itself", "deadline", "stopped", "left", "cancelled"]),
        "queued_by_others": st.sampled_from([(), (3,), (11, 12)]),
    }
)


def fates(result):
    """Each row's fate and reason by index, as a journal tells them."""
    told = {row.index: ("added", "") for row in result.added}
    told |= {row.index: ("skipped", row.reason) for row in result.skipped}
    told |= {row.index: ("in_doubt", None) for row in result.in_doubt}
    return told | {row.index: ("pending", "") for row in result.pending}


async def journal_begun(journal):
    """Whether a run came so far as to open its load."""
    return journal.path.exists() and journal.path.stat().st_size > 0 and bool(await journal.loads())


async def journaled(journal, folder):
    """Each row's fate and reason by index, as the exported file has them."""
    await journal.to_csv(folder / "fates.csv", "monday")
    with (folder / "fates.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    told = {int(row["index"]): (row["fate"], None if row["fate"] == "in_doubt" else row["reason"]) for row in rows}
    (load,) = await journal.loads()
    assert load.totals.rows == len(rows)
    return told


async def appended(allo, run, options):
    """The merged result of a list."""
    try:
        return await allo.queue(email=REPS[0]).append(ROWS, chunk_size=4, **options)
    except AlloError as error:
        return error.result


async def streamed(allo, run, options):
    """The merged result of a stream, and of what it leaves behind."""
    stream = allo.queue(email=REPS[0]).append_stream(iter(ROWS), chunk_size=4, **options)
    results = []

    async def take():
        async with stream:
            async for batch in stream:
                results.append(batch)
                if run["ends"] == "stopped":
                    stream.stop()
                if run["ends"] == "left":
                    return

    task = asyncio.create_task(take())
    if run["ends"] == "cancelled":
        await asyncio.sleep(run["at"] / 200)
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    merged = AppendResult()
    merged.extend(*results, stream.unfinished)
    return merged


async def spread(allo, run, options):
    """The result of a list over two queues."""
    seen = []

    def progress(spreading):
        seen[:] = [spreading]
        if run["ends"] == "stopped" and spreading.rows_settled:
            spreading.stop()

    queues = [allo.queue(email=email) for email in REPS]
    loading = allo.spread(ROWS, over=queues, chunk_size=4, on_progress=progress, **options)
    task = asyncio.create_task(loading)
    if run["ends"] == "cancelled":
        await asyncio.sleep(run["at"] / 200)
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if task.cancelled():
        return seen[0].result() if seen else AppendResult()
    return task.exception().result if task.exception() else task.result()


async def agree(load, runs):
    """Run a load again and again; after each run, compare the journal with the result."""
    clock = FastClock(200)
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "monday.db")
        async with (
            Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox,
            AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=100, retry_budget=100) as allo,
            AlloClient(sandbox.add_key(), base_url=sandbox.url, clock=clock) as others,
        ):
            for run in runs:
                taken = [number for place in run["queued_by_others"] for number in us_numbers(1, start=place)]
                # What an earlier run's fault did not strike may strike this.
                with contextlib.suppress(AlloError):
                    await others.queue(email=REPS[0]).append(taken)
                if FAULTS[run["fault"]] is not None:
                    sandbox.script(FAULTS[run["fault"]], at=run["at"], times=1)
                options = {name: run[name] for name in ("skip_queued", "suppress", "keep_duplicates")}
                options |= {"journal": journal, "load_id": "monday"}
                if run["ends"] == "deadline":
                    options["deadline"] = run["at"] * 40

                told = fates(await load(allo, run, options))

                if not await journal_begun(journal):
                    continue
                written = await journaled(journal, Path(folder))
                assert {index: written.get(index, ("pending", "")) for index in told} == told


@pytest.mark.parametrize("load", [appended, streamed, spread])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runs=st.lists(RUN, min_size=1, max_size=3))
def test_journal_agrees_with_the_result(load, runs):
    """However its runs go and end, a load's journal has of each row what the result of the last run says."""
    asyncio.run(agree(load, runs))
