"""The fate of every row of a list that was spread over several queues."""

from typing import Any

import attrs

from allo_async.models.append_result import AppendResult, Totals


@attrs.frozen(kw_only=True)
class QueueShare:
    """One queue's part in a spread.

    Attributes:
        user_id: The rep's id, if the caller named the queue by id.
        email: The rep's address, if the caller named the queue by e-mail; both are `None` for the key owner's queue.
        totals: The fates of the rows that this queue was sent; it has no pending ones.
        error: The `AlloError` that kept it from taking more, other than being full.
    """

    user_id: str | None = None
    email: str | None = None
    totals: Totals = attrs.field(factory=Totals)
    error: Exception | None = None

    @property
    def name(self) -> str:
        """How to call the queue."""
        return self.user_id or self.email or "(key owner)"


@attrs.define(repr=False)
class SpreadResult(AppendResult):
    """The fate of every row of the whole input, and each row's queue.

    Attributes:
        shares: Each queue's part, in the order in which the queues were given.
        placed: For each row that was sent, its place in `shares`, by the row's index.
    """

    shares: list[QueueShare] = attrs.field(factory=list[QueueShare], kw_only=True)
    placed: dict[int, int] = attrs.field(factory=dict[int, int], kw_only=True)

    def share_of(self, index: int) -> QueueShare | None:
        """Return the queue that the row at *index* was sent to; `None` for a row that was not sent."""
        place = self.placed.get(index)
        return None if place is None else self.shares[place]

    def table(self) -> list[dict[str, Any]]:
        """Return each queue's name, counts and error, for printing or JSON."""
        return [
            {
                "queue": share.name,
                "added": share.totals.added,
                "skipped": share.totals.skipped,
                "in_doubt": share.totals.in_doubt,
                "error": None if share.error is None else str(share.error),
            }
            for share in self.shares
        ]

    def __repr__(self) -> str:
        return f"<SpreadResult {self.summary()} over {len(self.shares)} queues>"
