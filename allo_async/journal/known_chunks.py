"""The chunks that hold known rows: whose they are, where they went and when."""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Sequence

from allo_async.models import Assignee

_OWN = 1
_SENDING = 2
_HOLDS_ROWS = 4


class KnownChunks:
    """Known chunks, each called by its place in here; they are few, unless a chunk is of one row."""

    def __init__(self) -> None:
        self._ids: array[int] = array("q")
        self._queue: array[int] = array("I")
        self._at: array[float] = array("d")
        self._flags = bytearray()
        self._queues: list[Assignee] = []
        self._queue_places: dict[Assignee, int] = {}

    def add(self, chunk: int, queue: Assignee, *, own: bool, sending: bool = False, at: float = 0.0) -> int:
        """Add a chunk, and return its place in here; they come in the order of their ids.

        Args:
            chunk: Its id; 0 for rows that were only dealt to the queue, which come last.
            queue: The queue that it was sent to.
            own: Whether the load that is opened sent it itself.
            sending: Whether it was being sent when the run ended.
            at: When it was settled, or sent where it is not; a Unix time.
        """
        place = self._queue_places.setdefault(queue, len(self._queues))
        if place == len(self._queues):
            self._queues.append(queue)
        self._ids.append(chunk)
        self._queue.append(place)
        self._at.append(at)
        self._flags.append(own * _OWN | sending * _SENDING)
        return len(self._ids) - 1

    def find(self, chunk: int) -> int | None:
        """Return the place of the chunk with the id *chunk*, `None` if it is not known; before dealt rows are added."""
        place = bisect_left(self._ids, chunk)
        return place if place < len(self._ids) and self._ids[place] == chunk else None

    def has_rows(self, place: int) -> None:
        """Record that rows of the chunk at *place* are known."""
        self._flags[place] |= _HOLDS_ROWS

    @property
    def ids(self) -> Sequence[int]:
        """The ids of all, in their order."""
        return self._ids

    def queues(self) -> Collection[Assignee]:
        """Return the queues that hold known rows, or may."""
        places = {
            queue: None
            for chunk, queue, flags in zip(self._ids, self._queue, self._flags, strict=True)
            if chunk and flags & _HOLDS_ROWS
        }
        return {queue.identity: queue for queue in map(self._queues.__getitem__, places)}.values()

    def id(self, place: int) -> int:
        """Return a chunk's id, 0 for rows that were only dealt."""
        return self._ids[place]

    def queue(self, place: int) -> Assignee:
        """Return the queue that a chunk was sent to."""
        return self._queues[self._queue[place]]

    def at(self, place: int) -> float:
        """Return when a chunk was settled, or sent where it is not."""
        return self._at[place]

    def is_own(self, place: int) -> bool:
        """Return whether the load that is opened sent a chunk itself."""
        return bool(self._flags[place] & _OWN)

    def is_sending(self, place: int) -> bool:
        """Return whether a chunk was being sent when the run ended."""
        return bool(self._flags[place] & _SENDING)
