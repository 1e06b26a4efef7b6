"""Loads with this library, and the CPU that any load takes."""

import asyncio
import gc
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count as counting
from pathlib import Path
from typing import TypeAlias

from allo_async import AlloClient, AppendResult, Observer
from allo_async.testing import FastClock
from benchmarks.rows import Row

#: What shows how many rows a load added: its result, the entries that it read, or their count.
Added: TypeAlias = AppendResult | list[Row] | int

#: Loads rows into a queue of the server at a URL, by the rep's address.
Load: TypeAlias = Callable[[str, str, Sequence[Row]], Awaitable[Added]]

# The pace is lifted, since waiting for it costs no CPU. Not by more: what is known of a queue is read again after a
# minute, which must not pass between two requests.
_SPEED = 100

_places = counting()


def client(url: str, *observers: Observer) -> AlloClient:
    """Return a client whose pace holds nothing up, for queues that hold whatever comes."""
    return AlloClient(
        "ak_test_benchmark",
        base_url=url,
        clock=FastClock(_SPEED),
        timeout=60 * _SPEED,
        queue_capacity=10**9,
        observers=observers,
    )


def fresh_queue() -> str:
    """Return the address of a rep whose queue nothing was appended to yet, by any process."""
    return f"rep{os.getpid()}-{next(_places)}@acme.example"


async def append(url: str, email: str, rows: Sequence[Row]) -> AppendResult:
    """Load the rows in one call."""
    async with client(url) as allo:
        return await allo.queue(email=email).append(rows, region="US")


async def append_and_read(url: str, email: str, rows: Sequence[Row]) -> AppendResult:
    """Load the rows in one call, and look at each that was added."""
    result = await append(url, email, rows)
    read(result)
    return result


def read(result: AppendResult) -> None:
    """Look at each row that was added, as an application does that writes them down."""
    for row in result.added:
        _ = row.number_to, row.created_at


async def stream(url: str, email: str, rows: Sequence[Row]) -> int:
    """Load the rows as a stream, letting each chunk's result go."""
    async with client(url) as allo, allo.queue(email=email).append_stream(rows, region="US") as chunks:
        async for _ in chunks:
            pass
    return chunks.totals.added


async def journaled(url: str, email: str, rows: Sequence[Row], path: Path) -> AppendResult:
    """Load the rows in one call with a journal at *path*."""
    async with client(url) as allo:
        return await allo.queue(email=email).append(rows, region="US", journal=path)


async def callers(url: str, email: str, rows: Sequence[Row]) -> int:
    """Append each row by a caller of its own, twenty more of whom begin whenever the loop comes round."""
    async with client(url) as allo:
        queue, tasks = allo.queue(email=email), list[asyncio.Task[AppendResult]]()
        for place, row in enumerate(rows):
            tasks.append(asyncio.create_task(queue.append([row], region="US")))
            if not place % 20:
                await asyncio.sleep(0)
        return sum(len(result.added) for result in await asyncio.gather(*tasks))


async def spread(url: str, emails: Sequence[str], rows: Sequence[Row]) -> int:
    """Load the rows in one call over several queues."""
    async with client(url) as allo:
        result = await allo.spread(rows, over=[allo.queue(email=email) for email in emails], region="US")
        return len(result.added)


def check_added(added: Added, rows: Sequence[Row]) -> None:
    """Raise a `RuntimeError` if a load did not add all *rows*: there would be nothing to compare."""
    entries = added.added if isinstance(added, AppendResult) else added
    count = entries if isinstance(entries, int) else len(entries)
    if count != len(rows):
        raise RuntimeError(f"{count} of {len(rows)} rows were added: nothing to compare")


def cpu(work: Callable[[], Awaitable[Added]], rows: Sequence[Row]) -> float:
    """Return the milliseconds of this process's CPU for each 1,000 rows that *work* loads, from a loop of its own."""

    async def checked() -> None:
        check_added(await work(), rows)

    gc.collect()
    begun = time.process_time()
    asyncio.run(checked())
    return (time.process_time() - begun) / len(rows) * 1_000_000


def cpu_of(load: Load, url: str, rows: Sequence[Row]) -> Callable[[], float]:
    """Return what measures the CPU of a *load* of *rows* into a fresh queue."""
    return lambda: cpu(lambda: load(url, fresh_queue(), rows), rows)
