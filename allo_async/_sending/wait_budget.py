"""How long a rate limit may hold up one request."""

import contextlib
import math
from collections.abc import Generator
from math import inf

from allo_async.clock import Clock
from allo_async.errors import RateLimitedError


class HeldUp:
    """Measures for how long the first waiter of a line has been held up, in all.

    Args:
        clock: Where time comes from.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._before = 0.0
        self._since: float | None = None

    @property
    def is_so(self) -> bool:
        """Whether the first waiter is held up now."""
        return self._since is not None

    @property
    def seconds(self) -> float:
        """For how long that has been so."""
        return self._before + (0.0 if self._since is None else self._clock.monotonic() - self._since)

    @contextlib.contextmanager
    def during(self) -> Generator[None]:
        """Measure a block."""
        self._since = self._clock.monotonic()
        try:
            yield
        finally:
            self._before, self._since = self.seconds, None


class WaitBudget:
    """How long the rate limit may hold up one request. The way to a shared store takes none of it.

    Args:
        patience: Seconds that the request may be held up.
        longest_pause: Seconds of a pause that the server asked for; an ordinary line may take longer.
    """

    def __init__(self, patience: float = inf, *, longest_pause: float = inf) -> None:
        self.patience = patience
        self.longest_pause = longest_pause
        self._held_up: HeldUp | None = None
        self._begun = 0.0

    def begin(self, held_up: HeldUp) -> None:
        """Measure from now on: a waiter is held up as long as the first of its line is."""
        self._held_up, self._begun = held_up, held_up.seconds

    @property
    def waited(self) -> float:
        """Seconds for which the request has been held up."""
        return 0.0 if self._held_up is None else self._held_up.seconds - self._begun

    @property
    def left(self) -> float:
        """Seconds of patience that are left."""
        return max(self.patience - self.waited, 0.0)

    def check(self, wait: float, paused: float) -> None:
        """Allow a wait, or raise. A subclass may judge for itself.

        Args:
            wait: Seconds until the request may leave.
            paused: Seconds of it that the server asked for.

        Raises:
            RateLimitedError: The wait is longer than the budget allows.
        """
        if wait > self.left:
            raise _too_long(
                wait, f"the rate limit of the key leaves no room for {_up(wait)} s", f"{_down(self.left)} s of patience"
            )
        if paused > self.longest_pause:
            told = f"the server wants no request of this key for {_up(paused)} s"
            raise _too_long(paused, told, f"{_down(max(self.longest_pause, 0.0))} s for this one")


def _too_long(seconds: float, told: str, left: str) -> RateLimitedError:
    return RateLimitedError(f"{told}, and {left} are left", status=429, code="RATE_LIMIT_EXCEEDED", retry_after=seconds)


def _up(seconds: float) -> str:
    return f"{math.ceil(seconds * 10) / 10:g}"


def _down(seconds: float) -> str:
    return f"{math.floor(seconds * 10) / 10:g}"
