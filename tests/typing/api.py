"""A user's code, type-checked and never run."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Unpack, assert_type

from taskiq import AsyncBroker

from allo_async import (
    AddedNumbers,
    AlloClient,
    AlloError,
    AppendOptions,
    AppendResult,
    Assignee,
    Contact,
    DialingQueue,
    Event,
    InDoubtContact,
    Journal,
    JournaledLoad,
    PendingContact,
    QueueFullError,
    RateLimitedError,
    RowFate,
    Rows,
    SkippedNumber,
    SpreadOptions,
    SpreadResult,
    SpreadRun,
    Totals,
    events,
)
from allo_async.file import FileCoordination
from allo_async.otel import OpenTelemetryObserver
from allo_async.redis import RedisCoordination
from allo_async.worker import JobProgress, JobReport, Loads


async def rows() -> AsyncIterator[Contact]:
    yield Contact("+12125550010", name="Jo", emails=["jo@acme.com"])


async def on_our_list(numbers: Sequence[str]) -> set[str]:
    return set(numbers[:1])


async def load() -> None:
    async with AlloClient("ak_live_x", timeout=5) as allo:
        queue = allo.queue(email="rep@acme.com")
        assert_type(queue, DialingQueue)
        result = await queue.append(
            ["+1 (212) 555-0010", {"number": "06 12 34 56 78", "name": "Marie"}, Contact("+44 20 7946 0958")],
            region="FR",
            deadline=30,
        )
        assert_type(result, AppendResult)
        assert_type(result.added, AddedNumbers)
        assert_type(result.skipped, list[SkippedNumber])
        assert_type(result.pending, list[PendingContact])
        assert_type(result.in_doubt, list[InDoubtContact])
        assert_type(result.in_doubt[0].contact, Contact)
        assert_type(result.totals, Totals)
        await queue.append(result.pending)
        await queue.append([*result.pending, "+12125550010"])
        # That rows in doubt may be in the queue already is said where they are sent again.
        await queue.append(row.contact for row in result.in_doubt)
        assert_type(result.in_doubt[0].reason, str)
        assert_type(result.rows(), list[RowFate])
        assert_type(result.rows()[0].index, int)
        assert_type(result.to_dict(numbers=False), dict[str, Any])
        assert_type(result.to_csv(Path("fates.csv")), int)
        await queue.append(["+12125550010"])
        await queue.append([{"number": "+12125550010"}])
        await queue.append([12125550010, 12125550010.0], suppress=["+12125550011", 12125550012])
        await queue.plan(["+12125550010"], suppress=on_our_list)
        async with allo.queue(user_id="usr-1").append_stream(rows()) as stream:
            async for batch in stream:
                assert_type(batch, AppendResult)
        try:
            await allo.queue().append(rows())
        except QueueFullError as error:
            assert_type(error.result, AppendResult)
            assert_type(error.code, str | None)
        except RateLimitedError as error:
            assert_type(error.retry_after, float | None)
        except AlloError as error:
            print(error.result)


def on_event(event: Event) -> None:
    if isinstance(event, events.RetryScheduled):
        assert_type(event.wait, float)


async def load_together() -> None:
    together = RedisCoordination("redis://localhost", on_coordination_loss="raise")
    on_this_machine = FileCoordination("together", on_coordination_loss="local")
    assert_type(on_this_machine.directory, Path)
    async with (
        AlloClient(coordination=on_this_machine),
        AlloClient(coordination=together, observers=[on_event, OpenTelemetryObserver()]) as allo,
    ):
        assert_type(await allo.spread(rows(), over=[allo.queue()], strategy="fill"), SpreadResult)
        assert_type(await load_into(allo.queue(), rows(), region="FR", journal=Path("monday.db")), Totals)


async def load_into(queue: DialingQueue, rows: Rows, **options: Unpack[AppendOptions]) -> Totals:
    return (await queue.append(rows, **options)).totals


async def load_over(allo: AlloClient, rows: Rows, **options: Unpack[SpreadOptions]) -> SpreadResult:
    result = SpreadResult()
    return await allo.spread(rows, over=[allo.queue()], into=result, **options)


def show(run: SpreadRun) -> None:
    assert_type(run.rows_settled, int)
    assert_type(run.result(), SpreadResult)


async def look(journal: Journal, queue: DialingQueue) -> None:
    assert_type(await journal.loads(), list[JournaledLoad])
    assert_type(queue.assignee, Assignee)


async def hand_over(broker: AsyncBroker) -> None:
    loads = Loads(broker, journals="journals")
    job = await loads.load_rows.kiq(["+12125550010"], over=["rep@acme.com"], region="FR")
    assert_type(await loads.progress(job.task_id), JobProgress | None)
    assert_type((await job.wait_result()).return_value, JobReport)
