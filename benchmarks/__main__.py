"""CPU per 1,000 numbers and the longest stall of the event loop, beside what a user would write instead.

    make bench

The server runs in another process, and only this process's CPU is counted. All contenders take turns in one run, so
that the ratios hold when the machine's speed drifts; the figures are medians of the rounds.
"""

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

from allo_async import AlloClient
from allo_async.testing import FastClock
from benchmarks import server
from benchmarks.baseline import Row, careful, plain

ROUNDS = 5
CPU_ROWS = 20_000
STALL_ROWS = 100_000
PORT = 18_787

Contender = Callable[[str, Sequence[Row]], Awaitable[int]]


async def allo(url: str, rows: Sequence[Row]) -> int:
    """Load the rows with this library; the pace is lifted, since its waiting costs no CPU and would only take time."""
    async with _client(url) as client:
        result = await client.queue().append(rows, region="US")
    return len(result.added)


async def allo_stream(url: str, rows: Sequence[Row]) -> int:
    """Load the rows with this library, letting each chunk's result go."""
    async with _client(url) as client, client.queue().append_stream(rows, region="US") as stream:
        async for _ in stream:
            pass
    return stream.totals.added


def _client(url: str) -> AlloClient:
    return AlloClient("ak_test_benchmark", base_url=url, clock=FastClock(10_000), timeout=300_000)


CONTENDERS: dict[str, Contender] = {
    "allo_async": allo,
    "allo_async, as a stream": allo_stream,
    "aiohttp + json": plain,
    "aiohttp + json + phonenumbers": careful,
}


def clean_rows(count: int) -> list[Row]:
    """Numbers as a system writes them."""
    return [_row(f"+1212{2_000_000 + place}", place) for place in range(count)]


def messy_rows(count: int) -> list[Row]:
    """Numbers as people write them: five formats in turn, two of them national."""
    formats = ("+1 (212) {}-{}", "(212) {}-{}", "212.{}.{}", "+1-212-{}-{}", "00 1 212 {} {}")
    rows: list[Row] = []
    for place in range(count):
        digits = str(2_000_000 + place)
        rows.append(_row(formats[place % 5].format(digits[:3], digits[3:]), place))
    return rows


def _row(number: str, place: int) -> Row:
    return {"number": number, "name": "Marie", "last_name": f"Dupont {place}", "company": "Acme Inc"}


def cpu_per_thousand(url: str, contender: Contender, rows: Sequence[Row]) -> float:
    """Milliseconds of this process's CPU for each 1,000 rows."""
    gc.collect()
    begun = time.process_time()
    asyncio.run(_run(contender, url, rows))
    return (time.process_time() - begun) / len(rows) * 1_000_000


def longest_stall(url: str, contender: Contender, rows: Sequence[Row]) -> float:
    """The longest time in milliseconds for which nothing else could run on the loop."""
    gc.collect()
    return asyncio.run(_watched(contender, url, rows))


def longest_stretch(url: str, contender: Contender, rows: Sequence[Row]) -> float:
    """The same without the garbage collector, whose full passes stop everything and grow with the whole process."""
    gc.disable()
    try:
        return longest_stall(url, contender, rows)
    finally:
        gc.enable()


async def _run(contender: Contender, url: str, rows: Sequence[Row]) -> None:
    added = await contender(url, rows)
    if added != len(rows):
        raise SystemExit(f"{added} of {len(rows)} rows were added: nothing to compare")


async def _watched(contender: Contender, url: str, rows: Sequence[Row]) -> float:
    longest = 0.0
    done = asyncio.create_task(_run(contender, url, rows))
    last = time.perf_counter()
    while not done.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest = max(longest, now - last)
        last = now
    await done
    return longest * 1_000


def compare(
    title: str, unit: str, measure: Callable[[str, Contender, Sequence[Row]], float], url: str, rows: list[Row]
) -> None:
    """Measure the contenders in turn, round by round, and print medians and ratios."""
    rounds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in range(ROUNDS):
        for name, contender in CONTENDERS.items():
            rounds[name].append(measure(url, contender, rows))
    print(f"\n{title} ({len(rows):,} rows, median of {ROUNDS})")
    for name, figures in rounds.items():
        ratios = [ours / theirs for ours, theirs in zip(rounds["allo_async"], figures, strict=True)]
        print(
            f"  {name:<32}{statistics.median(figures):>10.2f} {unit}   allo_async is {statistics.median(ratios):5.2f} x"
        )


def main() -> None:
    """Print both measures."""
    with server.running(PORT) as url:
        compare("CPU per 1,000 numbers, clean E.164", "ms", cpu_per_thousand, url, clean_rows(CPU_ROWS))
        compare("CPU per 1,000 numbers, human formats", "ms", cpu_per_thousand, url, messy_rows(CPU_ROWS))
        compare("Longest stall of the event loop", "ms", longest_stall, url, clean_rows(STALL_ROWS))
        compare("Longest stall, garbage collector off", "ms", longest_stretch, url, clean_rows(STALL_ROWS))


if __name__ == "__main__":
    main()
