"""The data of a chart, as it stands in the results of a run."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import attrs


@attrs.frozen
class Lines:
    """Lines over two axes.

    Attributes:
        title: Stands above the chart.
        x: The horizontal axis, with its unit.
        y: The vertical axis, with its unit.
        lines: The points of each line, by its name.
        log_x: Whether the horizontal axis is logarithmic; its values are above zero then.
        log_y: The same of the vertical axis.
    """

    title: str
    x: str
    y: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    log_x: bool = False
    log_y: bool = False


@attrs.frozen
class Bars:
    """Bars made of parts that stand on one another.

    Attributes:
        title: Stands above the chart.
        y: The vertical axis, with its unit.
        bars: The height of each part, by the names of the bar and of the part.
    """

    title: str
    y: str
    bars: Mapping[str, Mapping[str, float]]


Chart: TypeAlias = Lines | Bars


def exceedance(title: str, x: str, of: str, rounds: Mapping[str, Sequence[Sequence[float]]]) -> Lines:
    """Return the chart of the share of all values, of every round, that were above each value.

    Args:
        title: Stands above the chart.
        x: The values, with their unit.
        of: The plural of what has such a value.
        rounds: The values of each round, by the name of the line.
    """
    limits = [10 ** (step / 20 - 1) for step in range(101)]
    lines: dict[str, list[tuple[float, float]]] = {}
    for name, each in rounds.items():
        values = sorted(value for one in each for value in one)
        shares = [(limit, (1 - bisect_right(values, limit) / len(values)) * 100) for limit in limits]
        lines[name] = [(limit, share) for limit, share in shares if 0 < share < 100]  # noqa: PLR2004 - per cent
    return Lines(title, x, f"share of the {of} that took longer, %", lines, log_x=True, log_y=True)
