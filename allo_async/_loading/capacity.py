"""The capacity of a queue: how many more rows it takes, once it has refused some."""

import attrs

from allo_async.errors import QueueFullError


@attrs.define(eq=False)
class Capacity:
    """Fills a queue exactly, without a question before the first refusal.

    The queue's own count says how much goes in. Where the server refuses what its count has room for, it counts
    otherwise, and the capacity is found by halving: every refusal makes the next request smaller, so that it ends.

    Attributes:
        refusal: The refusal.
        allows: How many more rows to send.
    """

    refusal: QueueFullError
    allows: int
    # The fewest rows that are known not to fit, while halving.
    _too_many: int | None = None

    @classmethod
    def after(cls, refusal: QueueFullError, *, rows: int, room: int) -> "Capacity":
        """Return what goes in after *rows* rows were refused, where the queue's count has *room*."""
        return cls(refusal, rows // 2, rows) if room >= rows else cls(refusal, room)

    def added(self, rows: int) -> None:
        """Count *rows* rows that went in; rows that the server skipped take no room."""
        if self._too_many is None:
            self.allows -= rows
        else:
            self._too_many -= rows
            self.allows = self._too_many // 2
