"""A chart as an SVG."""

from collections.abc import Sequence

from benchmarks import svg
from benchmarks.charts import Bars, Chart, Lines
from benchmarks.table import figure


def draw(chart: Chart) -> str:
    """Return the *chart* as the text of an SVG."""
    return _bars(chart) if isinstance(chart, Bars) else _lines(chart)


def _lines(chart: Lines) -> str:
    points = [point for line in chart.lines.values() for point in line]
    x = svg.Scale.over((at for at, _ in points), svg.LEFT, svg.RIGHT, log=chart.log_x)
    y = svg.Scale.over((at for _, at in points), svg.BOTTOM, svg.TOP, log=chart.log_y)
    drawn = [_line(line, x, y, svg.colour(place)) for place, line in enumerate(chart.lines.values())]
    parts = [*svg.upright(y, chart.y), *svg.level(x, chart.x), *drawn, *svg.legend(list(chart.lines))]
    return svg.document(chart.title, parts)


def _line(line: Sequence[tuple[float, float]], x: svg.Scale, y: svg.Scale, colour: str) -> str:
    points = " ".join(f"{x.at(across):.1f},{y.at(up):.1f}" for across, up in line)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _bars(chart: Bars) -> str:
    names = list(dict.fromkeys(part for bar in chart.bars.values() for part in bar))
    y = svg.Scale.over((sum(bar.values()) for bar in chart.bars.values()), svg.BOTTOM, svg.TOP)
    room = (svg.RIGHT - svg.LEFT) / len(chart.bars)
    parts = svg.upright(y, chart.y)
    for place, (name, bar) in enumerate(chart.bars.items()):
        left, below = svg.LEFT + room * place, 0.0
        for part, height in bar.items():
            top, bottom = y.at(below + height), y.at(below)
            parts.append(
                f'<rect x="{left + room * 0.2:.1f}" y="{top:.1f}" width="{room * 0.6:.1f}" '
                f'height="{bottom - top:.1f}" fill="{svg.colour(names.index(part))}"/>'
            )
            below += height
        parts.append(svg.text(left + room / 2, y.at(below) - 6, figure(below), anchor="middle"))
        parts.append(svg.text(left + room / 2, svg.BOTTOM + 20, name, anchor="middle"))
    return svg.document(chart.title, [*parts, *svg.legend(names)])
