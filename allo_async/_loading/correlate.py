"""Which entry of a reply answers which row of a request."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Any, Self

import attrs

from allo_async._loading.prepared_rows import PreparedRow, PreparedRows
from allo_async._numbers.plans import tail
from allo_async._wire.answers import AppendReply, Entry


@attrs.frozen
class Pairs:
    """Rows, and the entry of each."""

    rows: PreparedRows = attrs.field(factory=PreparedRows)
    entries: Sequence[Entry] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[PreparedRow, Entry]]) -> Self:
        """Return *pairs* in columns."""
        both = list(pairs)
        return cls(PreparedRows.of(row for row, _ in both), [entry for _, entry in both])

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[tuple[PreparedRow, Entry]]:
        return zip(self.rows, self.entries, strict=True)


@attrs.frozen
class Correlation:
    """The reply to each row.

    Attributes:
        added: Rows with their entry of the reply's `added`, in the rows' order.
        skipped: Rows with their entry of the reply's `skipped`, in the rows' order.
        unanswered: Rows that the reply does not mention, in order.
        doubt: Why those are in doubt.
        recovered: Whether the reply answers an earlier attempt, whose own was lost.
        surplus: How many entries of the reply answer no row.
    """

    added: "Pairs"
    skipped: Sequence[tuple[PreparedRow, Entry]]
    unanswered: Sequence[PreparedRow]
    doubt: str
    recovered: bool
    surplus: int


def correlate(rows: Sequence[PreparedRow], reply: AppendReply) -> Correlation:
    """Find the row of each entry: by the exact number first, then by its last digits among what is left."""
    return _correlated_in_order(rows, reply) or _correlated(rows, reply)


def _correlated_in_order(rows: Sequence[PreparedRow], reply: AppendReply) -> Correlation | None:
    """Return the correlation of a reply that adds all rows in order, as most do; `None` for another."""
    columns, numbers = PreparedRows.of(rows), [entry["number_to"] for entry in reply.added]
    # Positions tell rows of the same number apart.
    if reply.skipped or numbers != columns.e164s or len(set(numbers)) < len(numbers):
        return None
    pairs = Pairs(columns, reply.added)
    return Correlation(added=pairs, skipped=(), unanswered=(), doubt=reply.doubt, recovered=reply.recovered, surplus=0)


def _correlated(rows: Sequence[PreparedRow], reply: AppendReply) -> Correlation:
    matching = _Matching(rows)
    # Rows of the same number were put into the queue in the order they were sent.
    entries = sorted(reply.added, key=_position)
    added = matching.take(entries, "number_to", row_key=lambda row: row.e164 or row.wire, entry_key=str)
    skipped = matching.take(reply.skipped, "number", row_key=lambda row: row.wire, entry_key=str)
    # A number that only the server could read, or that it spells otherwise than phonenumbers does.
    added += matching.take(_rest(entries, added), "number_to", row_key=_row_tail, entry_key=tail)
    skipped += matching.take(_rest(reply.skipped, skipped), "number", row_key=_row_tail, entry_key=tail)
    answered = len(added) + len(skipped)
    return Correlation(
        added=Pairs.of(_in_order(added)),
        skipped=_in_order(skipped),
        unanswered=list(matching.open.values()),
        doubt=reply.doubt,
        recovered=reply.recovered,
        surplus=len(reply.added) + len(reply.skipped) - answered,
    )


_Pairs = list[tuple[PreparedRow, Mapping[str, Any]]]


class _Matching:
    """The rows without an answer yet, in order."""

    def __init__(self, rows: Iterable[PreparedRow]) -> None:
        self.open = {row.index: row for row in rows}

    def take(
        self,
        entries: Sequence[Mapping[str, Any]],
        field: str,
        *,
        row_key: Callable[[PreparedRow], str],
        entry_key: Callable[[str], str],
    ) -> _Pairs:
        """Pair entries with open rows of the same key, and close those rows.

        Of several rows the next one behind the last pair is meant, since a reply that leaves rows out still keeps their
        order; where there is none, the first.
        """
        if not entries:
            return []
        waiting: dict[str, list[int]] = defaultdict(list)
        for index, row in self.open.items():
            waiting[row_key(row)].append(index)
        pairs: _Pairs = []
        last = -1
        for entry in entries:
            key = entry_key(entry[field])
            indexes = waiting.get(key) if key else None
            if indexes:
                last = indexes.pop(bisect_right(indexes, last) % len(indexes))
                pairs.append((self.open.pop(last), entry))
        return pairs


def _rest(entries: Sequence[Mapping[str, Any]], pairs: _Pairs) -> list[Mapping[str, Any]]:
    if len(entries) == len(pairs):
        return []
    paired = {id(entry) for _, entry in pairs}
    return [entry for entry in entries if id(entry) not in paired]


def _in_order(pairs: _Pairs) -> _Pairs:
    return sorted(pairs, key=lambda pair: pair[0].index)


def _position(entry: Mapping[str, Any]) -> float:
    position = entry.get("position")
    return position if isinstance(position, int) else inf


def _row_tail(row: PreparedRow) -> str:
    return tail(row.wire)
