"""The comparison of a run's ratios with the committed ones."""

import attrs
import orjson
import pytest

from benchmarks import compare, results
from benchmarks.measure import Section, against, alone


@pytest.fixture
def baseline(tmp_path):
    """The file of committed ratios: an append costs twice as much as the baseline, 1.9 to 2.1 times in the rounds."""
    _commit(tmp_path, [1.9, 2.0, 2.1])
    return tmp_path / "baseline.json"


def _run(folder, costs, name="append"):
    """Leave the results of a run in which the baseline costs 1 in each round."""
    measures = [against(name, "ms", costs, "plain", [1.0] * len(costs)), alone("growth", "MB", [100.0 * costs[0]])]
    results.write({"CPU": Section(measures)}, folder / "last.json")
    return folder / "last.json"


def _commit(folder, costs):
    assert compare.main(["--accept"], _run(folder, costs), folder / "baseline.json") == 0


@pytest.mark.parametrize("costs", [[2.2, 2.29, 2.4], [1.0, 1.0, 1.0], [1.9, 2.6, 3.0]])
def test_noise_and_gain_are_no_growth(tmp_path, baseline, costs):
    """A ratio within 15 %, a smaller one, and one whose best round is as good as before let the run pass."""
    assert compare.main([], _run(tmp_path, costs), baseline) == 0


def test_grown_ratio_fails(tmp_path, baseline, capsys):
    """A ratio that grew by more than 15 % fails the run, which names it with its spread and its growth."""
    assert compare.main([], _run(tmp_path, [2.2, 2.4, 2.6]), baseline) == 1
    assert "CPU: append, to plain: 2.00 (1.90..2.10) -> 2.40 (2.20..2.60), +20%" in capsys.readouterr().out


def test_ratio_that_is_not_measured_any_more_fails(tmp_path, baseline, capsys):
    """A committed ratio that the run lacks fails it, and a new one does not by itself."""
    assert compare.main([], _run(tmp_path, [2.0], "stream"), baseline) == 1
    assert capsys.readouterr().out.splitlines()[:2] == [
        "CPU: append, to plain: not measured",
        "CPU: stream, to plain: 2.00 (2.00..2.00), new",
    ]


def test_baseline_has_ratios_alone(baseline):
    """The committed file has no figure that depends on the machine's speed."""
    assert orjson.loads(baseline.read_bytes()) == {"CPU: append, to plain": {"ratio": 2.0, "low": 1.9, "high": 2.1}}


def test_committed_baseline_can_be_compared():
    """Each ratio of the repository's own file has its spread around it, and none has grown beside itself."""
    committed = orjson.loads(compare.BASELINE.read_bytes())

    assert committed
    assert all(one["low"] <= one["ratio"] <= one["high"] for one in committed.values())
    assert compare.compare(committed, committed)[1] == []


def test_target_is_of_the_ratio_if_there_is_one():
    """A target is missed by a ratio above it, or by a value where there is no ratio."""
    ratio, value = against("append", "ms", [30.0], "plain", [10.0], target=2.5), alone("growth", "MB", [3.0], target=3)

    assert (ratio.is_met, attrs.evolve(ratio, target=3.0).is_met) == (False, True)
    assert (value.is_met, attrs.evolve(value, value=3.1).is_met) == (True, False)
