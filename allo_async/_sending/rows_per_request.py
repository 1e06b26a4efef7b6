"""How many rows the server takes in one request, by its refusals."""

from math import inf

import attrs

# So many requests of a size are taken before a size is tried again that was refused; twice as many after each refusal.
_FIRST_STREAK = 16
_LONGEST_STREAK = 1_024

# So many requests of a size are no accident of where a row stands that is too large by itself.
_SURE = 3


@attrs.define
class RowsPerRequest:
    """Is halved by each refusal and doubled by what is taken: not every refusal is the server's own, or for ever.

    Attributes:
        most: The most rows of one request; infinite until one was refused as too large.
    """

    most: float = inf
    _refused: float = inf
    _streak: int = _FIRST_STREAK
    _taken: int = 0
    # The values from before the present refusals began.
    _before: tuple[float, float, int] | None = None

    def refused(self, rows: int) -> None:
        """Record that a request of *rows* rows was too large."""
        if rows > 1:
            self._before = self._before or (self.most, self._refused, self._streak)
            if self._refused <= self.most < inf:
                self._streak = min(2 * self._streak, _LONGEST_STREAK)
            self._refused = min(self._refused, rows)
            self.most = min(self.most, (rows + 1) // 2)
            self._taken = 0
        elif self._before is not None:
            # A single row is too large by its content, and so were the requests that it was in.
            (self.most, self._refused, self._streak), self._before = self._before, None

    def taken(self, rows: int) -> None:
        """Record that the server took a request of *rows* rows."""
        if rows >= self._refused:
            self._refused, self._streak = inf, _FIRST_STREAK
        # Callers' rows stay together where they can: a request that is held to `most` may have a few less.
        if 2 * rows <= self.most:
            return
        self._taken += 1
        if self._taken >= _SURE:
            self._before = None
        if 2 * self.most < self._refused or self._taken >= self._streak:
            self.most *= 2
            self._taken = 0
