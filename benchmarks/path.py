"""The parts of the path: where a load spends its CPU, beside the least that any client has to do.

The floor writes the request with orjson, sends it with aiohttp, reads the reply with orjson and looks at each number
with a regular expression. The parts of the library lie between its own events, in calls of a chunk each, in which one
thing follows the other; the client reads the queue's tail in the first of them, before it checks the rows.
"""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from statistics import median

import aiohttp
import orjson

from allo_async import events
from benchmarks import loads, server
from benchmarks.baseline import CHUNK, HEADERS, plain
from benchmarks.charts import Bars
from benchmarks.measure import Section, against, alternate
from benchmarks.rows import Row, clean_rows, messy_rows
from benchmarks.server import APPEND_PATH

_ROWS = 20_000

_CHECK, _WRITING, _HTTP, _READING = "check of the rows", "writing the request", "HTTP", "reading the reply"


class _Watch:
    """Adds the CPU since it was asked last to a part of the path.

    Attributes:
        parts: Seconds of CPU by part.
    """

    def __init__(self) -> None:
        self.parts: defaultdict[str, float] = defaultdict(float)
        self._last = time.process_time()

    def restart(self) -> None:
        """Leave out what was spent since the last part."""
        self._last = time.process_time()

    def end(self, part: str) -> None:
        """Take what was spent since the last part for *part*."""
        now = time.process_time()
        self.parts[part] += now - self._last
        self._last = now


async def _floor(url: str, rows: Sequence[Row], watch: _Watch) -> None:
    email, e164, added = loads.fresh_queue(), re.compile(r"\+[1-9]\d{6,14}"), 0
    async with aiohttp.ClientSession(headers={**HEADERS, "Content-Type": "application/json"}) as session:
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            watch.restart()
            for row in chunk:
                e164.fullmatch(str(row["number"]))
            watch.end(_CHECK)
            body = orjson.dumps({"email": email, "numbers": chunk})
            watch.end(_WRITING)
            async with session.post(url + APPEND_PATH, data=body) as response:
                reply = await response.read()
            watch.end(_HTTP)
            entries = orjson.loads(reply)["data"]["added"]
            watch.end(_READING)
            added += len(entries)
    loads.check_added(added, rows)


async def _append(url: str, rows: Sequence[Row], watch: _Watch) -> None:
    posts = set[int]()

    def see(event: events.Event) -> None:
        if isinstance(event, events.BatchStarted):
            watch.end(_CHECK)
        elif isinstance(event, events.AttemptStarted) and event.method == "POST":
            posts.add(event.attempt)
            watch.end(_WRITING)
        elif isinstance(event, events.AttemptEnded) and event.attempt in posts:
            watch.end(_HTTP)
        elif isinstance(event, events.BatchSettled):
            watch.end(_READING)

    added = 0
    async with loads.client(url, see) as allo:
        queue = allo.queue(email=loads.fresh_queue())
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            watch.restart()
            result = await queue.append(chunk, region="US")
            watch.end("account of the rows")
            loads.read(result)
            watch.end("reading every result")
            added += len(result.added)
    loads.check_added(added, rows)


async def _plain(url: str, rows: Sequence[Row], watch: _Watch) -> None:
    watch.restart()
    loads.check_added(await plain(url, loads.fresh_queue(), rows), rows)
    watch.end("all of the plain loop")


def measure() -> Section:
    """Measure the parts of the floor, and those of loads of clean and of messy rows."""
    clean, messy = clean_rows(_ROWS), messy_rows(_ROWS)
    with server.running() as url:
        rounds = alternate(
            {
                "floor": partial(_parts, partial(_floor, url, clean)),
                "aiohttp + json": partial(_parts, partial(_plain, url, clean)),
                "append, clean": partial(_parts, partial(_append, url, clean)),
                "append, messy": partial(_parts, partial(_append, url, messy)),
            }
        )
    sums = {name: [sum(parts.values()) for parts in each] for name, each in rounds.items()}
    bars = {name: {part: median(parts[part] for parts in each) for part in each[0]} for name, each in rounds.items()}
    return Section(
        [
            against(f"{name} in chunks, every result read", "ms / 1,000 rows", sums[name], "floor", sums["floor"])
            for name in ("append, clean", "append, messy")
        ]
        + [against("aiohttp + json", "ms / 1,000 rows", sums["aiohttp + json"], "floor", sums["floor"])],
        {"parts": Bars("The parts of the path", "CPU of 1,000 rows, ms", bars)},
    )


def _parts(load: Callable[[_Watch], Coroutine[object, object, None]]) -> Mapping[str, float]:
    watch = _Watch()
    asyncio.run(load(watch))
    return {part: seconds / _ROWS * 1_000_000 for part, seconds in watch.parts.items()}
