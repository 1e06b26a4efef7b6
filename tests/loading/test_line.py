"""The line for a request: the wait for the rate limit is each caller's own, at the cost of one."""

from math import inf

import pytest

from allo_async._loading.line import Line, SharedBudget
from allo_async._loading.outcomes import Outcomes
from allo_async._loading.pending_append import AppendCall, PendingAppend
from allo_async._loading.rows import Chunk
from allo_async._sending.call_limits import CallLimits, HeldUp, WaitBudget
from allo_async.errors import RateLimitWaitError
from allo_async.models import Assignee
from tests.clocks import ManualClock


def caller(longest_wait=inf, give_up_at=None):
    call = AppendCall(Assignee(), CallLimits(give_up_at, max_rate_limit_wait=longest_wait))
    return PendingAppend(call, [], Outcomes(Chunk()))


@pytest.fixture(name="clock")
def _clock():
    return ManualClock()


class Waiting:
    """A line that waits for the rate limit."""

    def __init__(self, clock, jobs):
        self.line, self.refused, self.asked = Line(), [], 0
        for job in jobs:
            self.line.add(job)
        self.budget = SharedBudget(self.line, self._budget, self._refuse)
        held_up = HeldUp(clock)
        self.budget.begin(held_up)
        self.held_up = held_up.during()

    def _budget(self, limits):
        self.asked += 1
        left = 60 if limits.give_up_at is None else limits.give_up_at
        return WaitBudget(limits.max_rate_limit_wait, longest_pause=left)

    def _refuse(self, job, _):
        self.line.remove(job)
        self.refused.append(job)


async def test_those_are_refused_that_may_not_wait_so_long(clock):
    """All others stay, in order, and a wait that none may endure is raised."""
    jobs = [caller(), caller(5), caller(20), caller(give_up_at=8)]
    waiting = Waiting(clock, jobs)

    waiting.budget.check(10, 0)
    assert waiting.refused == [jobs[1]]
    waiting.budget.check(10, 10)
    assert waiting.refused == [jobs[1], jobs[3]]
    assert list(waiting.line) == [jobs[0], jobs[2]]
    assert waiting.budget.max_wait == 20
    with pytest.raises(RateLimitWaitError):
        waiting.budget.check(30, 61)
    assert list(waiting.line) == []


async def test_wait_of_one_that_came_later_is_shorter(clock):
    """The time for which others were held up before takes none of a caller's longest wait."""
    first, later = caller(10), caller(10)
    waiting = Waiting(clock, [first])
    with waiting.held_up:
        clock.now += 6
        waiting.line.add(later)
        waiting.budget.came(later)
        clock.now += 2
        waiting.budget.check(5, 0)

    assert waiting.refused == [first]
    assert list(waiting.line) == [later]


async def test_wait_is_as_long_as_one_that_came_later_allows(clock):
    """A wait without a bound gets that of a caller that joins, also where that one need not be refused."""
    waiting = Waiting(clock, [caller()])
    assert waiting.budget.max_wait == inf
    waiting.line.add(caller(20))

    waiting.budget.check(10, 0)

    assert (waiting.budget.max_wait, waiting.refused) == (20, [])


@pytest.mark.parametrize("longest_wait", [inf, 60])
async def test_check_costs_the_same_however_many_wait(clock, longest_wait):
    """As long as nobody is refused, callers are not looked at one by one."""
    waiting = Waiting(clock, [caller(longest_wait) for _ in range(1_000)])
    waiting.budget.check(10, 0)
    assert waiting.asked == 1


async def test_limits_of_those_that_left_refuse_nobody():
    """A line that is never empty still forgets the shortest wait of one that has left."""
    stays, leaves = caller(50), caller(1, give_up_at=0)
    line = Line()
    line.add(stays)
    line.add_first(leaves)
    assert line.first is leaves
    assert (line.tightest.max_rate_limit_wait, line.tightest.give_up_at) == (1, 0)
    assert line.widest.give_up_at is None

    line.remove(leaves)
    line.measure()

    assert (line.tightest.max_rate_limit_wait, line.tightest.give_up_at) == (50, None)
