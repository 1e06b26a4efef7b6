"""The charts of a run, as SVG."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks import results
from benchmarks.charts import Bars, Lines, exceedance
from benchmarks.draw import draw
from benchmarks.measure import Section
from benchmarks.svg import Scale

SVG = "{http://www.w3.org/2000/svg}"

CHARTS = {
    "linear": Lines("A & B", "rows", "MB < 20", {"a": [(0, 0.5), (50, -3.0)], "b": [(10, 17.0), (20, 1.0)]}),
    "logarithmic": Lines("Cost", "rows", "ms", {"a": [(1, 0.5), (1e6, 70.0)]}, log_x=True, log_y=True),
    "one point": Lines("Cost", "rows", "ms", {"a": [(10, 10)]}, log_x=True, log_y=True),
    "nothing": Lines("Cost", "rows", "ms", {"a": [(0, 0)]}),
    "bars": Bars("Parts", "CPU, ms", {"ours": {"check": 2.0, "HTTP": 1.0}, "theirs": {"HTTP": 1.0, "rest": 0.0}}),
}


def parsed(chart):
    return ET.fromstring(draw(chart))  # noqa: S314 - our own


def texts(root):
    return [element.text for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_chart_is_well_formed(chart):
    """A chart is XML, names its title, its axes and all that it shows, and keeps within its frame."""
    root = parsed(chart)
    width, height = (float(edge) for edge in root.get("viewBox").split()[2:])
    places = [
        float(element.get(name)) / edge
        for element in root.iter()
        for names, edge in ((("x", "x1", "x2"), width), (("y", "y1", "y2"), height))
        for name in names
        if element.get(name)
    ]

    named = {chart.title, chart.y} | ({chart.x, *chart.lines} if isinstance(chart, Lines) else set(chart.bars))
    assert root.tag == f"{SVG}svg"
    assert named <= set(texts(root))
    assert root.find(f"{SVG}title").text == chart.title
    assert places
    assert all(0 <= place <= 1 for place in places)


def test_chart_is_legible_in_the_dark():
    """A chart has no ground of its own, and its texts are light on a dark page."""
    root = parsed(CHARTS["bars"])
    light, dark = root.find(f"{SVG}style").text.split("@media (prefers-color-scheme: dark)")

    assert "fill: #24292f" in light
    assert "fill: #e6edf3" in dark
    assert {rect.get("fill") for rect in root.iter(f"{SVG}rect")}.isdisjoint({"white", "#fff", "#ffffff"})


def test_parts_stand_on_one_another():
    """The parts of a bar are as high as their values, each begins where the last ended, and the sum stands above."""
    root = parsed(CHARTS["bars"])
    check, http = [
        (float(rect.get("y")), float(rect.get("height"))) for rect in root.iter(f"{SVG}rect") if rect.get("height")
    ][:2]

    assert check[1] == pytest.approx(2 * http[1])
    assert http[0] + http[1] == pytest.approx(check[0])
    assert "3.00" in texts(root)


@pytest.mark.parametrize(
    ("values", "log", "ticks"),
    [
        ([0.0, 17.0], False, [0, 5, 10, 15, 20]),
        ([2.0, 0.3], False, [0, 0.5, 1, 1.5, 2]),
        ([-3.0, 6.0], False, [-4, -2, 0, 2, 4, 6]),
        ([1.0, 1_000_000.0], True, [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]),
        ([3.0, 20.0], True, [1, 10, 100]),
    ],
)
def test_axis_has_round_ticks(values, log, ticks):
    """An axis goes from a round value to a round value, around all that it shows."""
    scale = Scale.over(values, 0, 100, log=log)

    assert scale.ticks() == pytest.approx(ticks)
    assert [scale.at(ticks[0]), scale.at(ticks[-1])] == pytest.approx([0, 100])


def test_share_of_longer_times_falls():
    """The line of a distribution has, at each time, the share of all rounds' values that were longer."""
    line = dict(exceedance("", "ms", "gaps", {"idle": [[0.5, 2.0], [20.0, 20.0]]}).lines["idle"])

    assert {line[1.0], line[10.0]} == {75.0, 50.0}
    assert list(line.values()) == sorted(line.values(), reverse=True)


def test_charts_survive_the_results(tmp_path):
    """A run's charts and figures are read back as they were written."""
    written = {"CPU": Section([], CHARTS)}
    results.write(written, tmp_path / "last.json")

    read = results.read(tmp_path / "last.json")["CPU"].charts
    assert {name: draw(chart) for name, chart in read.items()} == {name: draw(chart) for name, chart in CHARTS.items()}
