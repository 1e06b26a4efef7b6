"""CPU of a row by the number of rows and by the number of queues, beside the plain loop's."""

import math
from collections.abc import Awaitable, Callable, Sequence
from statistics import median

from benchmarks import loads, server
from benchmarks.baseline import plain, plain_spread
from benchmarks.charts import Lines
from benchmarks.measure import ROUNDS, Measure, Section, against, alternate
from benchmarks.rows import Row, clean_rows

_SIZES = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
_QUEUES = (1, 5, 10, 25, 50)
_SPREAD = 20_000

# A load of a million takes as long as everything else; loads of a few rows are too short to be measured one by one.
_ROUNDS_OF = {1_000_000: 1}
_LEAST_ROWS = 100

_UNIT = "ms / 1,000 rows"
_Y = "CPU of 1,000 rows, ms"
_OURS, _PLAIN = "allo_async", "aiohttp + json"

_Contender = Callable[[], float]


def measure() -> Section:
    """Measure appends of 1 to 1,000,000 rows, and spreads of the same rows over 1 to 50 queues."""
    with server.running() as url:
        by_rows = {size: _append(url, size) for size in _SIZES}
        by_queues = {count: _spread(url, count) for count in _QUEUES}
    charts = {
        "rows": Lines(
            "Cost by the number of rows", "rows of one append", _Y, _medians(by_rows), log_x=True, log_y=True
        ),
        "queues": Lines(f"Cost of a spread of {_SPREAD:,} rows", "queues", _Y, _medians(by_queues)),
    }
    return Section(
        [
            *(_measure(f"append of {size:,}", cost) for size, cost in by_rows.items()),
            *(_measure(f"spread over {count}", cost) for count, cost in by_queues.items()),
        ],
        charts,
    )


def _append(url: str, size: int) -> dict[str, list[float]]:
    rows = clean_rows(size)

    def repeated(load: loads.Load) -> _Contender:
        once, times = loads.cpu_of(load, url, rows), math.ceil(_LEAST_ROWS / size)
        return lambda: median(once() for _ in range(times))

    return alternate({_OURS: repeated(loads.append), _PLAIN: repeated(plain)}, _ROUNDS_OF.get(size, ROUNDS))


def _spread(url: str, count: int) -> dict[str, list[float]]:
    rows = clean_rows(_SPREAD)

    def over(load: Callable[[str, Sequence[str], Sequence[Row]], Awaitable[loads.Added]]) -> _Contender:
        return lambda: loads.cpu(lambda: load(url, [loads.fresh_queue() for _ in range(count)], rows), rows)

    return alternate({_OURS: over(loads.spread), _PLAIN: over(plain_spread)})


def _measure(name: str, cost: dict[str, list[float]]) -> Measure:
    return against(name, _UNIT, cost[_OURS], _PLAIN, cost[_PLAIN])


def _medians(costs: dict[int, dict[str, list[float]]]) -> dict[str, list[tuple[float, float]]]:
    return {who: [(size, median(cost[who])) for size, cost in costs.items()] for who in (_OURS, _PLAIN)}
