"""A task that ticks each millisecond, and records how long the loop kept it."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import quantiles

from benchmarks.measure import Measure, alone

_TICK = 0.001

#: Milliseconds that a load may keep the loop longer than an idle one was kept.
BEYOND_IDLE = 5.0


def gaps_during(work: Callable[[], Awaitable[None]]) -> list[float]:
    """Run *work* on a loop of its own, and return the milliseconds between each two ticks until it has ended.

    The garbage collector is on. All that *work* let go of is freed within the time that is watched.
    """
    gc.collect()
    return asyncio.run(_watched(work))


async def _watched(work: Callable[[], Awaitable[None]]) -> list[float]:
    gaps = list[float]()
    ticker = asyncio.create_task(_tick(gaps))
    await asyncio.sleep(10 * _TICK)
    await work()
    # The gap in which the work ended is over by then.
    await asyncio.sleep(10 * _TICK)
    ticker.cancel()
    return gaps


async def _tick(gaps: list[float]) -> None:
    last = time.perf_counter()
    while True:
        await asyncio.sleep(_TICK)
        now = time.perf_counter()
        gaps.append((now - last) * 1_000)
        last = now


def p99(gaps: Sequence[float]) -> float:
    """Return the length that 99 of 100 *gaps* keep below."""
    return quantiles(gaps, n=100)[98]


def beyond_idle(name: str, rounds: Sequence[Sequence[float]], idle: Sequence[Sequence[float]]) -> Measure:
    """Return by how many milliseconds the longest gap was longer than an idle ticker's in the same round."""
    longer = [max(gaps) - max(rest) for gaps, rest in zip(rounds, idle, strict=True)]
    return alone(name, "ms beyond idle", longer, target=BEYOND_IDLE)
