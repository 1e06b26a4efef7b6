"""Which entry of a reply answers which row, and the outcome of each row of a chunk: one at any moment."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf
from operator import attrgetter
from typing import Any, TypeVar

import attrs

from allo_async._loading.load_log import BY_CLIENT, LoadLog, Outcome
from allo_async._loading.prepare import PreparedRow
from allo_async._loading.rows import Chunk
from allo_async._numbers.plans import tail
from allo_async._wire.answers import AppendReply
from allo_async._wire.replies import read_added_number
from allo_async.clock import TimeSlice, at_once
from allo_async.display import shown
from allo_async.errors import ConfigurationError
from allo_async.models import AddedNumber, AppendResult, Contact, InDoubtContact, PendingContact, SkippedNumber


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

    added: Sequence[tuple[PreparedRow, Mapping[str, Any]]]
    skipped: Sequence[tuple[PreparedRow, Mapping[str, Any]]]
    unanswered: Sequence[PreparedRow]
    doubt: str
    recovered: bool
    surplus: int


def correlate(rows: Sequence[PreparedRow], reply: AppendReply) -> Correlation:
    """Find the row of each entry: by the exact number first, then by its last digits among what is left."""
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
        added=_in_order(added),
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


Told = AddedNumber | SkippedNumber | PendingContact | InDoubtContact


# The reasons of the API are words; what is longer, or holds anything else, is made up.
_LONGEST_REASON = 200

#: Why a row is in doubt that was on its way when its call ended.
NO_ANSWER = "it was sent, and the call ended before an answer came"


class Outcomes:
    """The fates of a chunk's rows; a row of which nothing is noted or logged is pending.

    Args:
        chunk: The rows, which may still be coming in.
        log: Tells what earlier runs of the load came to.
        recovered: Lost answers that came back before.

    Attributes:
        chunk: The rows.
        recovered: How many lost answers came back.
    """

    def __init__(self, chunk: Chunk, log: LoadLog | None = None, *, recovered: int = 0) -> None:
        self.chunk = chunk
        self._log = log or LoadLog()
        self._outcomes: dict[int, Outcome] = {}
        self._read: dict[int, Told] = {}
        self.recovered = recovered

    def wanted(self, rows: Sequence[PreparedRow]) -> Sequence[PreparedRow]:
        """Return those of *rows* of which nothing is known."""
        if not self._outcomes and type(self._log) is LoadLog:
            return rows
        return [row for row in rows if self.is_pending(row)]

    def is_pending(self, row: PreparedRow) -> bool:
        """Whether nothing is known of *row*."""
        return self._outcome(row.index) is None

    def outcomes(self, rows: Sequence[PreparedRow]) -> Mapping[int, Outcome]:
        """Return the recorded outcomes of *rows*."""
        return {row.index: self._outcomes[row.index] for row in rows if row.index in self._outcomes}

    def doubt(self, rows: Sequence[PreparedRow], reason: str) -> None:
        """Record that *rows* are in doubt, and why."""
        self._outcomes.update((row.index, Outcome("in_doubt", {"reason": reason})) for row in rows)

    def settle(self, correlation: Correlation) -> None:
        """Record what the server said, all at once: a cancellation cannot come in between."""
        self.recovered += correlation.recovered
        self.doubt(correlation.unanswered, correlation.doubt)
        self._outcomes.update((row.index, Outcome("added", entry)) for row, entry in correlation.added)
        self._outcomes.update((row.index, Outcome("skipped", entry)) for row, entry in correlation.skipped)

    async def read(self) -> None:
        """Turn the server's entries into models, letting others run meanwhile."""
        time_slice = TimeSlice()
        for row in self.chunk.rows:
            if self._outcome(row.index) is not None:
                self._tell(row)
            if time_slice.over:
                await time_slice.renew()

    def result(self) -> AppendResult:
        """Return the fates as they stand, in input order."""
        result = AppendResult(recovered=self.recovered)
        at_once(self.fill(result))
        return result

    def fill(self, result: AppendResult) -> Iterator[None]:
        """Fill *result* with the fates, row by row, while nothing else is recorded."""
        for row in self.chunk.rows:
            note(result, self._tell(row))
            yield
        for skipped in self.chunk.skipped:
            # An earlier run may have sent a row that would be skipped today.
            recalls = self._log.recalls(skipped.index)
            note(result, recalled(skipped, self._log.outcome(skipped.index)) if recalls else skipped)
            yield
        for rows in (result.added, result.skipped, result.in_doubt):
            rows.sort(key=attrgetter("index"))

    def fate(self, index: int) -> str | None:
        """Return which of a result's lists the row at *index* is in, `None` if nothing is known of it."""
        outcome = self._outcome(index)
        return None if outcome is None else outcome.fate

    def _outcome(self, index: int) -> Outcome | None:
        return self._outcomes.get(index) or self._log.outcome(index)

    def _tell(self, row: PreparedRow) -> Told:
        fate = self._read.get(row.index)
        if fate is None:
            fate = told(row.index, row.contact, self._outcome(row.index), row.detail)
            # The others may still change.
            if not isinstance(fate, PendingContact):
                self._read[row.index] = fate
        return fate


_Result = TypeVar("_Result", bound=AppendResult)


def into_result(into: _Result | None, kind: type[_Result]) -> _Result:
    """Return the result that a load fills: the caller's, or a new one.

    Raises:
        ConfigurationError: *into* is not an empty result of *kind*.
    """
    if into is None:
        return kind()
    if type(into) is not kind or into.totals.rows:
        raise ConfigurationError(f"into must be an empty {kind.__name__}")
    return into


def note(result: AppendResult, fate: Told) -> None:
    """Put a row's *fate* into the list of *result* where it belongs."""
    if isinstance(fate, AddedNumber):
        result.added.append(fate)
    elif isinstance(fate, SkippedNumber):
        result.skipped.append(fate)
    elif isinstance(fate, InDoubtContact):
        result.in_doubt.append(fate)
    else:
        result.pending.append(fate)


def recalled(row: SkippedNumber, outcome: Outcome | None) -> Told:
    """Return the fate of a row that an earlier run sent, and that would be skipped if it came today."""
    return told(row.index, Contact(row.number or ""), outcome)


def told(index: int, contact: Contact, outcome: Outcome | None, detail: str | None = None) -> Told:
    """Return the fate of the row at *index* as a result has it; without an outcome it is pending."""
    if outcome is None:
        return PendingContact(index=index, contact=contact)
    if outcome.fate == "added":
        return read_added_number(outcome.entry, index, detail)
    reason = outcome.entry.get("reason")
    if outcome.fate == "in_doubt":
        return InDoubtContact(
            index=index, contact=contact, reason=reason if isinstance(reason, str) and reason else NO_ANSWER
        )
    return SkippedNumber(
        index=index,
        number=contact.number,
        reason=(shown(reason, _LONGEST_REASON) if isinstance(reason, str) else "") or "UNKNOWN",
        source="client" if outcome.entry.get(BY_CLIENT) is True else "server",
    )
