"""Rows that earlier runs sent or dealt to a queue, each known again by its digest; some 60 bytes a row."""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, cast

import attrs
import orjson

from allo_async._loading.load_log import Outcome
from allo_async._loading.prepare import SentNumbers
from allo_async.journal.known_chunks import KnownChunks
from allo_async.journal.numbers import AnyOf, FewNumbers, NumberHashes
from allo_async.journal.packed import Texts, halves, sorted_compactly
from allo_async.models import Assignee

_LOST = "an earlier run sent it, and ended before an answer came"

# A row is known by the place of its fate in here, or that it was being sent. A fate without the server's entry,
# which no run writes, does not count.
_FATES = (None, "added", "skipped", "in_doubt")
_SKIPPED = _FATES.index("skipped")
_ON_ITS_WAY = len(_FATES)
_NO_ENTRY = 8

_NO_INDEX = 2**32 - 1


@attrs.frozen
class ReadRow:
    """A row as it is read.

    Attributes:
        digest: The row's digest.
        chunk: Which of the known chunks holds it, counted from 0.
        place: Its place in the chunk.
        index: Its place in the load's input as the journal has that, `None` for none.
        number: As it was sent, `None` for a row that was only dealt.
        fate: The fate, as soon as a reply has it.
        entry: The server's entry, in JSON.
    """

    digest: bytes
    chunk: int
    place: int = 0
    index: int | None = None
    number: str | None = attrs.field(default=None, repr=False)
    fate: str | None = None
    entry: bytes | None = attrs.field(default=None, repr=False)


@attrs.frozen
class KnownRow:
    """One row, as the journal has it.

    Attributes:
        queue: The queue that it was sent or dealt to.
        fate: The fate, `None` if no reply has it.
        outcome: The same with what the server said; `None` for a row that may be sent.
        at: When it was settled, or sent where it is not; a Unix time.
    """

    queue: Assignee
    fate: str | None
    outcome: Outcome | None = attrs.field(repr=False)
    at: float


