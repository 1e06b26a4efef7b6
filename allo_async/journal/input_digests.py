"""The input of a load as the journal has it, and what of it stands elsewhere now; some 16 bytes a row."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from allo_async.journal.known import KnownRows
from allo_async.journal.packed import Digests


class InputDigests:
    """The digests of the rows of an input.

    Args:
        rows: The index and the digest of each row, in order; rows that were never written are left out.
    """

    def __init__(self, rows: Iterable[tuple[int, bytes]] = ()) -> None:
        self._indexes: array[int] = array("I")
        self._digests = Digests()
        for index, digest in rows:
            self._indexes.append(index)
            self._digests.append(digest)

    @property
    def end(self) -> int:
        """The index behind the last row."""
        return self._indexes[-1] + 1 if self._indexes else 0

    def get(self, index: int) -> bytes | None:
        """Return the digest of the row at *index*, `None` if there is none."""
        position = bisect_left(self._indexes, index)
        if position == len(self._indexes) or self._indexes[position] != index:
            return None
        return self._digests[position]


class MovedRows:
    """Known rows that stand elsewhere in the input now, and of which that is not written yet."""

    def __init__(self) -> None:
        self._indexes: array[int] = array("I")
        self._rows: array[int] = array("I")
        self._digests = Digests()

    def __len__(self) -> int:
        return len(self._indexes)

    def add(self, index: int, row: int, digest: bytes) -> None:
        """Add a known row that stands at *index*."""
        self._indexes.append(index)
        self._rows.append(row)
        self._digests.append(digest)

    def places(self, known: KnownRows) -> Iterator[tuple[int, bytes, int, int]]:
        """Yield each row's index, its digest, the id of the chunk that holds it, and its place in there."""
        for position, (index, row) in enumerate(zip(self._indexes, self._rows, strict=True)):
            yield index, self._digests[position], *known.chunk_and_place(row)
