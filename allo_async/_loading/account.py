"""The fates of rows as a result has them."""

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import TypeVar, cast

from allo_async._loading.load_log import BY_CLIENT, Outcome
from allo_async._loading.prepared_rows import PreparedRows
from allo_async._wire.added import UnreadAdded
from allo_async._wire.answers import Entry
from allo_async.display import shown
from allo_async.errors import ConfigurationError
from allo_async.models import AppendResult, Contact, InDoubtContact, PendingContact, SkippedNumber
from allo_async.models.added_numbers import add_unread

NotAdded = SkippedNumber | PendingContact | InDoubtContact

# The reasons of the API are words; what is longer, or holds anything else, is made up.
_LONGEST_REASON = 200

# So many rows are read at once when somebody looks at one of them.
_PART = 1_000

#: Why a row is in doubt that was on its way when its call ended.
NO_ANSWER = "it was sent, and the call ended before an answer came"

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


class Account:
    """Puts the fates of rows into a result.

    Args:
        result: Has all of them, in input order, once this is closed.
    """

    def __init__(self, result: AppendResult) -> None:
        self._result = result
        self._indexes: list[int] = []
        self._entries: list[Entry] = []
        self._details: dict[int, str] = {}

    def add(self, index: int, entry: Entry, detail: str | None = None) -> None:
        """Record that a row was added, with the server's *entry*."""
        self._indexes.append(index)
        self._entries.append(entry)
        if detail is not None:
            self._details[index] = detail

    def add_all(self, rows: PreparedRows, entries: Mapping[int, Entry]) -> bool:
        """Record *rows* as added, if each has an entry by its index; else record none, and return `False`."""
        found = list(map(entries.get, rows.indexes))
        if None in found:
            return False
        self._indexes += rows.indexes
        self._entries += cast("list[Entry]", found)
        self._details.update(rows.details)
        return True

    def note(self, fate: NotAdded) -> None:
        """Record a row that was not added."""
        if isinstance(fate, SkippedNumber):
            self._result.skipped.append(fate)
        elif isinstance(fate, InDoubtContact):
            self._result.in_doubt.append(fate)
        else:
            self._result.pending.append(fate)

    def tell(self, index: int, contact: Contact, outcome: Outcome | None, detail: str | None = None) -> None:
        """Record the row at *index* with its *outcome*; without one it is pending."""
        if outcome is not None and outcome.fate == "added":
            self.add(index, outcome.entry, detail)
        else:
            self.note(told(index, contact, outcome))

    def recall(self, row: SkippedNumber, outcome: Outcome | None) -> None:
        """Record a row that would be skipped if it came today, with the *outcome* of an earlier run that sent it."""
        self.tell(row.index, Contact(row.number or ""), outcome)

    def close(self) -> Iterator[None]:
        """Bring the rows into order, in steps."""
        self._order()
        for start in range(0, len(self._indexes), _PART):
            indexes = self._indexes[start : start + _PART]
            details = {index: self._details[index] for index in indexes if index in self._details}
            unread = UnreadAdded.of(indexes, self._entries[start : start + _PART], details)
            add_unread(self._result.added, unread)
            yield
        self._result.skipped.sort(key=attrgetter("index"))
        self._result.in_doubt.sort(key=attrgetter("index"))

    def _order(self) -> None:
        if self._indexes == sorted(self._indexes):
            return
        entries = dict(zip(self._indexes, self._entries, strict=True))
        self._indexes.sort()
        self._entries = [entries[index] for index in self._indexes]


def told(index: int, contact: Contact, outcome: Outcome | None) -> NotAdded:
    """Return the fate of a row that was not added; without an *outcome* it is pending."""
    if outcome is None:
        return PendingContact(index=index, contact=contact)
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
