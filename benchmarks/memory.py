"""The memory of a stream of a million generated rows, with repeats dropped and without.

    python -m benchmarks.memory

Each run is a process of its own, whose peak resident set the operating system tells; the server is another process.
"""

import asyncio
import multiprocessing
import resource
from collections.abc import Iterator
from multiprocessing.connection import Connection

from allo_async import AlloClient
from allo_async.testing import FastClock
from benchmarks import server

PORT = 18_788
SIZES = (1_000, 100_000, 1_000_000)


def rows(count: int) -> Iterator[str]:
    """Generate distinct numbers, area after area."""
    for place in range(count):
        area, line = divmod(place, 1_000_000)
        yield f"+1{212 + area}{2_000_000 + line}"


async def _load(url: str, count: int, *, keep_duplicates: bool) -> int:
    clock = FastClock(10_000)
    async with (
        AlloClient("ak_test_benchmark", base_url=url, clock=clock, timeout=300_000) as allo,
        allo.queue().append_stream(rows(count), keep_duplicates=keep_duplicates) as stream,
    ):
        async for _ in stream:
            pass
    return stream.totals.added


def _measure(report: Connection, url: str, count: int, keep_duplicates: bool) -> None:  # noqa: FBT001 - across processes
    added = asyncio.run(_load(url, count, keep_duplicates=keep_duplicates))
    report.send((added, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def peak(url: str, count: int, *, keep_duplicates: bool) -> float:
    """Load *count* rows in a process of its own, and tell its peak resident set in MiB."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_measure, args=(there, url, count, keep_duplicates))
    process.start()
    added, mebibytes = here.recv()
    process.join()
    if added != count:
        raise SystemExit(f"{added} of {count} rows were added: nothing to compare")
    return float(mebibytes)


def main() -> None:
    """Print the peaks."""
    print(f"{'rows':>10}{'repeats dropped':>20}{'repeats kept':>20}   peak resident set, MiB")
    with server.running(PORT) as url:
        for count in SIZES:
            peaks = [peak(url, count, keep_duplicates=keep) for keep in (False, True)]
            print(f"{count:>10,}{peaks[0]:>20.0f}{peaks[1]:>20.0f}")


if __name__ == "__main__":
    main()
