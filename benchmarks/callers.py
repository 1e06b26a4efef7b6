"""Many callers, a row each, to one queue: the cost of a row, and how long they keep the event loop."""

import asyncio
from functools import partial

from benchmarks import loads, server
from benchmarks.baseline import row_by_row
from benchmarks.measure import Section, against, alternate
from benchmarks.rows import Row, clean_rows
from benchmarks.ticker import beyond_idle, gaps_during

_FEW = 1_000
_MANY = 10_000
_UNIT = "ms / 1,000 rows"


async def _callers(url: str, rows: list[Row]) -> None:
    loads.check_added(await loads.callers(url, loads.fresh_queue(), rows), rows)


async def _idle() -> None:
    await asyncio.sleep(1)


def measure() -> Section:
    """Measure a thousand callers and ten thousand, one append of as many rows, and a request for each row."""
    few, many = clean_rows(_FEW), clean_rows(_MANY)
    with server.running() as url:
        cost = alternate(
            {
                "few": loads.cpu_of(loads.callers, url, few),
                "many": loads.cpu_of(loads.callers, url, many),
                "one call": loads.cpu_of(loads.append, url, many),
                "row by row": loads.cpu_of(row_by_row, url, few),
            }
        )
        gaps = alternate(
            {"idle": partial(gaps_during, _idle), "many": partial(gaps_during, partial(_callers, url, many))}
        )
    many_callers = f"{_MANY:,} callers"
    return Section(
        [
            against(many_callers, _UNIT, cost["many"], f"{_FEW:,} callers", cost["few"], target=2),
            against(
                f"{many_callers} beside one call", _UNIT, cost["many"], "append of the same rows", cost["one call"]
            ),
            against(f"{_FEW:,} callers", _UNIT, cost["few"], "aiohttp, a request for each", cost["row by row"]),
            beyond_idle(f"longest gap, {many_callers}", gaps["many"], gaps["idle"]),
        ]
    )
