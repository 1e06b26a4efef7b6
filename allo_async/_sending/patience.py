"""Patience: how long the rate limit may hold up one request."""

import contextlib
import math
from collections.abc import Generator

from allo_async.clock import Clock
from allo_async.errors import RateLimitedError


class HeldUp:
    """Measures for how long whoever was first in a line has been held up, in all.

    Args:
        clock: Where time comes from.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._before = 0.0
        self._since: float | None = None

    @property
    def is_so(self) -> bool:
        """Whether somebody is held up now."""
        return self._since is not None

    @property
    def seconds(self) -> float:
        """For how long that has been so."""
        return self._before + (0.0 if self._since is None else self._clock.monotonic() - self._since)

    @contextlib.contextmanager
    def during(self) -> Generator[None]:
        """Let whoever is first be held up during a block."""
        self._since = self._clock.monotonic()
        try:
            yield
        finally:
            self._before, self._since = self.seconds, None


class Patience:
    """How long the rate limit may hold up one request. Asking others who keep the limit as well takes none of it.

    Args:
        seconds: How long, from now on.
        held_up: Measures it: whoever is behind another is held up as long as that one is.
    """

    def __init__(self, seconds: float, held_up: HeldUp) -> None:
        self._held_up = held_up
        self._over = held_up.seconds + seconds

    @property
    def left(self) -> float:
        """Seconds that are left of it."""
        return max(self._over - self._held_up.seconds, 0.0)

    @contextlib.contextmanager
    def spent_on(self, wait: float) -> Generator[None]:
        """Let a *wait* hold up whoever is first during a block, unless it is longer than what is left.

        Raises:
            RateLimitedError: It is.
        """
        self.check(wait)
        with self._held_up.during():
            yield

    def check(self, wait: float) -> None:
        """Refuse a *wait* that is longer than what is left.

        Raises:
            RateLimitedError: It is.
        """
        left = self.left
        if wait > left:
            raise RateLimitedError(
                f"the rate limit of the key leaves no room for {math.ceil(wait * 10) / 10:g} s, "
                f"and {math.floor(left * 10) / 10:g} s of patience are left",
                status=429,
                code="RATE_LIMIT_EXCEEDED",
                retry_after=wait,
            )
