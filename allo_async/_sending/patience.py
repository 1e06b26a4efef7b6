"""Patience: how long the rate limit may hold up one request."""

from allo_async.clock import Clock
from allo_async.errors import RateLimitedError


class Patience:
    """How long the rate limit may hold up one request; the way to others who keep it does not count.

    Args:
        seconds: How long.
        clock: Measures it, from now on.
    """

    def __init__(self, seconds: float, *, clock: Clock) -> None:
        self._seconds = seconds
        self._until = clock.monotonic() + seconds
        self._clock = clock

    @property
    def left(self) -> float:
        """Seconds that are left of it, below zero where it is over."""
        return self._until - self._clock.monotonic()

    def check(self, wait: float) -> None:
        """Refuse a *wait* that is longer than what is left.

        Raises:
            RateLimitedError: It is.
        """
        if wait > self.left:
            raise self.refusal(wait)

    def refusal(self, wait: float) -> RateLimitedError:
        """Say that a *wait* is too long."""
        return RateLimitedError(
            f"the rate limit of the key leaves no room for {wait:.1f} s, and the patience is {self._seconds:g} s",
            status=429,
            code="RATE_LIMIT_EXCEEDED",
            retry_after=wait,
        )
