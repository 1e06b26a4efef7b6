"""What stood last in a queue: the mark behind which a later append must be."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import attrs

Entry = Mapping[str, Any]


@attrs.frozen
class QueueEnd:
    """The end of a queue at one moment.

    Attributes:
        exists: Whether there was a queue at all; the first append makes one [spec].
        number_to: The last entry's number, `None` for an empty queue.
        created_at: When that entry was made.
        position: Where it stood; it can only have moved up since.
    """

    exists: bool
    number_to: str | None = None
    created_at: Any = None
    position: int | None = None

    @classmethod
    def at(cls, entry: Entry) -> Self:
        """Take *entry* for the end."""
        position = entry.get("position")
        return cls(
            exists=True,
            number_to=entry["number_to"],
            created_at=entry.get("created_at"),
            position=position if isinstance(position, int) else None,
        )

    @classmethod
    def behind(cls, added: Iterable[Entry]) -> Self | None:
        """Take the last of what was *added* for the end; `None` where nothing tells which it is."""
        placed = [entry for entry in added if isinstance(entry.get("position"), int)]
        return cls.at(max(placed, key=lambda entry: entry["position"])) if placed else None

    def place_in(self, entries: Sequence[Entry]) -> int | None:
        """Tell the place of the end's entry among all *entries* of the queue; `None` where it is gone, or was none."""
        for place in range(len(entries) - 1, -1, -1):
            if self._is(entries[place], place):
                return place
        return None

    def _is(self, entry: Entry, place: int) -> bool:
        moved_up = self.position is None or place <= self.position
        same = entry.get("number_to") == self.number_to and entry.get("created_at") == self.created_at
        return moved_up and same
