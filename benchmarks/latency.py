"""Latency of a trivial handler under uvicorn, while another handler of the same process loads messy rows."""

import asyncio
import time
from functools import partial
from statistics import quantiles

import aiohttp

from benchmarks import server, web_app
from benchmarks.charts import exceedance
from benchmarks.measure import Measure, Section, against, alternate

_IDLE_SECONDS = 1.5

# A request leaves at each, also while earlier ones wait for their replies: a stall delays all that come in it.
_EVERY = 0.005

_IDLE = "idle"
_PLACES = {"p50": 49, "p99": 98}
_NAMES = {"allo_async": "allo_async", "plain": "aiohttp + json", "careful": "aiohttp + phonenumbers"}


async def _latencies(url: str, load: str | None) -> list[float]:
    """Return the milliseconds that each request for the trivial handler took, over a load or over idle seconds."""
    latencies = list[float]()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(url, connector=connector, raise_for_status=True) as session:

        async def ask() -> None:
            begun = time.perf_counter()
            async with session.get("/trivial") as response:
                await response.read()
            latencies.append((time.perf_counter() - begun) * 1_000)

        async def whole() -> None:
            if load is None:
                await asyncio.sleep(_IDLE_SECONDS)
                return
            async with session.post(f"/loads/{load}") as response:
                await response.read()

        await ask()
        latencies.clear()
        loading = asyncio.create_task(whole())
        async with asyncio.TaskGroup() as asked:
            while not loading.done():
                asked.create_task(ask())
                await asyncio.sleep(_EVERY)
        await loading
    return latencies


def measure() -> Section:
    """Measure the handler's latency while nothing else runs, and while each contender loads."""
    with server.running() as url, web_app.running(url) as app:
        latencies = alternate(
            {
                _IDLE: partial(_run, app, None),
                **{load: partial(_run, app, load) for load in web_app.LOADS},
            }
        )
    cuts = {name: [quantiles(one, n=100) for one in rounds] for name, rounds in latencies.items()}
    of = {
        place: {name: [each[at] for each in rounds] for name, rounds in cuts.items()} for place, at in _PLACES.items()
    }

    def beside(place: str, load: str, baseline: str) -> Measure:
        label = f"{place}, {web_app.ROWS:,} rows by {_NAMES[load]}"
        figures = of[place]
        return against(label, "ms", figures[load], _NAMES.get(baseline, baseline), figures[baseline])

    named = {_NAMES.get(name, name): rounds for name, rounds in latencies.items()}
    title = "Latency of a trivial handler while another loads"
    return Section(
        [
            *(beside(place, load, _IDLE) for load in web_app.LOADS for place in _PLACES),
            against("p99 beside the plain loop's", "ms", of["p99"]["allo_async"], _NAMES["plain"], of["p99"]["plain"]),
        ],
        {"latency": exceedance(title, "time until the reply, ms", "requests", named)},
    )


def _run(app: str, load: str | None) -> list[float]:
    return asyncio.run(_latencies(app, load))
