"""The line for a queue's next request, and the wait for the rate limit that all in it share."""

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from math import inf

from allo_async._loading.pending_append import PendingAppend
from allo_async._sending.call_limits import CallLimits, WaitBudget
from allo_async.errors import RateLimitWaitError


class Line:
    """The callers whose rows wait for a request, in order. A step costs the same however many wait."""

    def __init__(self) -> None:
        # An ordered dictionary and not a deque, because callers leave from anywhere.
        self._jobs = OrderedDict[PendingAppend, None]()
        self._earliest = self._shortest = inf
        self._latest = -inf

    def __iter__(self) -> Iterator[PendingAppend]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def first(self) -> PendingAppend:
        """The caller that comes next."""
        return next(iter(self._jobs))

    @property
    def widest(self) -> CallLimits:
        """The limits of a request for all: no caller's deadline is later, because each caller's own ends its wait."""
        latest = None if self._latest == inf else self._latest
        return CallLimits(latest, self.first.call.limits.max_rate_limit_wait)

    @property
    def tightest(self) -> CallLimits:
        """Limits that allow no more than those of any caller; they may be tighter than those of all that are left."""
        return CallLimits(None if self._earliest == inf else self._earliest, self._shortest)

    def add(self, job: PendingAppend) -> None:
        """Put *job* behind all others."""
        self._jobs[job] = None
        self._measure(job.call.limits)

    def add_first(self, job: PendingAppend) -> None:
        """Put *job* before all others."""
        self.add(job)
        self._jobs.move_to_end(job, last=False)

    def remove(self, job: PendingAppend) -> None:
        """Take *job* out, if it stands in the line."""
        self._jobs.pop(job, None)
        if not self._jobs:
            self.measure()

    def measure(self) -> None:
        """Forget the limits of callers that have left, by a look at all others."""
        self._earliest = self._shortest = inf
        self._latest = -inf
        for job in self._jobs:
            self._measure(job.call.limits)

    def _measure(self, limits: CallLimits) -> None:
        end = inf if limits.give_up_at is None else limits.give_up_at
        self._earliest, self._latest = min(self._earliest, end), max(self._latest, end)
        self._shortest = min(self._shortest, limits.max_rate_limit_wait)


class SharedBudget(WaitBudget):
    """How long a request may wait that several callers share: each is refused alone, and the last one ends the wait.

    Args:
        line: The callers.
        budget: Returns the budget of a caller with such limits.
        refuse: Ends a caller's part.
    """

    def __init__(
        self,
        line: Line,
        budget: Callable[[CallLimits], WaitBudget],
        refuse: Callable[[PendingAppend, RateLimitWaitError], None],
    ) -> None:
        super().__init__(line.tightest.max_rate_limit_wait)
        self._line = line
        self._budget = budget
        self._refuse = refuse
        self._came = dict[PendingAppend, float]()

    def came(self, job: PendingAppend) -> None:
        """Begin the longest wait of a caller that came during the wait."""
        self._came[job] = self.waited

    def check(self, wait: float, paused: float) -> None:
        """Refuse the callers that may not wait for so long, and raise once there is none."""
        # As long as nobody is refused, thousands of callers need no look at each.
        with contextlib.suppress(RateLimitWaitError):
            self.max_wait = self._line.tightest.max_rate_limit_wait
            self._left(self._line.tightest).check(wait, paused)
            return
        for job in list(self._line):
            try:
                self._left(job.call.limits, self._came.get(job, 0.0)).check(wait, paused)
            except RateLimitWaitError as error:
                self._refuse(job, error)
                if not len(self._line):
                    raise
        self._line.measure()
        self.max_wait = self._line.tightest.max_rate_limit_wait

    def _left(self, limits: CallLimits, came: float = 0.0) -> WaitBudget:
        budget = self._budget(limits)
        budget.max_wait -= self.waited - came
        return budget
