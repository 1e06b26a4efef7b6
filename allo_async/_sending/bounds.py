"""How long a call may take, as far as sending is concerned."""

from math import inf

import attrs

from allo_async._sending.stop import Stop


@attrs.frozen
class Bounds:
    """What a caller puts up with.

    Attributes:
        give_up_at: The moment of the clock after which no retry begins, `None` for no such moment.
        patience: Seconds that a rate limit may hold up one request.
        stop: Ends waits early.
    """

    give_up_at: float | None = None
    patience: float = inf
    stop: Stop = attrs.field(factory=Stop, eq=False)

    @property
    def unstoppable(self) -> "Bounds":
        """The same bounds, for what must be known even where the caller asks to end."""
        return Bounds(self.give_up_at, self.patience)


UNBOUNDED = Bounds()
