"""A user's code, type-checked and never run."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, assert_type

from taskiq import AsyncBroker

from allo_async import (
    AddedNumber,
    AlloClient,
    AlloError,
    AppendResult,
    Contact,
    DialingQueue,
    Event,
    PendingContact,
    QueueFullError,
    RateLimitedError,
    RowFate,
    SkippedNumber,
    SpreadResult,
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
        assert_type(result.added, list[AddedNumber])
        assert_type(result.skipped, list[SkippedNumber])
        assert_type(result.pending, list[PendingContact])
        assert_type(result.in_doubt[0].contact, Contact)
        assert_type(result.totals, Totals)
        assert_type(result.rows(), list[RowFate])
        assert_type(result.rows()[0].index, int)
        assert_type(result.to_dict(numbers=False), dict[str, Any])
        assert_type(result.to_csv(Path("fates.csv")), int)
        await queue.append(row.contact for row in result.pending)
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


async def hand_over(broker: AsyncBroker) -> None:
    loads = Loads(broker, journals="journals")
    job = await loads.load_rows.kiq(["+12125550010"], over=["rep@acme.com"], region="FR")
    assert_type(await loads.progress(job.task_id), JobProgress | None)
    assert_type((await job.wait_result()).return_value, JobReport)
