"""The chaos suite in its small, fixed form; `make chaos` runs it in full."""

import pytest

from tests.chaos.__main__ import run
from tests.chaos.kills import check, check_undisturbed, live


@pytest.mark.parametrize("honours", [True, False], ids=["keys honoured", "keys ignored"])
async def test_storms_lose_nothing_and_double_nothing(honours):
    """Whatever goes wrong, no row is lost, none is added twice or out of order, and what is told is true."""
    findings = await run(range(30), honours=honours)

    assert [finding for finding in findings if not finding.sound] == []
    # A suite of quiet loads would prove nothing.
    assert sum(finding.recovered for finding in findings) >= 5
    assert min(len(finding.kinds) for finding in findings) >= 2


@pytest.mark.parametrize(
    ("how", "forgetful", "seeds"),
    [("append", False, [1, 2]), ("append", True, [3]), ("spread", False, [4])],
    ids=["appends", "appends, all keys forgotten", "spread"],
)
async def test_killed_loads_are_taken_up(tmp_path, how, forgetful, seeds):
    """A process that is killed again and again ends with every row once, in order, and the undisturbed run's result."""
    undisturbed = await live(tmp_path, 0, 0, how=how)
    if how == "append":
        check_undisturbed(undisturbed)
    for seed in seeds:
        life = await live(tmp_path, seed, 3, how=how, forgetful=forgetful)

        assert life.kills > 0
        check(life, undisturbed)
