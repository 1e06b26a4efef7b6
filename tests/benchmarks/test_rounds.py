"""How the rounds of a benchmark become figures."""

from benchmarks.measure import against, alone, alternate
from benchmarks.table import table


def test_contenders_take_turns():
    """Each contender runs once a round, in the same order, and keeps its figures in the order of the rounds."""
    ran = list[str]()

    def contender(name):
        return lambda: ran.append(name) or len(ran)

    figures = alternate({"ours": contender("ours"), "theirs": contender("theirs")}, rounds=3)

    assert ran == ["ours", "theirs"] * 3
    assert figures == {"ours": [1, 3, 5], "theirs": [2, 4, 6]}


def test_ratio_is_of_the_same_round():
    """A machine that is slow for one round moves the values, and not the median of the ratios."""
    measure = against("append", "ms", [2.0, 20.0, 40.0], "plain", [1.0, 10.0, 10.0])

    assert (measure.value, measure.ratio, measure.low, measure.high) == (20.0, 2.0, 2.0, 4.0)


def test_table_shows_what_is_missed():
    """A line has the value, the ratio, the spread, the target with a mark if it is missed, and the baseline."""
    missed, met = against("append", "ms", [30.0], "plain", [10.0], target=2.5), alone("growth", "MB", [3.0], target=20)

    _, title, _, first, second = table("Costs", [missed, met]).splitlines()
    assert title == "Costs"
    assert first.split() == ["append", "30.00", "ms", "3.00", "x", "3.00..3.00", "2.5!", "plain"]
    assert second.split() == ["growth", "3.00", "MB", "3.00..3.00", "20"]
