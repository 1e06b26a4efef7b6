"""The added rows of a result, of which each is read when somebody looks at it."""

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import eq
from typing import Any, Protocol, cast, overload

from allo_async.models.row_fate import AddedNumber


class UnreadRows(Protocol):
    """Rows that are kept in few bytes until they are read."""

    def __len__(self) -> int: ...

    def read(self) -> Sequence[AddedNumber]:
        """Read all of them."""
        ...


class AddedNumbers(Sequence[AddedNumber]):
    """Rows that were added, in input order; a list in all that does not change it, and much smaller than one.

    A row is read from the server's reply when it is looked at, and once more when it is looked at again.

    Args:
        rows: The first rows.
    """

    __slots__ = ("_ends", "_parts", "_read")

    # As for a list.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, rows: Iterable[AddedNumber] = ()) -> None:
        self._parts: list[list[AddedNumber] | UnreadRows] = []
        # Where each part ends.
        self._ends: list[int] = []
        # The part that was read last: its place, and its rows.
        self._read: tuple[int, Sequence[AddedNumber]] = (-1, ())
        self.extend(rows)

    def extend(self, rows: Iterable[AddedNumber]) -> None:
        """Add *rows* behind the others."""
        if isinstance(rows, AddedNumbers):
            for part in rows._parts:  # noqa: SLF001 - its own kind's
                self._add(part.copy() if isinstance(part, list) else part)
        elif added := list(rows):
            self._add(added)

    def _add(self, part: list[AddedNumber] | UnreadRows) -> None:
        self._parts.append(part)
        self._ends.append(len(self) + len(part))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[AddedNumber]:
        return itertools.chain.from_iterable(map(_rows_of, self._parts))

    @overload
    def __getitem__(self, place: int) -> AddedNumber: ...
    @overload
    def __getitem__(self, place: slice) -> list[AddedNumber]: ...
    def __getitem__(self, place: int | slice) -> AddedNumber | list[AddedNumber]:
        if isinstance(place, slice):
            return [self._at(each) for each in range(*place.indices(len(self)))]
        places = range(len(self))
        try:
            return self._at(places[place])
        except IndexError:
            raise IndexError("list index out of range") from None

    def _at(self, place: int) -> AddedNumber:
        part = bisect_right(self._ends, place)
        if self._read[0] != part:
            self._read = part, _rows_of(self._parts[part])
        return self._read[1][place - self._ends[part]]

    def __add__(self, other: Iterable[AddedNumber]) -> list[AddedNumber]:
        return [*self, *other] if isinstance(other, list | AddedNumbers) else NotImplemented

    def __radd__(self, other: Iterable[AddedNumber]) -> list[AddedNumber]:
        return [*other, *self] if isinstance(other, list) else NotImplemented

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, list | AddedNumbers):
            return NotImplemented
        rows = cast("Sequence[object]", other)
        return len(self) == len(rows) and all(map(eq, self, rows))

    def __repr__(self) -> str:
        return repr(list(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return _of_parts, ([part.copy() if isinstance(part, list) else part for part in self._parts],)


def add_unread(rows: AddedNumbers, unread: UnreadRows) -> None:
    """Add rows that are to be read later behind *rows*; no part of the public class."""
    rows._add(unread)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


def _of_parts(parts: Iterable[list[AddedNumber] | UnreadRows]) -> AddedNumbers:
    rows = AddedNumbers()
    for part in parts:
        rows._add(part)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - what pickle calls cannot be a method
    return rows


def _rows_of(part: list[AddedNumber] | UnreadRows) -> Sequence[AddedNumber]:
    return part if isinstance(part, list) else part.read()
