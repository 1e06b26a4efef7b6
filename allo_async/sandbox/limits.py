"""The rate limit: an exact sliding window of one second, per key, reads and writes apart."""

import math
from collections import deque

import attrs

from allo_async.sandbox.clock import Clock
from allo_async.sandbox.envelope import refuse

# The contract has no word for "no limit", and clients pace by the figure they are told.
UNLIMITED = 1_000_000


@attrs.define
class SlidingWindow:
    """At most *limit* admissions in any span of one second.

    Attributes:
        limit: Admissions a second.
        admitted: The moments of those in the last second, in monotonic seconds.
    """

    limit: int
    admitted: deque[float] = attrs.field(factory=deque[float])

    def admit(self, now: float) -> bool:
        """Take one admission at *now* if there is one left; a refusal takes none."""
        self._forget(now)
        if len(self.admitted) >= self.limit:
            return False
        self.admitted.append(now)
        return True

    def remaining(self, now: float) -> int:
        """Admissions left at *now*."""
        self._forget(now)
        return self.limit - len(self.admitted)

    def frees_in(self, now: float) -> float:
        """Seconds from *now* until the oldest admission leaves the window, 0 when it is empty."""
        self._forget(now)
        return self.admitted[0] + 1 - now if self.admitted else 0.0

    def _forget(self, now: float) -> None:
        while self.admitted and now - self.admitted[0] >= 1:
            self.admitted.popleft()


@attrs.define
class RateLimits:
    """Every key's two windows.

    Attributes:
        clock: The server's time.
        read_per_second: GET requests a second.
        write_per_second: Requests of any other method a second.
    """

    clock: Clock
    read_per_second: int
    write_per_second: int
    _windows: dict[tuple[str | None, bool], SlidingWindow] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._windows = {}

    def admit(self, key_id: str, method: str) -> None:
        """Count one request, or refuse it with the whole seconds to wait in body and header."""
        now = self.clock.monotonic()
        window = self._window(key_id, method)
        if not window.admit(now):
            seconds = max(1, math.ceil(window.frees_in(now)))
            raise refuse(
                "RATE_LIMIT_EXCEEDED",
                headers={"Retry-After": str(seconds)},
                details={"retry_after_seconds": seconds},
            )

    def headers(self, key_id: str | None, method: str) -> dict[str, str]:
        """The three headers every response carries; without an accepted key, those of an unused one."""
        now = self.clock.monotonic()
        window = self._window(key_id, method)
        return {
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(window.remaining(now)),
            "X-RateLimit-Reset": str(math.ceil(self.clock.time() + window.frees_in(now))),
        }

    def _window(self, key_id: str | None, method: str) -> SlidingWindow:
        reads = method == "GET"
        limit = self.read_per_second if reads else self.write_per_second
        return self._windows.setdefault((key_id, reads), SlidingWindow(limit))
