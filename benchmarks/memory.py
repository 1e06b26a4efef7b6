"""Memory, each load in a process of its own: a stream of a million rows, and the rows that a result keeps.

The resident set is read from `/proc`, which Linux alone has.
"""

import asyncio
import gc
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import attrs

from benchmarks import loads, server
from benchmarks.apart import apart
from benchmarks.baseline import plain
from benchmarks.charts import Lines
from benchmarks.measure import Section, against, alone, alternate
from benchmarks.rows import Row, clean_rows

_STREAMED = 1_000_000
_KEPT = 200_000
_MEGABYTE = 1_000_000

_LOADS: Mapping[str, loads.Load] = {"append": loads.append, "append, read": loads.append_and_read, "plain": plain}

# A load before the one that is measured, so that what the first needs once is not counted as the rows'.
_FIRST = 10_000


@attrs.frozen
class _Streamed:
    """The growth of the resident set over a stream, in bytes, after each chunk: rows so far, and bytes."""

    growth: list[tuple[float, float]]

    @property
    def most(self) -> float:
        return max(grown for _, grown in self.growth)


def _resident() -> int:
    """Return the bytes that this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _numbers(count: int) -> Iterator[str]:
    """Generate distinct numbers, area after area."""
    for place in range(count):
        area, line = divmod(place, 1_000_000)
        yield f"+1{212 + area}{2_000_000 + line}"


async def _stream(url: str, count: int, *, keep_duplicates: bool) -> _Streamed:
    growth, done = list[tuple[float, float]](), 0
    async with loads.client(url) as allo:
        queue, before = allo.queue(email=loads.fresh_queue()), _resident()
        async with queue.append_stream(_numbers(count), keep_duplicates=keep_duplicates) as chunks:
            async for chunk in chunks:
                done += len(chunk.added)
                growth.append((done, _resident() - before))
    if done != count:
        raise RuntimeError(f"{done} of {count} rows were added: nothing to compare")
    return _Streamed(growth)


def _streamed(url: str, count: int, keep_duplicates: bool) -> _Streamed:  # noqa: FBT001 - across processes
    return asyncio.run(_stream(url, count, keep_duplicates=keep_duplicates))


def _kept(url: str, contender: str) -> float:
    """Return the bytes for each row that the process grows by while it keeps what a load returned."""
    load = _LOADS[contender]
    rows, first = clean_rows(_KEPT), clean_rows(_FIRST)
    loads.cpu(lambda: load(url, loads.fresh_queue(), first), first)
    gc.collect()
    before = _resident()
    kept = asyncio.run(_result(load, url, rows))
    gc.collect()
    grown = _resident() - before
    loads.check_added(kept, rows)
    return grown / _KEPT


def _kept_by(url: str, contender: str) -> Callable[[], float]:
    return lambda: apart(_kept, url, contender)


async def _result(load: loads.Load, url: str, rows: list[Row]) -> loads.Added:
    return await load(url, loads.fresh_queue(), rows)


def _chart(streams: dict[str, _Streamed]) -> Lines:
    lines = {
        name: [(rows, grown / _MEGABYTE) for rows, grown in stream.growth[:: len(stream.growth) // 100 or 1]]
        for name, stream in streams.items()
    }
    return Lines("Memory of a stream", "rows", "growth of the resident set, MB", lines)


def measure() -> Section:
    """Measure streams with repeats kept and dropped, once each, and the results of appends."""
    with server.running() as url:
        kept, dropped = (apart(_streamed, url, _STREAMED, keeps) for keeps in (True, False))
    # With all eleven fields of an entry, of which the documented example of an append's reply has four.
    with server.running(whole=True) as url:
        bytes_each = alternate({name: _kept_by(url, name) for name in _LOADS})
    each = (dropped.most - kept.most) / _STREAMED
    return Section(
        [
            alone(f"stream of {_STREAMED:,}, repeats kept", "MB grown", [kept.most / _MEGABYTE], target=20),
            alone(f"stream of {_STREAMED:,}, repeats dropped", "bytes / number", [each], target=60),
            *(
                one
                for name in ("append", "append, read")
                for one in (
                    alone(f"result of {name}, {_KEPT:,} rows", "bytes / row", bytes_each[name], target=500),
                    against(
                        f"result of {name}, beside plain", "bytes / row", bytes_each[name], "json", bytes_each["plain"]
                    ),
                )
            ),
        ],
        {"memory": _chart({"repeats kept": kept, "repeats dropped": dropped})},
    )
