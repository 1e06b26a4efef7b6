"""How long a load keeps the event loop from anything else, the caller's list and the freeing of the result included."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from benchmarks import loads, server
from benchmarks.baseline import plain
from benchmarks.charts import exceedance
from benchmarks.measure import Section, against, alone, alternate
from benchmarks.rows import Row, clean_rows, messy_rows
from benchmarks.ticker import beyond_idle, gaps_during, p99

_APPENDED = 200_000
_SPREAD = 50_000
_QUEUES = 50
_PLANNED = 100_000
_IDLE_SECONDS = 2.0

# Milliseconds that 99 of 100 gaps may take.
_P99 = 2.0

_IDLE, _PLAIN = "idle", "aiohttp + json"


async def _load(load: loads.Load, url: str, rows: Sequence[Row]) -> None:
    loads.check_added(await load(url, loads.fresh_queue(), rows), rows)


async def _spread(url: str, rows: Sequence[Row]) -> None:
    loads.check_added(await loads.spread(url, [loads.fresh_queue() for _ in range(_QUEUES)], rows), rows)


async def _plan(url: str, rows: Sequence[Row]) -> None:
    async with loads.client(url) as allo:
        plan = await allo.queue(email=loads.fresh_queue()).plan(rows, region="US")
    loads.check_added(plan.sent, rows)


def measure() -> Section:
    """Measure the gaps of a ticker beside each kind of load, an idle one's and the plain loop's."""
    clean, messy = clean_rows(_APPENDED), messy_rows(_APPENDED)
    with server.running() as url:
        works: dict[str, Callable[[], Awaitable[None]]] = {
            _IDLE: partial(asyncio.sleep, _IDLE_SECONDS),
            _PLAIN: partial(_load, plain, url, clean),
            f"append, {_APPENDED:,} clean": partial(_load, loads.append, url, clean),
            f"append, {_APPENDED:,} messy": partial(_load, loads.append, url, messy),
            f"spread, {_SPREAD:,} over {_QUEUES}": partial(_spread, url, clean[:_SPREAD]),
            f"plan, {_PLANNED:,} clean": partial(_plan, url, clean[:_PLANNED]),
        }
        gaps = alternate({name: partial(gaps_during, work) for name, work in works.items()})
    measures = [alone(f"p99 of a gap, {_IDLE}", "ms", [p99(one) for one in gaps[_IDLE]])]
    for name in [name for name in works if name != _IDLE]:
        longest, plains = ([max(one) for one in gaps[each]] for each in (name, _PLAIN))
        if name != _PLAIN:
            measures.append(beyond_idle(f"longest gap, {name}", gaps[name], gaps[_IDLE]))
            measures.append(alone(f"p99 of a gap, {name}", "ms", [p99(one) for one in gaps[name]], target=_P99))
            measures.append(against(f"longest gap beside plain, {name}", "ms", longest, _PLAIN, plains))
        else:
            idles = [max(one) for one in gaps[_IDLE]]
            measures.append(against(f"longest gap, {name}", "ms", longest, _IDLE, idles))
    chart = exceedance("Stalls of the event loop", "time between two ticks of a 1 ms ticker, ms", "gaps", gaps)
    return Section(measures, {"stalls": chart})
