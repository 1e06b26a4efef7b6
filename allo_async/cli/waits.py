"""The cause of a load's wait, in words: always the one wait that says most."""

import asyncio
from collections import Counter
from collections.abc import Callable

from allo_async.errors import AppendConflictError, RateLimitedError
from allo_async.events import Event, RetryScheduled, Waited, Waiting

#: Seconds after which a wait is told where there is no bar.
LONG_WAIT = 10.0

#: Seconds between two such lines.
BETWEEN_LINES = 60.0

_ROOM = "waiting for room in the queue"
_LIMIT = "waiting for the rate limit"
_CONFLICT = "waiting: others add to the queue"
_FAILURE = "waiting to try again"
_TURN = "waiting for the queue's turn"

# The first of those that are on is shown.
_ORDER = (_ROOM, _FAILURE, _CONFLICT, _LIMIT, _TURN)
_PLAIN = {"room": _ROOM, "pace": _LIMIT, "turn": _TURN}

_Place = tuple[int | None, int | None, str]


class Waits:
    """The waits of a run, as its client's events tell of them.

    Args:
        changed: Called when what is waited for changes.
        say: Says a line where there is no bar, `None` with one.
    """

    def __init__(self, changed: Callable[[], None], say: Callable[[str], None] | None) -> None:
        self._changed = changed
        self._say = say
        self._now: dict[_Place, list[str]] = {}
        self._causes: dict[tuple[int | None, int | None], str] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._said_at: float | None = None

    @property
    def foremost(self) -> str | None:
        """The wait that says most; `None` for none."""
        told = Counter(cause for causes in self._now.values() for cause in causes)
        return next((cause for cause in _ORDER if told[cause]), None)

    def observe(self, event: Event) -> None:
        """Follow an event of the client."""
        if isinstance(event, RetryScheduled):
            self._causes[event.load, event.batch] = _cause(event.error)
        elif isinstance(event, Waiting):
            cause = _PLAIN.get(event.reason) or self._causes.get((event.load, event.batch), _FAILURE)
            self._now.setdefault((event.load, event.batch, event.reason), []).append(cause)
            self._update()
        elif isinstance(event, Waited) and self._now.get(place := (event.load, event.batch, event.reason)):
            self._now[place].pop()
            self._update()

    def end(self) -> None:
        """Say no more."""
        self._say = None
        self._cancel()

    def _update(self) -> None:
        self._changed()
        if self.foremost is None:
            self._cancel()
        elif self._say is not None and self._timer is None:
            self._arm()

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + LONG_WAIT
        if self._said_at is not None:
            due = max(due, self._said_at + BETWEEN_LINES)
        self._timer = loop.call_at(due, self._tell)

    def _tell(self) -> None:
        self._timer = None
        if self._say is not None and self.foremost is not None:
            self._said_at = asyncio.get_running_loop().time()
            self._say(f"Still {self.foremost}.")
            self._arm()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _cause(error: BaseException) -> str:
    if isinstance(error, AppendConflictError):
        return _CONFLICT
    return _LIMIT if isinstance(error, RateLimitedError) else _FAILURE
