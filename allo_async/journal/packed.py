"""A few bytes for every row of a load: an object a row would be more than memory holds."""

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any

from allo_async.journal.digest import DIGEST_BYTES

# Entries of neighbours are much alike. So few are inflated in some 20 µs, which is the cost of a row out of order.
_BLOCK = 64

# Rows are read in the order of the input: those that are taken ahead, and those of results; each reads on.
_CACHED = 4

_PARTS = 256


class Digests:
    """Digests one after the other, 12 bytes each."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def append(self, digest: bytes) -> None:
        """Add a digest; one of another length, which only a damaged file has, equals none."""
        self._bytes += digest.ljust(DIGEST_BYTES, b"\0")[:DIGEST_BYTES]

    def __len__(self) -> int:
        return len(self._bytes) // DIGEST_BYTES

    def __getitem__(self, position: int) -> bytes:
        return bytes(self._bytes[position * DIGEST_BYTES : (position + 1) * DIGEST_BYTES])


def halves(digest: bytes) -> tuple[int, int]:
    """Return a digest as two numbers of 8 and 4 bytes, which an array can hold and find."""
    whole = digest.ljust(DIGEST_BYTES, b"\0")
    return int.from_bytes(whole[:8]), int.from_bytes(whole[8:DIGEST_BYTES])


class Texts:
    """Texts of one line each, compressed, and read again by their position."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._open: list[bytes] = []
        self._read: dict[int, list[bytes]] = {}

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return sum(map(len, self._blocks)) + sum(map(len, self._open))

    def append(self, text: bytes) -> None:
        """Add a text, in which a line break means no more than a space."""
        self._open.append(text.replace(b"\n", b" "))
        if len(self._open) == _BLOCK:
            self._blocks.append(zlib.compress(b"\n".join(self._open), 1))
            self._open = []

    def __getitem__(self, position: int) -> bytes:
        block, place = divmod(position, _BLOCK)
        return self._block(block)[place]

    def _block(self, block: int) -> list[bytes]:
        if block == len(self._blocks):
            return self._open
        texts = self._read.get(block)
        if texts is None:
            if len(self._read) == _CACHED:
                del self._read[next(iter(self._read))]
            texts = self._read[block] = zlib.decompress(self._blocks[block]).split(b"\n")
        return texts


def sorted_compactly(
    values: Iterable[int], typecode: str, part: Callable[[int], int], key: Callable[[int], Any] | None = None
) -> "array[int]":
    """Return *values* in order, with few of them at a time as objects.

    Args:
        values: The values.
        typecode: That of the array.
        part: Returns for a value a number below 256, which rises with the order.
        key: The sort key of a value, by default itself.
    """
    parts: list[array[int]] = [array(typecode) for _ in range(_PARTS)]
    for value in values:
        parts[part(value)].append(value)
    ordered: array[int] = array(typecode)
    for index, values_of_part in enumerate(parts):
        ordered.extend(sorted(values_of_part, key=key))
        parts[index] = array(typecode)
    return ordered


def holds(ordered: "array[int]", value: int) -> bool:
    """Return whether *value* is in an array that is sorted."""
    position = bisect_left(ordered, value)
    return position < len(ordered) and ordered[position] == value
