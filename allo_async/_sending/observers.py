"""Those who observe a client, told of what happens in it."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Generator, Sequence
from contextvars import ContextVar

from allo_async.clock import Clock
from allo_async.events import Event, Observer, Waited, Waiting, WaitReason

_log = logging.getLogger(__name__)

_numbers = itertools.count(1)

# Seconds that are worth telling, once they are over, and while they last.
_SHORTEST_WAIT = 0.001
_NOTICEABLE_WAIT = 0.2


def new_number() -> int:
    """Give a number that is nobody else's in this process."""
    return next(_numbers)


@contextlib.contextmanager
def within(place: ContextVar[int | None], number: int) -> Generator[None]:
    """Let the events of a block be told as happening within *number*."""
    token = place.set(number)
    try:
        yield
    finally:
        place.reset(token)


class Observers:
    """The observers of one client.

    Args:
        observers: What they are.
        clock: Measures waits.
    """

    def __init__(self, observers: Sequence[Observer], clock: Clock) -> None:
        self._observers = tuple(observers)
        self._clock = clock

    def now(self) -> float:
        """Tell the time, for measuring spans."""
        return self._clock.monotonic()

    def tell(self, event: Event) -> None:
        """Tell every one of them of *event*."""
        for observer in self._observers:
            try:
                observer(event)
            except Exception:  # noqa: BLE001 - a load does not end for what observes it
                _log.exception("an observer failed at a %s", type(event).__name__)

    @contextlib.contextmanager
    def waiting(self, reason: WaitReason) -> Generator[None]:
        """Tell that a block waits, if that takes a while, and how long it waited, however it ends."""
        begun, noticed = self.now(), False

        def notice() -> None:
            nonlocal noticed
            noticed = True
            self.tell(Waiting(reason=reason))

        timer = asyncio.get_running_loop().call_later(_NOTICEABLE_WAIT, notice) if self._observers else None
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            seconds = self.now() - begun
            if noticed or seconds >= _SHORTEST_WAIT:
                self.tell(Waited(reason=reason, seconds=seconds))
