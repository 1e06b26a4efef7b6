"""A user's code, type-checked and never run."""

from collections.abc import AsyncIterator
from typing import assert_type

from allo_async import (
    AddedNumber,
    AlloClient,
    AlloError,
    AppendResult,
    Contact,
    DialingQueue,
    PendingContact,
    QueueFullError,
    RateLimitedError,
    SkippedNumber,
    Totals,
)


async def rows() -> AsyncIterator[Contact]:
    yield Contact("+12125550010", name="Jo", emails=["jo@acme.com"])


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
        await queue.append(row.contact for row in result.pending)
        await queue.append(["+12125550010"])
        await queue.append([{"number": "+12125550010"}])
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
