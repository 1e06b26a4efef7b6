"""The fate of every row of a list that was spread over several queues."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NoReturn

import attrs

from allo_async.models.append_result import AppendResult, Totals
from allo_async.models.result_html import table


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

    _keys: ClassVar[Sequence[str]] = (*AppendResult._keys, "queues")  # noqa: SLF001 - the parent's

    shares: list[QueueShare] = attrs.field(factory=list[QueueShare], kw_only=True)
    placed: dict[int, int] = attrs.field(factory=dict[int, int], kw_only=True)

    def extend(self, *others: AppendResult) -> NoReturn:  # noqa: ARG002 - none is taken
        """Raise a `TypeError`: the rows of each spread have indexes and queues of their own."""
        raise TypeError("the results of spreads are not joined: each has indexes and queues of its own")

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

    def _part(self, key: str, *, numbers: bool) -> Any:
        if key != "queues":
            return super()._part(key, numbers=numbers)
        return self.table() if numbers else self._impersonal_table()

    def _queue_names(self, *, numbers: bool) -> Mapping[int, str]:
        names = [share.name if numbers else _impersonal_name(share, place) for place, share in enumerate(self.shares)]
        return {index: names[place] for index, place in self.placed.items()}

    def _impersonal_table(self) -> list[dict[str, Any]]:
        return [
            {**row, "queue": _impersonal_name(share, place), "error": _kind(share.error)}
            for place, (row, share) in enumerate(zip(self.table(), self.shares, strict=True))
        ]

    def _repr_html_(self) -> str:
        queues = self._impersonal_table()
        columns = ("queue", "added", "skipped", "in_doubt", "error")
        own = table(f"{len(queues)} queues", columns, [[row[column] for column in columns] for row in queues])
        return super()._repr_html_() + own

    def __repr__(self) -> str:
        return f"<SpreadResult {self.summary()} over {len(self.shares)} queues>"


def _impersonal_name(share: QueueShare, place: int) -> str:
    # An e-mail address names a person, an id does not.
    return f"(queue {place})" if share.user_id is None and share.email is not None else share.name


def _kind(error: Exception | None) -> str | None:
    """Return an error's class and code; its words may quote a number or a name."""
    if error is None:
        return None
    code: object = getattr(error, "code", None)
    is_word = isinstance(code, str) and code.isidentifier()
    return f"{type(error).__name__} {code}" if is_word else type(error).__name__
