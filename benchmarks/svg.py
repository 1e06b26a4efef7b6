"""Pieces of an SVG: its frame, legible on a light and on a dark page, texts, and scales with round ticks."""

import math
from collections.abc import Iterable, Sequence
from html import escape

import attrs

WIDTH, HEIGHT = 760, 420

#: The room of a chart's data between its axes, in pixels: left, top, right, bottom.
LEFT, TOP, RIGHT, BOTTOM = 80, 48, 540, 360

# Each has a contrast of at least 3 to white and to near black.
COLOURS = ("#2f81f7", "#bf8700", "#2da44e", "#bf4b8a", "#8957e5", "#6e7781", "#cf4a1b", "#12909c")

_STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px }
.axis { stroke: #6e7781 }
.grid { stroke: #d0d7de }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .grid { stroke: #30363d }
}"""

_GAPS = 5


@attrs.frozen
class Scale:
    """Places of values on an axis.

    Attributes:
        low: The value at *start*.
        high: The value at *end*.
        start: A place in pixels.
        end: Another.
        log: Whether equal ratios are equally far apart, instead of equal differences.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    @classmethod
    def over(cls, values: Iterable[float], start: float, end: float, *, log: bool = False) -> "Scale":
        """Return a scale that ends at round values and has all *values* on it; a linear one begins at 0 or below."""
        low, high = _extremes(values)
        if log:
            least, most = math.floor(math.log10(low)), math.ceil(math.log10(high))
            return cls(10.0**least, 10.0 ** max(most, least + 1), start, end, log=True)
        low, high = min(low, 0.0), max(high, 0.0)
        step = _step((high - low) or 1.0)
        return cls(math.floor(low / step) * step, (math.ceil(high / step) or 1) * step, start, end)

    def at(self, value: float) -> float:
        """Return the place of *value* in pixels."""
        if self.log:
            share = math.log10(value / self.low) / math.log10(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> Sequence[float]:
        """Return the round values to be named beside the axis."""
        if self.log:
            least = round(math.log10(self.low))
            return [10.0**power for power in range(least, round(math.log10(self.high)) + 1)]
        step = _step(self.high - self.low)
        return [step * place for place in range(round(self.low / step), round(self.high / step) + 1)]


def _extremes(values: Iterable[float]) -> tuple[float, float]:
    found = list(values)
    return min(found), max(found)


def _step(span: float) -> float:
    """Return a step of 1, 2 or 5 times a power of ten that goes about five times into *span*."""
    rough = span / _GAPS
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)


def document(title: str, parts: Iterable[str]) -> str:
    """Return a whole SVG with a *title*, which is read out as well."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{_STYLE}\n</style>",
            text(LEFT, 24, title, kind="title"),
            *parts,
            "</svg>\n",
        ]
    )


def text(x: float, y: float, content: str, *, anchor: str = "start", kind: str = "", turned: bool = False) -> str:
    """Return a text at a place in pixels; *turned* ones are read from below."""
    named = f' class="{kind}"' if kind else ""
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{named}{turn}>{escape(content)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """Return a straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def upright(scale: Scale, label: str) -> list[str]:
    """Return the vertical axis with its grid."""
    parts = [text(20, (TOP + BOTTOM) / 2, label, anchor="middle", turned=True)]
    for tick in scale.ticks():
        parts.append(line(LEFT, scale.at(tick), RIGHT, scale.at(tick), "grid"))
        parts.append(text(LEFT - 8, scale.at(tick) + 4, f"{tick:,.12g}", anchor="end"))
    return [*parts, line(LEFT, TOP, LEFT, BOTTOM, "axis")]


def level(scale: Scale, label: str) -> list[str]:
    """Return the horizontal axis with its grid."""
    parts = [text((LEFT + RIGHT) / 2, HEIGHT - 14, label, anchor="middle")]
    for tick in scale.ticks():
        parts.append(line(scale.at(tick), TOP, scale.at(tick), BOTTOM, "grid"))
        parts.append(text(scale.at(tick), BOTTOM + 20, f"{tick:,.12g}", anchor="middle"))
    return [*parts, line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis")]


def legend(names: Sequence[str]) -> list[str]:
    """Return each name beside its colour."""
    parts: list[str] = []
    for place, name in enumerate(names):
        y = TOP + 22 * place
        parts.append(f'<rect x="{RIGHT + 16}" y="{y}" width="12" height="12" fill="{colour(place)}"/>')
        parts.append(text(RIGHT + 34, y + 11, name))
    return parts


def colour(place: int) -> str:
    """Return the colour of the line or the part at *place*."""
    return COLOURS[place % len(COLOURS)]
