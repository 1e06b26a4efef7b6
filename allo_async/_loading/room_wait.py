"""The wait for room in a full queue: one look for all callers."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from allo_async._loading.capacity import Capacity
from allo_async._loading.pending_append import PendingAppend
from allo_async._loading.tail import read_state
from allo_async._sending.session import LoopSession

#: Seconds before the first look for room.
DEFAULT_POLL_INTERVAL = 1.0

# A look at the room costs a read; each one that finds none makes the next come later.
_GROWTH = 1.5
_LATEST = 30.0

#: Takes the callers when there is room, in the order in which they came.
LetIn = Callable[[Sequence[PendingAppend]], None]


class RoomWait:
    """The callers that wait for room in one queue.

    Args:
        session: Carries the looks.

    Attributes:
        jobs: The callers.
    """

    def __init__(self, session: LoopSession) -> None:
        self._session = session
        self._clock = session.clock
        self.jobs = dict[PendingAppend, None]()
        self._capacity: Capacity | None = None
        self._interval = self._due = 0.0
        self._task: asyncio.Task[int] | None = None

    def add(self, job: PendingAppend, let_in: LetIn) -> None:
        """Add *job* to the callers that *let_in* takes later; its own interval may bring the next look forward."""
        self.jobs[job] = None
        if job.call.capacity is not None:
            self._capacity = job.call.capacity
        due = self._clock.monotonic() + job.call.poll_interval
        if self._task is None or due < self._due:
            self._interval, self._due = job.call.poll_interval, due
            self._look_again(let_in)

    def remove(self, job: PendingAppend) -> None:
        """Remove *job* if it waits; without callers nobody looks."""
        if job in self.jobs:
            del self.jobs[job]
            if not self.jobs:
                self._end()

    def _look_again(self, let_in: LetIn) -> None:
        self._end()
        context = next(iter(self.jobs)).context.copy()
        self._task = asyncio.create_task(self._look(), context=context)
        self._task.add_done_callback(partial(self._ended, let_in))

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _look(self) -> int:
        """Look at the queue, ever more seldom, until it has room."""
        with self._session.observers.timed_wait("room"):
            while True:
                await self._clock.sleep(max(0.0, self._due - self._clock.monotonic()))
                # No deadline is passed on: a retry that comes too late for one would end the wait with an error.
                room = (await read_state(self._session, next(iter(self.jobs)).call.assignee)).room
                if room:
                    return room
                self._interval = min(self._interval * _GROWTH, max(_LATEST, self._interval))
                self._due = self._clock.monotonic() + self._interval

    def _ended(self, let_in: LetIn, task: asyncio.Task[int]) -> None:
        if task is not self._task:
            return
        self._task = None
        if task.cancelled():
            # It was cancelled from outside, and the callers still wait.
            self._look_again(let_in)
            return
        jobs = sorted(self.jobs, key=lambda job: job.number)
        self.jobs.clear()
        error = task.exception()
        if isinstance(error, Exception):
            for job in jobs:
                job.fail(error, self._session.resuming, shared=True)
            return
        assert self._capacity is not None  # noqa: S101 - for the type checker
        capacity = Capacity(self._capacity.refusal, task.result())
        for job in jobs:
            job.call.capacity = capacity
        let_in(jobs)
