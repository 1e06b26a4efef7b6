"""Reps at work: they call the numbers of their queues, one after the other."""

import asyncio
import itertools

import attrs

from allo_async.sandbox.clock import Clock
from allo_async.sandbox.state import SandboxQueue, Team

_RESULTS = itertools.cycle(("ANSWERED", "VOICEMAIL", "FAILED"))

# Calls that are due within a tick are made at its end; the machine's timers are no finer.
_TICK = 0.02


@attrs.define
class Rep:
    """A rep that calls from the front of the current queue at a set rate.

    Attributes:
        team: Where the queue is.
        clock: The server's time.
        user_id: Whose queue it is.
        per_second: Calls a second.
        keeps: Whether a called number stays in the queue, with its outcome.
    """

    team: Team
    clock: Clock
    user_id: str
    per_second: float
    keeps: bool
    _task: asyncio.Task[None] | None = attrs.field(default=None, init=False)

    def start(self) -> None:
        """Begin to call."""
        self._task = asyncio.ensure_future(self._work())

    async def stop(self) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        queue = self.team.queues.get(self.user_id)
        if queue is not None:
            queue.session_active = False

    async def _work(self) -> None:
        begun, called = self.clock.monotonic(), 0
        while True:
            await self.clock.sleep(max(1 / self.per_second, _TICK))
            due = int((self.clock.monotonic() - begun) * self.per_second) - called
            called += due
            queue = self.team.queues.get(self.user_id)
            if queue is not None:
                queue.session_active = True
                self._call(queue, due)

    def _call(self, queue: SandboxQueue, count: int) -> None:
        waiting = [entry for entry in queue.entries if entry.call_start_date is None]
        called = waiting[:count]
        if self.keeps:
            for entry in called:
                queue.entries[entry.position] = attrs.evolve(
                    entry,
                    call_start_date=self.team.now(),
                    call_id=self.team.identifiers.call(),
                    routing_result=next(_RESULTS),
                    call_status="COMPLETED",
                    updated_at=self.team.now(),
                )
        else:
            queue.remove(called, self.team.now())
