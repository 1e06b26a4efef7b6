"""The input of a load as the journal has it: the digest of each row, in 16 bytes."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

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
