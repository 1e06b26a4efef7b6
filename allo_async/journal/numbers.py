"""The numbers that earlier runs sent, in 12 bytes each: whether one is among them, and not which they are."""

from array import array
from collections.abc import Collection, Iterable
from functools import cached_property
from hashlib import blake2b

from allo_async._loading.prepare import SentNumbers
from allo_async._numbers.plans import tail
from allo_async.journal.packed import holds, sorted_compactly

_HASH_BYTES = 8
_TAILS = 10_000_000


class NumberHashes(SentNumbers):
    """Numbers by their hashes.

    A row would be skipped wrongly if its number had the hash of another one. Among a million numbers that were sent and
    a million that are not, the chance that this happens at all is one to eighteen million.
    """

    def __init__(self) -> None:
        self._hashes: array[int] = array("Q")
        self._tails: array[int] = array("I")

    def add(self, number: str) -> None:
        """Add a number; it is found once they are sealed."""
        self._hashes.append(_hash(number))
        last_digits = tail(number)
        if last_digits:
            self._tails.append(int(last_digits))

    def seal(self) -> None:
        """Bring them into order, after the last one was added."""
        self._hashes = sorted_compactly(self._hashes, "Q", lambda value: value >> 56)
        self._tails = sorted_compactly(self._tails, "I", lambda value: value * 256 // _TAILS)

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return sum(len(kept) * kept.itemsize for kept in (self._hashes, self._tails))

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def __contains__(self, number: object) -> bool:
        return isinstance(number, str) and bool(self._hashes) and holds(self._hashes, _hash(number))

    def may_end_with(self, digits: str) -> bool:
        """Return whether the last digits of one of the numbers are *digits*."""
        return digits.isdecimal() and holds(self._tails, int(digits))


class FewNumbers(SentNumbers):
    """Numbers as they are, for those of a chunk or two.

    Args:
        numbers: The numbers, as they were sent.
    """

    def __init__(self, numbers: Iterable[str]) -> None:
        self._numbers = frozenset(numbers)

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def __contains__(self, number: object) -> bool:
        return number in self._numbers

    def may_end_with(self, digits: str) -> bool:
        """Return whether the last digits of one of the numbers are *digits*."""
        return digits in self._tails

    @cached_property
    def _tails(self) -> frozenset[str]:
        return frozenset(map(tail, self._numbers))


class AnyOf(SentNumbers):
    """The numbers of several collections.

    Args:
        parts: The collections.
    """

    def __init__(self, parts: Iterable[SentNumbers]) -> None:
        self._parts: Collection[SentNumbers] = [part for part in parts if part]

    def __bool__(self) -> bool:
        return bool(self._parts)

    def __contains__(self, number: object) -> bool:
        return any(number in part for part in self._parts)

    def may_end_with(self, digits: str) -> bool:
        """Return whether the last digits of one of the numbers are *digits*."""
        return any(part.may_end_with(digits) for part in self._parts)


def _hash(number: str) -> int:
    return int.from_bytes(blake2b(number.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest())
