"""How long a call may take, as far as sending is concerned."""

from math import inf

import attrs


@attrs.frozen
class Bounds:
    """What a caller puts up with.

    Attributes:
        give_up_at: The moment of the clock after which no retry begins, `None` for no such moment.
        patience: Seconds that a rate limit may hold up one request.
    """

    give_up_at: float | None = None
    patience: float = inf


UNBOUNDED = Bounds()
