"""The numbers that came up in a call, each with the row in which it came up first, in little memory."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain

from allo_async.clock import free_in_steps

# A dictionary answers fastest, at some 120 bytes a number. Beyond so many numbers, memory matters more than time.
_MOST_IN_FULL = 100_000

# A dictionary copies itself to grow, and this is the last size before a copy that takes half a millisecond.
_LARGEST_DICTIONARY = 21_845

# No other text comes back from its integer unchanged. Fifteen digits fit in 64 bits.
_is_e164 = re.compile(r"\+[1-9][0-9]{0,14}").fullmatch

# An insertion moves what follows it on its page; a larger page takes longer, and smaller ones take more memory.
_LARGEST_PAGE = 512


class SeenNumbers:
    """The numbers of a call, as they are sent, each with the index of the row in which it came up first.

    Of a million numbers in E.164, the first 100,000 take some 120 bytes each, and the others some 20. No call takes a
    time that grows with their count, apart from the logarithm.
    """

    def __init__(self) -> None:
        # The first numbers, and later ones that are no E.164.
        self._in_full: list[dict[str, int]] = [{}]
        self._room = _MOST_IN_FULL
        self._pages = _Pages()

    def add_new(self, numbers: Sequence[str], index: int) -> bool:
        """Keep the *numbers* of rows that follow each other from *index* on, if all are new; else keep none.

        Returns:
            Whether they are kept. They may not be although they are new, once numbers are kept in less memory.
        """
        # To look each up by itself takes five times as long.
        new = dict(zip(numbers, range(index, index + len(numbers)), strict=True))
        are_new = len(new) == len(numbers) and all(known.keys().isdisjoint(new) for known in self._in_full)
        if not are_new or self._room < len(new):
            return False
        self._keep(new)
        return True

    def first(self, number: str, index: int) -> int:
        """Return the index of the row in which *number* came up first: *index* if it is new, which is then kept.

        Args:
            number: The number as it is sent.
            index: The row's place in the input, from 0, below 2**64.
        """
        for known in self._in_full:
            first = known.get(number)
            if first is not None:
                return first
        packed = _packed(number) if self._room <= 0 else None
        if packed is not None:
            return self._pages.first(packed, index)
        self._keep({number: index})
        return index

    def _keep(self, new: dict[str, int]) -> None:
        if len(self._in_full[-1]) + len(new) > _LARGEST_DICTIONARY:
            self._in_full.append({})
        self._in_full[-1].update(new)
        self._room -= len(new)

    def let_go(self) -> None:
        """Forget all numbers, some in each turn of the event loop: to free them takes as long as to keep them."""
        known, self._in_full = self._in_full, [{}]
        free_in_steps(known)

    def __contains__(self, number: str) -> bool:
        if any(number in known for known in self._in_full):
            return True
        packed = _packed(number)
        return packed is not None and packed in self._pages

    def __iter__(self) -> Iterator[str]:
        return chain(*self._in_full, map("+{}".format, self._pages))

    def __len__(self) -> int:
        return sum(map(len, self._in_full)) + len(self._pages)


def _packed(number: str) -> int | None:
    """Return a number in E.164 as one integer; `None` for a text that the integer would not give back."""
    return int(number) if _is_e164(number) else None


class _Pages:
    """Integers in order, each with its row, on many small pages: no insertion moves more than one of them."""

    def __init__(self) -> None:
        # Nothing sorts before the first page.
        self._lowest: list[int] = [0]
        self._numbers: list[array[int]] = [array("Q")]
        self._rows: list[array[int]] = [array("Q")]
        self._count = 0

    def first(self, number: int, row: int) -> int:
        """Return the row of *number*: *row* if it is new, which is then kept."""
        page = bisect_right(self._lowest, number) - 1
        numbers, rows = self._numbers[page], self._rows[page]
        place = bisect_left(numbers, number)
        if place < len(numbers) and numbers[place] == number:
            return rows[place]
        numbers.insert(place, number)
        rows.insert(place, row)
        self._count += 1
        if len(numbers) > _LARGEST_PAGE:
            # Numbers that come in order leave full pages behind.
            self._split(page, place if place == _LARGEST_PAGE else _LARGEST_PAGE // 2)
        return row

    def _split(self, page: int, at: int) -> None:
        numbers, rows = self._numbers[page], self._rows[page]
        self._lowest.insert(page + 1, numbers[at])
        self._numbers.insert(page + 1, numbers[at:])
        self._rows.insert(page + 1, rows[at:])
        del numbers[at:], rows[at:]

    def __contains__(self, number: int) -> bool:
        numbers = self._numbers[bisect_right(self._lowest, number) - 1]
        place = bisect_left(numbers, number)
        return place < len(numbers) and numbers[place] == number

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self._numbers)

    def __len__(self) -> int:
        return self._count
