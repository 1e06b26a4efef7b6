"""What stands last in a queue, behind which a later append must be, and what the server's clock says of entries."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import attrs

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
