"""One figure of the table, how rounds become one, and the collection of a section's figures and charts."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import TypeVar

import attrs

from benchmarks.charts import Chart

#: How often the contenders of a section take turns.
ROUNDS = 5

_Figure = TypeVar("_Figure")


@attrs.frozen
class Measure:
    """A figure, and its ratio to that of a baseline in the same run.

    Attributes:
        name: Names the figure in the table and in `baseline.json`.
        unit: The unit of *value*.
        value: The median of the rounds.
        low: The least of the rounds: their ratios if there is a baseline, their values otherwise.
        high: The most of the rounds, likewise.
        beside: The name of the baseline; empty if there is none.
        ratio: The median of the rounds' ratios to the baseline; `None` if there is none.
        target: The most that the ratio may be, or the value where there is no ratio; `None` if nothing is promised.
    """

    name: str
    unit: str
    value: float
    low: float
    high: float
    beside: str = ""
    ratio: float | None = None
    target: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the target is reached; true where there is none."""
        return self.target is None or (self.value if self.ratio is None else self.ratio) <= self.target


@attrs.frozen
class Section:
    """The outcome of one module's measuring.

    Attributes:
        measures: The figures, in the order of the table.
        charts: The charts, by the name of their file in `docs/plots/`.
    """

    measures: Sequence[Measure]
    charts: Mapping[str, Chart] = attrs.field(factory=dict[str, Chart])


def alternate(contenders: Mapping[str, Callable[[], _Figure]], rounds: int = ROUNDS) -> dict[str, list[_Figure]]:
    """Run the contenders in turn, round by round, so that their ratios hold when the machine's speed drifts."""
    figures: dict[str, list[_Figure]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            figures[name].append(contender())
    return figures


def alone(name: str, unit: str, figures: Sequence[float], *, target: float | None = None) -> Measure:
    """Return the median of *figures*, one of each round."""
    return Measure(name, unit, median(figures), min(figures), max(figures), target=target)


def against(
    name: str,
    unit: str,
    figures: Sequence[float],
    beside: str,
    baseline: Sequence[float],
    *,
    target: float | None = None,
) -> Measure:
    """Return the median of *figures*, and of their ratios to those of the *baseline* in the same round."""
    ratios = [figure / base for figure, base in zip(figures, baseline, strict=True)]
    return Measure(name, unit, median(figures), min(ratios), max(ratios), beside, median(ratios), target)
