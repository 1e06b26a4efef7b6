"""Which pieces of a cell make one number, and which are numbers of their own."""

import re
from collections.abc import Iterator, Sequence

import attrs

from allo_async._numbers.pieces import Piece
from allo_async._numbers.plans import FEWEST_DIGITS, Number, Reading, enough_digits, read_digits

# The fewest digits of a number that words stand beside: a house has a number too.
_FEWEST_BESIDE_WORDS = 6

# More digits than E.164 allows.
_LONGEST = 16

# More digits with nothing but spaces between are no list of numbers that anybody would read.
_MOST_TOGETHER = 45

# With its trunk prefix.
_LONGEST_NATIONAL = 12

# From so many digits on, what follows a slash or a line break is another number, and no group of this one.
_A_NUMBER_OF_ITS_OWN = 6


class Grouping:
    """Puts pieces together that make one number.

    Args:
        pieces: The pieces of a cell.
        region: The region of numbers without a country code.
        certain: Whether only numbers count that a numbering plan knows.
    """

    def __init__(self, pieces: Sequence[Piece], region: str | None, *, certain: bool) -> None:
        self._pieces = pieces
        self._region = region
        self._certain = certain
        self._at = 0

    def numbers(self) -> list[Number]:
        found: list[Number] = []
        while self._at < len(self._pieces):
            found += self._next()
        return found

    def _next(self) -> Iterator[Number]:
        begins = self._at
        group = self._pieces[begins]
        self._at += 1
        while not self._is_number(group) and (joined := self._joined(group)) is not None:
            group = joined
            self._at += 1
        if self._is_number(group):
            if self._at > begins + 1:
                group = self._with_groups_of_the_same(group)
            yield from self._read(group)
            return
        self._at = begins + 1
        for half in self._halves(self._pieces[begins]) if self._certain else ():
            yield from self._read(half)

    def _joined(self, group: Piece) -> Piece | None:
        following = self._pieces[self._at] if self._at < len(self._pieces) else None
        if following is None or following.joint == "apart" or following.spoiled or following.text.startswith("+"):
            return None
        mark = "/" if "slash" in following.joint else " "
        return attrs.evolve(group, text=f"{group.text}{mark}{following.text}", extension=following.extension)

    def _with_groups_of_the_same(self, group: Piece) -> Piece:
        """Add the last groups of a number that is written with marks throughout, such as 0664/1234/567."""
        while (joined := self._joined(group)) is not None:
            following = self._pieces[self._at]
            same = following.joint in {"slash", "line"} and following.digits < _A_NUMBER_OF_ITS_OWN
            if not same or not self._is_number(joined):
                break
            group = joined
            self._at += 1
        return group

    def _halves(self, piece: Piece) -> Sequence[Piece]:
        """Cut a piece in two that nothing but a space separates, if it is too long for one number."""
        fewest = 2 * enough_digits(self._region) if self._region else _LONGEST
        if piece.spoiled or not fewest <= piece.digits <= _MOST_TOGETHER:
            return ()
        for gap in re.finditer(r"[ \-]+(?=[\d(])", piece.text):
            one, other = piece.text[: gap.start()], piece.text[gap.end() :]
            halves = attrs.evolve(piece, text=one, extension=None), attrs.evolve(piece, text=other)
            alike = halves[0].digits == halves[1].digits
            needed = any if piece.digits >= _LONGEST else all
            if (alike or other[0] in "0(") and needed(map(self._is_half, halves)):
                return halves
        return ()

    def _is_half(self, piece: Piece) -> bool:
        if self._region is not None or piece.text.startswith("+"):
            return self._is_number(piece)
        return enough_digits(None) <= piece.digits <= _LONGEST_NATIONAL

    def _is_number(self, piece: Piece) -> bool:
        if piece.spoiled:
            return False
        if not self._certain:
            return piece.digits >= self._fewest(piece)
        if piece.digits < (FEWEST_DIGITS if self._stands_apart(piece) else enough_digits(self._region)):
            return False
        reading = read_digits(piece.text, self._region)
        return reading is not None and reading.valid

    def _stands_apart(self, piece: Piece) -> bool:
        following = self._pieces[self._at] if self._at < len(self._pieces) else None
        return not piece.beside_words and piece.joint == "apart" and (following is None or following.joint == "apart")

    def _fewest(self, piece: Piece) -> int:
        if len(self._pieces) > 1:
            return enough_digits(self._region)
        return min(_FEWEST_BESIDE_WORDS, enough_digits(self._region)) if piece.beside_words else FEWEST_DIGITS

    def _read(self, piece: Piece) -> Iterator[Number]:
        reading = read_digits(piece.text, self._region)
        if reading is None or (piece.beside_words and not self._may_be(piece, reading)):
            return
        yield Number(reading.e164 or piece.text, reading.e164, piece.text, piece.extension)

    def _may_be(self, piece: Piece, reading: Reading) -> bool:
        # Beside words, a few digits that the region could not dial are more often something else.
        return self._region is None or reading.e164 is not None or piece.digits >= enough_digits(self._region)
