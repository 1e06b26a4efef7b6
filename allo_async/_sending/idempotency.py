"""What may be expected of an idempotency key: whether the server honours keys, and for how long."""

from typing import Self

import attrs

from allo_async._wire.replies import Reply
from allo_async._wire.requests import Request
from allo_async.clock import Clock

#: Seconds after its first use from which a key is not used again: the server remembers it for an hour [guide].
OLDEST_KEY = 55 * 60.0


@attrs.frozen
class Timestamp:
    """A moment by both clocks: the monotonic one stands still while a machine sleeps, the other one can be set back.

    Attributes:
        time: The Unix time.
        monotonic: The monotonic time, `None` for a moment of another process.
    """

    time: float
    monotonic: float | None = None

    @classmethod
    def now(cls, clock: Clock) -> Self:
        """Give the present moment."""
        return cls(clock.time(), clock.monotonic())

    def seconds_ago(self, clock: Clock) -> float:
        """Tell how long ago it was, by the clock that says more."""
        by_wall = clock.time() - self.time
        return by_wall if self.monotonic is None else max(by_wall, clock.monotonic() - self.monotonic)


@attrs.define
class IdempotencySupport:
    """Whether a server honours keys, as far as its replies to writes have shown; it echoes what it honours [guide].

    Attributes:
        honoured: Whether it was seen to.
        ignored: Whether it was seen not to.
    """

    honoured: bool = False
    ignored: bool = False

    def note(self, request: Request, reply: Reply) -> None:
        """Learn from *reply*; a refusal without the echo may be a proxy's, and tells nothing."""
        if request.idempotency_key is None:
            return
        echoed = reply.headers.get("Idempotency-Key") == request.idempotency_key
        if echoed or reply.ok:
            self.honoured, self.ignored = echoed, not echoed
