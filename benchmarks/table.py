"""The table of a section's figures."""

from collections.abc import Sequence

from benchmarks.measure import Measure

_HEAD = f"{'':46}{'value':>10} {'':18}{'ratio':>7}  {'least..most':15}{'target':>8}   beside"


def table(title: str, measures: Sequence[Measure]) -> str:
    """Return the figures as lines, under a *title*.

    A target is the most that the ratio may be, or the value where there is no ratio; so is the spread of the rounds.
    A target that is missed has an exclamation mark.
    """
    return "\n".join([f"\n{title}", _HEAD, *map(_line, measures)])


def _line(measure: Measure) -> str:
    ratio = "" if measure.ratio is None else f"{measure.ratio:.2f} x"
    spread = f"{figure(measure.low)}..{figure(measure.high)}"
    target = "" if measure.target is None else f"{measure.target:g}{' ' if measure.is_met else '!'}"
    return (
        f"{measure.name:46}{figure(measure.value):>10} {measure.unit:18}{ratio:>7}  {spread:15}{target:>8}"
        f"   {measure.beside}"
    ).rstrip()


def figure(value: float) -> str:
    """Return a *value* with as many digits as it bears."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"  # noqa: PLR2004 - three digits
