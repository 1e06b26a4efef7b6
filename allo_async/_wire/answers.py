"""The contents of a 2xx, endpoint by endpoint, with a queue's tail and the server's clock."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from operator import itemgetter, lt
from typing import Any, Self, cast

import attrs

from allo_async._wire.replies import Reply, items, mapping, read_json, read_model, unreadable
from allo_async.models import QueueNumber, QueueSettings, QueueState

Entry = Mapping[str, Any]

# The clock that writes `Date` and the one that dates entries may be two.
_SKEW = 5.0


@attrs.frozen
class QueueEnd:
    """The end of a queue at one moment.

    Attributes:
        exists: Whether there was a queue at all; the first append makes one [spec].
        number_to: The last entry's number, `None` for an empty queue.
        created_at: When that entry was made.
        position: Where it stood; it can only have moved up since.
        queue_id: The queue's id, `None` where it is not known.
    """

    exists: bool
    number_to: str | None = None
    created_at: Any = None
    position: int | None = None
    queue_id: str | None = None

    @classmethod
    def at(cls, entry: Entry, queue_id: str | None = None) -> Self:
        """Take *entry* for the end."""
        position = entry.get("position")
        return cls(
            exists=True,
            number_to=entry["number_to"],
            created_at=entry.get("created_at"),
            position=position if isinstance(position, int) else None,
            queue_id=queue_id,
        )

    @classmethod
    def behind(cls, added: Sequence[Entry], queue_id: str | None = None) -> Self | None:
        """Return the last of the *added* entries as the end; `None` if nothing shows which it is."""
        last = max(positions(added), default=None)
        if last is None:
            return None
        return cls.at(next(entry for entry in reversed(added) if entry.get("position") == last), queue_id)

    @property
    def following(self) -> int | None:
        """Where the next entry stands if nothing is taken off, which is how many stand there; `None` if not known."""
        if self.number_to is None:
            return 0
        return None if self.position is None else self.position + 1

    def place_in(self, entries: Sequence[Entry]) -> int | None:
        """Return the place of the end's entry among all *entries* of the queue, `None` if nothing shows it."""
        places = [place for place, entry in enumerate(entries) if self._is(entry, place)]
        # Of several that look alike, only one that has not moved is surely the end.
        return places[-1] if len(places) == 1 or self.position in places else None

    def _is(self, entry: Entry, place: int) -> bool:
        moved_up = self.position is None or place <= self.position
        same = entry.get("number_to") == self.number_to and entry.get("created_at") == self.created_at
        return moved_up and same


def positions(entries: Iterable[Entry]) -> Sequence[int]:
    """Return the positions of *entries*, without those that have none."""
    found: list[Any] = [entry.get("position") for entry in entries]
    return found if {int}.issuperset(map(type, found)) else [place for place in found if isinstance(place, int)]


@attrs.frozen
class ClockReading:
    """The server's clock, as a reply showed it.

    Attributes:
        at: The second that it showed.
        earliest: The client's monotonic time at the earliest moment when that can have been.
        latest: The same, at the latest moment.
        slack: By how many seconds entries may be dated otherwise.
    """

    at: float
    earliest: float
    latest: float
    slack: float = 0.0

    @classmethod
    def of_entries(cls, entries: Iterable[Entry], *, earliest: float, latest: float) -> Self | None:
        """Read the clock from *entries* that were made between two moments; `None` if their dates cannot be read."""
        # Entries of one append are dated alike. A list is no date, and no key either.
        texts = {text for entry in entries if isinstance(text := entry.get("created_at"), str)}
        dates = [date for text in texts if (date := seconds_of(text)) is not None]
        return cls(min(dates), earliest, latest) if dates else None

    @classmethod
    def of_header(cls, date: str | None, *, earliest: float, latest: float) -> Self | None:
        """Read the clock from a reply's `Date`; `None` if that cannot be read."""
        try:
            at = parsedate_to_datetime(date or "").timestamp()
        except (ValueError, OverflowError):
            return None
        return cls(at, earliest, latest, _SKEW)

    def at_least(self, moment: float) -> float:
        """Return the least that the clock can have shown at *moment*."""
        return self.at + moment - self.latest - self.slack

    def at_most(self, moment: float) -> float:
        """Return the most that the clock can have shown at *moment*; it shows whole seconds."""
        return self.at + 1 + moment - self.earliest + self.slack