class KnownRows:
    """Known rows, each called by the order in which it was read; each is given to one row of the input at most.

    Args:
        chunks: The chunks that hold them.
        rows: The rows. Those with an index come in its order, so that what the server said of neighbours is together.

    Attributes:
        chunks: The chunks.
        left: How many were not given yet.
    """

    def __init__(self, chunks: KnownChunks | None = None, rows: Iterable[ReadRow] = ()) -> None:
        self.chunks = chunks or KnownChunks()
        # The digests, first in the order of the rows, then in their own.
        self._heads: array[int] = array("Q")
        self._rests: array[int] = array("I")
        self._chunk: array[int] = array("I")
        self._place: array[int] = array("I")
        self._index: array[int] = array("I")
        self._states = bytearray()
        self._entries = Texts()
        self._queued, self._others = NumberHashes(), NumberHashes()
        # Of the rows that were being sent, which are those of a chunk or two: their numbers, and what is learned.
        self._lost: dict[int, str] = {}
        self._learned: dict[int, bytes] = {}
        self._told: tuple[int, Outcome] | None = None
        for row in rows:
            self._add(row)
        self._queued.seal()
        self._others.seal()
        self._order = sorted_compactly(range(len(self._states)), "I", self._first_byte, self._rank)
        self._heads = array("Q", map(self._heads.__getitem__, self._order))
        self._rests = array("I", map(self._rests.__getitem__, self._order))
        # For the first of equal rows: how many of them were given.
        self._given = array("I", bytes(4 * len(self._order)))
        self.left = len(self._order)

    def __len__(self) -> int:
        return len(self._states)

    @property
    def size(self) -> int:
        """How many bytes the rows take."""
        arrays = (self._heads, self._rests, self._order, self._given, self._chunk, self._place, self._index)
        kept = sum(len(numbers) * numbers.itemsize for numbers in arrays) + len(self._states)
        return kept + self._entries.size + self._queued.size + self._others.size

    def take(self, digest: bytes) -> int | None:
        """Return the next known row with *digest*, `None` where there is none left."""
        if not self.left:
            # As in every first run.
            return None
        head, rest = halves(digest)
        start = bisect_left(self._heads, head)
        end = bisect_right(self._heads, head, start)
        first = bisect_left(self._rests, rest, start, end)
        if first == end:
            return None
        position = first + self._given[first]
        if position == end or self._rests[position] != rest:
            return None
        self._given[first] += 1
        self.left -= 1
        return self._order[position]

    def index(self, row: int) -> int | None:
        """Return the index of a row in the load's input as the journal has that, `None` for none."""
        index = self._index[row]
        return None if index == _NO_INDEX else index

    def queue(self, row: int) -> Assignee:
        """Return the queue that a row was sent or dealt to."""
        return self.chunks.queue(self._chunk[row])

    def chunk_and_place(self, row: int) -> tuple[int, int]:
        """Return the id of the chunk that holds a row, 0 for one that was only dealt, and its place in there."""
        return self.chunks.id(self._chunk[row]), self._place[row]

    def is_on_its_way(self, row: int) -> bool:
        """Return whether a row was being sent when the run ended."""
        return self._states[row] == _ON_ITS_WAY

    def is_settled(self, row: int) -> bool:
        """Return whether a row has an outcome, and so may not be sent."""
        return 0 < self._states[row] < _NO_ENTRY

    def outcome(self, row: int) -> Outcome | None:
        """Return the fate of a row; `None` for one that may be sent.

        It reads no file: it is called on the event loop for each row, and also after the load has ended.
        """
        if self.is_on_its_way(row):
            return Outcome("in_doubt", {"reason": _LOST})
        if not self.is_settled(row):
            return None
        if self._told is None or self._told[0] != row:
            # It is asked for several times in a row.
            entry = self._learned.get(row) or self._entries[row]
            self._told = row, Outcome(cast("Any", self._fate(row)), orjson.loads(entry))
        return self._told[1]

    def known(self, row: int) -> KnownRow:
        """Return what is known of a row."""
        return KnownRow(self.queue(row), self._fate(row), self.outcome(row), self.chunks.at(self._chunk[row]))

    def learn(self, row: int, outcome: Outcome | None) -> None:
        """Record what became of a row that was being sent, `None` where it was refused."""
        self._states[row] = 0
        if outcome is not None:
            self._states[row] = _FATES.index(outcome.fate)
            self._learned[row] = orjson.dumps(outcome.entry, default=str)

    def lost(self) -> dict[int, dict[int, int]]:
        """Return the rows that were being sent when the run ended, by the id of their chunk and their place in it."""
        found: dict[int, dict[int, int]] = defaultdict(dict)
        for row in self._lost:
            chunk, place = self.chunk_and_place(row)
            found[chunk][place] = row
        return found

    def sent_numbers(self) -> SentNumbers:
        """Return the numbers that were sent."""
        return AnyOf((self._queued, self._others, FewNumbers(self._lost.values())))

    def queued_numbers(self) -> SentNumbers:
        """Return the numbers that stand in a queue, or may, as far as that is known by now."""
        lost = (number for row, number in self._lost.items() if self._is_queued(row))
        return AnyOf((self._queued, FewNumbers(lost)))

    def _add(self, read: ReadRow) -> None:
        row = len(self._states)
        state = _ON_ITS_WAY if self.chunks.is_sending(read.chunk) else _FATES.index(read.fate)
        self._states.append(state | _NO_ENTRY if 0 < state < _ON_ITS_WAY and read.entry is None else state)
        head, rest = halves(read.digest)
        self._heads.append(head)
        self._rests.append(rest)
        self._chunk.append(read.chunk)
        self._place.append(read.place)
        self._index.append(_NO_INDEX if read.index is None else read.index)
        self._entries.append(read.entry or b"")
        if read.number is not None and state == _ON_ITS_WAY:
            self._lost[row] = read.number
        elif read.number is not None:
            (self._queued if self._is_queued(row) else self._others).add(read.number)
        self.chunks.has_rows(read.chunk)

    def _is_queued(self, row: int) -> bool:
        return self._states[row] % _NO_ENTRY not in {0, _SKIPPED}

    def _fate(self, row: int) -> str | None:
        state = self._states[row]
        return None if state == _ON_ITS_WAY else _FATES[state % _NO_ENTRY]

    def _first_byte(self, row: int) -> int:
        return self._heads[row] >> 56

    def _rank(self, row: int) -> tuple[object, ...]:
        """Return what rows are ordered by: their digest, and of equal ones, first what stands in a queue."""
        state = self._states[row] % _NO_ENTRY
        worth = 2 if state == 0 else 1 if state == _SKIPPED else 0
        return (
            self._heads[row],
            self._rests[row],
            worth,
            not self.chunks.is_own(self._chunk[row]),
            self._index[row],
            row,
        )
