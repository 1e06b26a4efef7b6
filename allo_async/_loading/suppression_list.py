"""Numbers that must not be called, in whatever format each is written, and how a row's number is found among them."""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Literal

from allo_async._loading.given import written_number
from allo_async._numbers.plans import Number, check_region
from allo_async._numbers.reading import first_number, read_cell

#: How a number was found: in E.164, or by its last digits where one side has no country code.
Match = Literal["e164", "digits"]

# Numbers that differ in these last digits are different numbers, however the prefixes are written.
_TAIL = 7

# Digits in which two long numbers agree only if they are the same, whatever trunk prefix (8, 1) stands before them.
_NATIONAL = 10

# The numbers stand in so many texts, each found by the numbers' last digits: a set of 100,000 strings would stop the
# event loop for 10 ms when it goes, and for milliseconds whenever it grows.
_SHARDS = 4096
_END = "\n"

# Spaces, brackets, dashes and dots: what a person puts into one number. A number that was stored as a float, whose
# last digit is none of the number's, is not plain.
_PLAIN = re.compile(r"(?!.*\.0*$)\+?[0-9(][0-9 ().\-\u00a0\u2009\u202f]*")
# Long enough on both sides of a gap to be two numbers.
_MAY_BE_TWO = re.compile(r"(?:\d\D*){5,}[^\d.()](?:\D*\d){5,}")
_SEPARATORS = str.maketrans("", "", " ().-\u00a0\u2009\u202f")

# Marks a number that was read in full: it stands in E.164, or without a plus if only the server can judge it.
_READ = "="

# With so many digits, what remains behind a country code or a trunk prefix has at least the digits of a tail.
_FEWEST_INTERNATIONAL = 11
_FEWEST_NATIONAL = 8
_MOST_TOGETHER = 16
_MOST_WITH_GAPS = 13


class SuppressionList:
    """Numbers that must not be called, read once for as many calls as take it for their `suppress`.

    Each is kept by its last digits, and is read in full only if a row has the same last digits: reading 100,000
    national numbers in full would take seconds.

    Args:
        region: How to read a number that is written without its country code.

    Attributes:
        ignored: How many entries held no phone number.

    Raises:
        InvalidRegionError: There is no such region.

    Example:
        ```python
        opted_out = SuppressionList("FR")
        for number in ["06 12 34 56 78", "+33 1 99 00 12 34"]:
            opted_out.add(number)
        result = await queue.append(rows, region="FR", suppress=opted_out)
        ```
    """

    def __init__(self, region: str | None = None) -> None:
        self._region = check_region(region)
        self._shards = [""] * _SHARDS
        self.ignored = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"<SuppressionList of {self._count} numbers>"

    def add(self, entry: object) -> int:
        """Add each number that *entry* holds, and return how many those are; a blank entry holds none.

        Raises:
            ValueError: It is neither text nor a number, or is a number that lost digits.
        """
        written = written_number(entry)
        if written is None:
            return 0
        plain = _plain(written)
        if plain is not None and self._keeps_its_tail(plain, written):
            self._keep(plain, plain[-_TAIL:])
            return 1
        found = read_cell(written, self._region).numbers
        self.ignored += not found
        for number in found:
            digits = number.e164[1:] if number.e164 is not None else _significant(number.wire)
            self._keep(_READ + (number.e164 or digits), digits[-_TAIL:])
        return len(found)

    def find(self, wire: str, e164: str | None, written: str) -> Match | None:
        """Return how a number was found, `None` for one that is not in the list.

        Args:
            wire: The number as it is sent.
            e164: The number in E.164, `None` if only the server can judge it.
            written: The number as the caller passed it.
        """
        digits = e164[1:] if e164 is not None else _significant(wire)
        by_digits: Match | None = None
        for kept in itertools.chain.from_iterable(map(self._candidates, _tails(digits, _plain(written) or digits))):
            listed = self._e164(kept)
            if listed is not None and e164 is not None:
                if listed == e164:
                    return "e164"
            elif _same_end(digits, listed[1:] if listed is not None else _significant(kept)):
                by_digits = "digits"
        return by_digits

    def may_hold(self, written: str) -> bool:
        """Return, at little cost, whether a number that is written so may be in the list."""
        plain = _plain(written)
        if plain is None or not self._keeps_its_tail(plain, written):
            return True
        return any(any(self._candidates(tail)) for tail in _tails(plain, plain.lstrip("+0")))

    def _keeps_its_tail(self, plain: str, written: str) -> bool:
        """Return whether *written* is one number whose last digits are the same in E.164."""
        if len(plain) > (_MOST_TOGETHER if len(plain) == len(written) else _MOST_WITH_GAPS):
            return False
        if plain[0] == "+":
            return len(plain) > _FEWEST_INTERNATIONAL
        # Behind 00 and a country code, a trunk prefix may go.
        if len(plain.lstrip("0")) < _FEWEST_NATIONAL or (self._region and plain.startswith("00")):
            return False
        return len(plain) == len(written) or _MAY_BE_TWO.match(written) is None

    def _keep(self, kept: str, tail: str) -> None:
        at = hash(tail) % _SHARDS
        shard = self._shards[at] or _END
        if f"{_END}{kept}{_END}" not in shard:
            self._shards[at] = f"{shard}{kept}{_END}"
            self._count += 1

    def _candidates(self, tail: str) -> Iterator[str]:
        shard, wanted = self._shards[hash(tail) % _SHARDS], tail + _END
        found = shard.find(wanted)
        while found >= 0:
            end = found + len(tail)
            yield shard[shard.rfind(_END, 0, end) + 1 : end]
            found = shard.find(wanted, end)

    def _e164(self, kept: str) -> str | None:
        if kept.startswith(_READ):
            return kept[1:] if kept[1:2] == "+" else None
        number = self._normalized(kept)
        return None if number is None else number.e164

    def _normalized(self, written: str) -> Number | None:
        number = first_number(written, self._region)
        return number if isinstance(number, Number) else None


def _plain(written: str) -> str | None:
    """Return the plus and the digits of a number that holds nothing else but separators, else `None`."""
    return written.translate(_SEPARATORS) if _PLAIN.fullmatch(written) else None


def _tails(one: str, other: str) -> Iterable[str]:
    first, second = one[-_TAIL:], other[-_TAIL:]
    return (first,) if first == second else (first, second)


def _significant(wire: str) -> str:
    """Return the digits of a number without its leading zeros; of one without others, the number as it stands."""
    return "".join(str(int(character)) for character in wire if character.isdecimal()).lstrip("0") or "".join(
        wire.split()
    ).lstrip("+=")


def _same_end(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) < _TAIL:
        return short == long
    return long.endswith(short) or (len(short) >= _NATIONAL and long[-_NATIONAL:] == short[-_NATIONAL:])
