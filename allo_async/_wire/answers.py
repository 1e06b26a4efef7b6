"""What a 2xx says, endpoint by endpoint, and what it shows of a queue's end and of the server's clock."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self, TypeVar

import attrs

from allo_async import errors
from allo_async._wire.replies import PADDING, Reply, items, mapping, read_json, read_model
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
    def behind(cls, added: Iterable[Entry], queue_id: str | None = None) -> Self | None:
        """Take the last of what was *added* for the end; `None` where nothing tells which it is."""
        placed = [entry for entry in added if isinstance(entry.get("position"), int)]
        return cls.at(max(placed, key=lambda entry: entry["position"]), queue_id) if placed else None

    @property
    def following(self) -> int | None:
        """Where the next entry stands if nothing is taken off, which is how many stand there; `None` if not known."""
        if self.number_to is None:
            return 0
        return None if self.position is None else self.position + 1

    def place_in(self, entries: Sequence[Entry]) -> int | None:
        """Return the place of the end's entry among all *entries* of the queue, `None` if nothing tells it."""
        places = [place for place, entry in enumerate(entries) if self._is(entry, place)]
        # Of several that look alike, only one that has not moved is surely the end.
        return places[-1] if len(places) == 1 or self.position in places else None

    def _is(self, entry: Entry, place: int) -> bool:
        moved_up = self.position is None or place <= self.position
        same = entry.get("number_to") == self.number_to and entry.get("created_at") == self.created_at
        return moved_up and same


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
        dates = [date for entry in entries if (date := seconds_of(entry.get("created_at"))) is not None]
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
        """Whether dates of entries tell exactly what came after it."""
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


_Model = TypeVar("_Model")


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
        raise _unreadable(reply, "append")
    return AppendReply(
        added=_entries(data.get("added"), "number_to"),
        skipped=_entries(data.get("skipped"), "number"),
        recovered=reply.headers.get("Idempotency-Replayed", "").lower() == "true",
    )


def read_page(reply: Reply) -> QueuePage:
    """Read a page of `GET /current`; a user without a queue has an empty one.

    Raises:
        UnreadableReplyError: It is not the JSON that the API documents.
    """
    content = mapping(read_json(reply.body))
    pagination = mapping(content.get("pagination"))
    total = pagination.get("total_count")
    queue = content.get("queue")
    queue_id = mapping(queue).get("id")
    if type(total) is not int or total < 0 or not isinstance(queue_id, str | None):
        raise _unreadable(reply, "queue")
    return QueuePage(
        entries=_entries(content.get("data"), "number_to"),
        state=QueueState(total, read_model(queue, QueueSettings) if queue_id else None),
        has_more=pagination.get("has_more") is True,
        date=reply.headers.get("Date"),
    )


def read_data(model: type[_Model]) -> Callable[[Reply], _Model]:
    """Return what reads an answer whose `data` is a *model*, and raises `UnreadableReplyError` where it is none."""

    def read(reply: Reply) -> _Model:
        try:
            return read_model(mapping(read_json(reply.body)).get("data"), model)
        except TypeError as error:
            raise _unreadable(reply, model.__name__) from error

    return read


def read_settings(reply: Reply) -> QueueSettings:
    """Read the queue that a reset or an update answers with; its numbers are read page by page instead.

    Raises:
        UnreadableReplyError: It is none.
    """
    queue = dict(mapping(mapping(read_json(reply.body)).get("data")))
    queue.pop("numbers", None)
    try:
        return read_model(queue, QueueSettings)
    except TypeError as error:
        raise _unreadable(reply, "queue") from error


def read_list(model: type[_Model]) -> Callable[[Reply], list[_Model]]:
    """Return what reads an answer whose `data` is a list of *model*, and raises likewise."""

    def read(reply: Reply) -> list[_Model]:
        content = mapping(read_json(reply.body))
        try:
            if isinstance(content.get("data"), list):
                return [read_model(item, model) for item in items(content["data"])]
        except TypeError as error:
            raise _unreadable(reply, model.__name__) from error
        raise _unreadable(reply, model.__name__)

    return read


def read_removed(reply: Reply) -> int:
    """Read how many numbers a clear removed.

    Raises:
        UnreadableReplyError: It does not say.
    """
    removed = mapping(mapping(read_json(reply.body)).get("data")).get("removed")
    if not isinstance(removed, int):
        raise _unreadable(reply, "clear")
    return removed


def read_any(reply: Reply) -> Any:
    """Read any JSON; an empty answer is `None`.

    Raises:
        UnreadableReplyError: It is no JSON.
    """
    content = read_json(reply.body)
    if content is None and reply.body.decode(errors="replace").strip(PADDING) not in {"", "null"}:
        raise _unreadable(reply, "request")
    return content


def _unreadable(reply: Reply, what: str) -> errors.UnreadableReplyError:
    return errors.UnreadableReplyError(
        f"a {reply.status} that is not the answer to a {what} request ({len(reply.body)} bytes)",
        status=reply.status,
        request_id=reply.request_id,
    )


def _entries(value: object, number_field: str) -> list[Mapping[str, Any]]:
    found = (mapping(item) for item in items(value))
    return [entry for entry in found if isinstance(entry.get(number_field), str)]
