"""The capacity of a queue: how many more rows it takes, once it has refused some."""

from math import inf

from allo_async._loading.queue_reads import read_state
from allo_async._sending.call_limits import CallLimits
from allo_async._sending.session import LoopSession
from allo_async._wire.assignee import Assignee
from allo_async.clock import Clock
from allo_async.errors import QueueFullError
from allo_async.events import QueueFull

#: Seconds before the first look for room.
DEFAULT_POLL_INTERVAL = 1.0

# A look at the room costs a read; each one that finds none makes the next come later.
_GROWTH = 1.5
_LATEST = 30.0


class Capacity:
    """Fills a queue exactly: nothing is asked before the first refusal, and little after it.

    The queue's own count says how much goes in. Where the server refuses what its count has room for, it counts
    otherwise, and the capacity is found by halving: every refusal makes the next batch smaller, so that it ends.

    Args:
        session: Carries the looks.
        assignee: Whose queue it is.
        clock: Waits.
        poll_interval: Seconds before the first look for room, when waiting.

    Attributes:
        allows: How many more rows to send at once; infinite until something was refused.
        refusal: The last refusal.
    """

    def __init__(
        self, session: LoopSession, assignee: Assignee, *, clock: Clock, poll_interval: float = DEFAULT_POLL_INTERVAL
    ) -> None:
        self._session = session
        self._assignee = assignee
        self._clock = clock
        self._first_interval = poll_interval
        self._interval = poll_interval
        # The fewest rows that are known not to fit, while halving.
        self._too_many: int | None = None
        self.allows: float = inf
        self.refusal: QueueFullError | None = None

    async def refused(self, rows: int, error: QueueFullError, limits: CallLimits) -> None:
        """Note that *rows* rows did not fit, and look how many do."""
        self.refusal = error
        room = (await read_state(self._session, self._assignee, limits)).room
        self._too_many = rows if room >= rows else None
        self.allows = rows // 2 if room >= rows else room
        self._session.observers.emit(QueueFull(queue=str(self._assignee), room=room))

    def full(self, refusal: QueueFullError) -> None:
        """Note that a request which had others' rows too found no more room."""
        self.refusal, self.allows = refusal, 0

    def fresh(self) -> "Capacity":
        """Make another one for the same queue, which knows of no refusal."""
        return Capacity(self._session, self._assignee, clock=self._clock)

    def added(self, rows: int) -> None:
        """Note that *rows* rows went in; those that the server skipped take no room."""
        self._interval = self._first_interval if rows else self._interval
        if self._too_many is not None:
            self._too_many -= rows
            self.allows = self._too_many // 2
        else:
            self.allows -= rows

    async def wait_for_room(self, limits: CallLimits) -> None:
        """Look at the queue, ever more seldom, until it has room.

        Raises:
            StoppedError: The caller asked to end.
        """
        # There is no moment to give up at: a retry that comes too late for one would end the wait with an error.
        looks, room = CallLimits(stop=limits.stop), 0
        with self._session.observers.timed_wait("room"):
            while not room:
                async with limits.stop.ends():
                    await self._clock.sleep(self._interval)
                self._interval = min(self._interval * _GROWTH, max(_LATEST, self._first_interval))
                room = (await read_state(self._session, self._assignee, looks)).room
        self._too_many, self.allows = None, room