@attrs.frozen
class KnownEnd:
    """The end of a queue, and since when it is known.

    Attributes:
        end: The end.
        at: The client's monotonic time when it was seen.
        clock: The server's clock around then, `None` where it is not known.
    """

    end: QueueEnd
    at: float
    clock: ClockReading | None = None

    @property
    def is_dated(self) -> bool:
        """Whether dates of entries show exactly which came after it."""
        return self.clock is not None and not self.clock.slack


def seconds_of(date: object) -> float | None:
    """Read a date-time without offset [spec] as seconds; `None` if it cannot be read.

    The seconds are good for comparing dates of one server with each other.
    """
    if not isinstance(date, str):
        return None
    try:
        read = datetime.fromisoformat(date)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


@attrs.frozen
class AppendReply:
    """The two lists of an append's answer; an entry that has no number is left out.

    Attributes:
        added: Entries with at least a string `number_to`.
        skipped: Entries with at least a string `number`.
        recovered: Whether it is the answer to an earlier attempt, whose own was lost.
        doubt: Why a row that it does not mention is in doubt.
    """

    added: Sequence[Mapping[str, Any]]
    skipped: Sequence[Mapping[str, Any]]
    recovered: bool = False
    doubt: str = "the server's answer does not mention this row"


@attrs.frozen
class QueuePage:
    """A page of a queue.

    Attributes:
        entries: As they came; one without a number is left out.
        state: The queue as a whole.
        has_more: Whether another page follows.
        date: The reply's `Date`.
    """

    entries: Sequence[Mapping[str, Any]]
    state: QueueState
    has_more: bool
    date: str | None = None

    def numbers(self) -> Iterator[QueueNumber]:
        """Read the entries."""
        return (read_model(entry, QueueNumber) for entry in self.entries)


def read_append(reply: Reply) -> AppendReply:
    """Read an append's answer.

    Raises:
        UnreadableReplyError: It is not the JSON that the API documents.
    """
    data = mapping(mapping(read_json(reply.body)).get("data"))
    if not {"added", "skipped"} & data.keys():
        raise unreadable(reply, "append")
    return AppendReply(
        added=_entries(data.get("added"), "number_to"),
        skipped=_entries(data.get("skipped"), "number"),
        recovered=reply.headers.get("Idempotency-Replayed", "").lower() == "true",
    )


def read_page(number: int, size: int) -> Callable[[Reply], QueuePage]:
    """Return what reads a page of `GET /current`; a user without a queue has an empty one.

    It raises `UnreadableReplyError` where the page is not what the API documents, or contradicts itself: what is left
    out of it, and stands in the queue, would be taken for a row that did not arrive.

    Args:
        number: The page that was asked for, from 1.
        size: How many entries were asked for.
    """
    begin = (number - 1) * size

    def read(reply: Reply) -> QueuePage:
        content = mapping(read_json(reply.body))
        total = mapping(content.get("pagination")).get("total_count")
        queue = content.get("queue")
        queue_id = mapping(queue).get("id")
        entries = _entries(content.get("data"), "number_to")
        if type(total) is not int or total < 0 or not isinstance(queue_id, str | None):
            raise unreadable(reply, "queue")
        expected = min(size, max(0, total - begin))
        if not len(entries) == len(items(content.get("data"))) == expected or not _in_order(entries):
            raise unreadable(reply, "queue")
        return QueuePage(
            entries=entries,
            state=QueueState(total, read_model(queue, QueueSettings) if queue_id else None),
            has_more=begin + size < total,
            date=reply.headers.get("Date"),
        )

    return read


def _in_order(entries: Sequence[Entry]) -> bool:
    """Return whether *entries* stand by position [spec], as far as they show it."""
    places = [entry["position"] for entry in entries if type(entry.get("position")) is int]
    return all(map(lt, places, places[1:]))


def _entries(value: object, number_field: str) -> Sequence[Mapping[str, Any]]:
    found = items(value)
    try:
        # As good as always, all of them are entries.
        entries = cast("Sequence[Mapping[str, Any]]", found)
        if {str}.issuperset(map(type, map(itemgetter(number_field), entries))):
            return entries
    except (TypeError, KeyError):
        pass
    return [entry for entry in map(mapping, found) if isinstance(entry.get(number_field), str)]
