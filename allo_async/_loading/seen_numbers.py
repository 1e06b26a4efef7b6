"""The numbers that came up in a call, each with the row in which it came up first, in little memory."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import chain

from allo_async.clock import free_in_steps

# A dictionary answers fastest, at some 120 bytes a number. Beyond so many numbers, memory matters more than time.
_MOST_IN_FULL = 100_000

# A dictionary copies itself to grow. Many small ones grow one by one, each in well below a millisecond.
_DICTIONARIES = 64

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
        self._in_full: tuple[dict[str, int], ...] = _dictionaries()
        self._room = _MOST_IN_FULL
        self._pages = _Pages()

    def first(self, number: str, index: int) -> int:
        """Return the index of the row in which *number* came up first: *index* if it is new, which is then kept.

        Args:
            number: The number as it is sent.
            index: The row's place in the input, from 0, below 2**64.
        """
        in_full = self._in_full[hash(number) % _DICTIONARIES]
        if self._room <= 0:
            packed = None if number in in_full else _packed(number)
            if packed is not None:
                return self._pages.first(packed, index)
        first = in_full.setdefault(number, index)
        self._room -= first == index
        return first

    def let_go(self) -> None:
        """Forget all numbers, some in each turn of the event loop: to free them takes as long as to keep them."""
        things, self._in_full = list(self._in_full), _dictionaries()
        free_in_steps(things)

    def __contains__(self, number: str) -> bool:
        if number in self._in_full[hash(number) % _DICTIONARIES]:
            return True
        packed = _packed(number)
        return packed is not None and packed in self._pages

    def __iter__(self) -> Iterator[str]:
        return chain(*self._in_full, map("+{}".format, self._pages))

    def __len__(self) -> int:
        return sum(map(len, self._in_full)) + len(self._pages)


def _dictionaries() -> tuple[dict[str, int], ...]:
    return tuple({} for _ in range(_DICTIONARIES))


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
