"""Rows that will be sent: one, and many of them in little memory."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, Self, cast, overload

import attrs

from allo_async.models import Contact

Entry = Mapping[str, Any]


@attrs.define
class PreparedRow:
    """A row that will be sent; not to be changed.

    Attributes:
        index: The row's place in the input.
        entry: The row as it stands in the request's `numbers`.
        e164: The number in E.164, `None` if only the server can judge it.
        written: The number as the caller gave it.
        detail: The part of the cell that is not dialed, such as an extension.
    """

    # A frozen one takes three times as long to make.
    index: int
    entry: Entry = attrs.field(repr=False)
    e164: str | None
    written: str
    detail: str | None = None

    @property
    def wire(self) -> str:
        """The number as it is sent."""
        return cast("str", self.entry["number"])

    @property
    def contact(self) -> Contact:
        """The row as the caller gave it."""
        return Contact(**{**self.entry, "number": self.written})


@attrs.define(eq=False)
class PreparedRows(Sequence[PreparedRow]):
    """Rows in columns, of which each is made when somebody looks at it.

    An object a row would take as long as all else that is done with a plain row, and the garbage collector would look
    at each of them.

    Attributes:
        indexes: Each row's place in the input.
        entries: Each row as it stands in the request's `numbers`.
        e164s: Each row's number in E.164, `None` if only the server can judge it.
        written: Each row's number as the caller gave it.
        details: The details of the rows that have one, by index; those of other rows may be among them.
    """

    indexes: list[int] = attrs.field(factory=list[int])
    entries: list[Entry] = attrs.field(factory=list[Entry], repr=False)
    e164s: list[str | None] = attrs.field(factory=list["str | None"], repr=False)
    written: list[str] = attrs.field(factory=list[str], repr=False)
    details: MutableMapping[int, str] = attrs.field(factory=dict[int, str], repr=False)

    @classmethod
    def of(cls, rows: Iterable[PreparedRow]) -> "PreparedRows":
        """Return *rows* in columns."""
        if isinstance(rows, PreparedRows):
            return rows
        columns = cls()
        for row in rows:
            columns.append(row)
        return columns

    def append(self, row: PreparedRow) -> None:
        """Add a row behind the others."""
        self.indexes.append(row.index)
        self.entries.append(row.entry)
        self.e164s.append(row.e164)
        self.written.append(row.written)
        if row.detail is not None:
            self.details[row.index] = row.detail

    def extend_plain(self, index: int, entries: Sequence[dict[str, Any]], e164s: Sequence[str]) -> None:
        """Add rows that follow each other in the input from *index* on, whose entries have the number as written."""
        self.indexes += range(index, index + len(entries))
        self.written += [entry["number"] for entry in entries]
        for entry, e164 in zip(entries, e164s, strict=True):
            entry["number"] = e164
        self.entries += entries
        self.e164s += e164s

    def __len__(self) -> int:
        return len(self.indexes)

    def __iter__(self) -> Iterator[PreparedRow]:
        details = map(self.details.get, self.indexes)
        return map(PreparedRow, self.indexes, self.entries, self.e164s, self.written, details)

    @overload
    def __getitem__(self, place: int) -> PreparedRow: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> PreparedRow | Self:
        if isinstance(place, slice):
            return type(self)(
                self.indexes[place], self.entries[place], self.e164s[place], self.written[place], self.details
            )
        index = self.indexes[place]
        return PreparedRow(index, self.entries[place], self.e164s[place], self.written[place], self.details.get(index))
