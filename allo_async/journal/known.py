"""Rows that earlier runs sent or dealt to a queue, each known again by its digest."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any, cast

import attrs
import orjson

from allo_async._loading.load_log import Outcome
from allo_async._wire.requests import Assignee

_LOST = "an earlier run sent it, and ended before an answer came"


@attrs.define
class KnownRow:
    """A row that the journal has.

    Attributes:
        digest: The row's digest.
        own: Whether the load that is opened sent it itself.
        queue: The queue that it was sent or dealt to.
        index: Its place in the load's input as the journal has that, `None` for none.
        chunk: The chunk that holds it, `None` for a row that was only dealt.
        place: Its place in the chunk.
        number: As it was sent, `None` for a row that was only dealt.
        fate: The fate, as soon as a reply told it.
        entry: The server's entry, in JSON.
        in_flight: Whether it was being sent when the run ended.
        at: When it was settled, or sent where it is not; a Unix time.
    """

    digest: bytes
    own: bool
    queue: Assignee | None
    index: int | None = None
    chunk: int | None = None
    place: int | None = None
    number: str | None = attrs.field(default=None, repr=False)
    fate: str | None = None
    entry: bytes | None = attrs.field(default=None, repr=False)
    in_flight: bool = False
    at: float = 0.0

    @property
    def outcome(self) -> Outcome | None:
        """The row's fate; `None` for a row that may be sent."""
        if self.in_flight:
            return Outcome("in_doubt", {"reason": _LOST})
        if self.fate is None or self.entry is None:
            return None
        return Outcome(cast("Any", self.fate), orjson.loads(self.entry))

    @property
    def rank(self) -> tuple[object, ...]:
        """The order in which equal rows of the input get the known ones: first what stands in a queue."""
        settled = self.in_flight or self.fate is not None
        worth = 2 if not settled else 1 if self.fate == "skipped" else 0
        index = (True, 0) if self.index is None else (False, self.index)
        return worth, not self.own, index, self.chunk or 0, self.place or 0


class KnownRows:
    """Known rows by digest; each is given to one row of the input at most.

    Args:
        rows: The rows.

    Attributes:
        left: How many were not given yet.
    """

    def __init__(self, rows: Iterable[KnownRow]) -> None:
        self._by_digest: dict[bytes, deque[KnownRow]] = defaultdict(deque)
        self.left = 0
        for row in sorted(rows, key=lambda row: row.rank):
            self._by_digest[row.digest].append(row)
            self.left += 1

    def take(self, digest: bytes) -> KnownRow | None:
        """Return the next known row with *digest*, `None` where there is none left."""
        rows = self._by_digest.get(digest)
        if not rows:
            return None
        self.left -= 1
        return rows.popleft()


def numbers_in_queues(rows: Iterable[KnownRow]) -> set[str]:
    """Return the numbers of those of *rows* that stand in a queue, or may."""
    queued = (row for row in rows if row.in_flight or row.fate in {"added", "in_doubt"})
    return {row.number for row in queued if row.number is not None}
