"""The fate of every row that an append took."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, ClassVar

import attrs

from allo_async.models.added_numbers import AddedNumbers
from allo_async.models.contact import PendingContact
from allo_async.models.result_html import table
from allo_async.models.result_schema import json_schema
from allo_async.models.row_fate import (
    PERSONAL,
    AddedNumber,
    InDoubtContact,
    RowFate,
    SkippedNumber,
    in_a_word,
    row_fate,
)
from allo_async.private_csv import write_rows
from allo_async.private_file import as_path

# A summary is one line, whatever the server makes up.
_MOST_REASONS = 10


@attrs.frozen
class Totals:
    """How many rows met which fate."""

    added: int = 0
    skipped: int = 0
    pending: int = 0
    in_doubt: int = 0

    @property
    def rows(self) -> int:
        """All rows taken from the input."""
        return self.added + self.skipped + self.pending + self.in_doubt

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.added + other.added,
            self.skipped + other.skipped,
            self.pending + other.pending,
            self.in_doubt + other.in_doubt,
        )

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name, that of all rows first."""
        return {"rows": self.rows, **attrs.asdict(self)}

    def __str__(self) -> str:
        return f"{self.added} added, {self.skipped} skipped, {self.pending} pending, {self.in_doubt} in doubt"


def _as_added(rows: Iterable[AddedNumber]) -> AddedNumbers:
    return rows if isinstance(rows, AddedNumbers) else AddedNumbers(rows)


@attrs.define(repr=False)
class AppendResult:
    """The fate of every row: each stands in exactly one of the four lists, in input order.

    Pass an empty one to `append` as `into`, which fills it as the load goes.

    Attributes:
        added: In the queue.
        skipped: Not in the queue, and sending them again would not help.
        pending: Certainly not in the queue, and not skipped: never sent, or refused. Safe to send again.
        in_doubt: Sent, maybe by an earlier run of the load, without evidence whether they arrived; each says why.
            Sending them again may put them in twice.
        recovered: How many requests' replies were lost and came back, by a replay or by reading the queue back.

    Printing a result, also in a notebook, shows counts and reasons only, never a number or a name. A FastAPI handler
    may return a result: the response is `to_dict()`.
    """

    _keys: ClassVar[Sequence[str]] = ("totals", "skipped_by_reason", "recovered", "rows")
    # Without it, Python would take `__getitem__` for that of a list.
    __iter__: ClassVar[None] = None

    added: AddedNumbers = attrs.field(factory=AddedNumbers, converter=_as_added)
    skipped: list[SkippedNumber] = attrs.field(factory=list[SkippedNumber])
    pending: list[PendingContact] = attrs.field(factory=list[PendingContact])
    in_doubt: list[InDoubtContact] = attrs.field(factory=list[InDoubtContact])
    recovered: int = attrs.field(default=0, kw_only=True)

    @property
    def totals(self) -> Totals:
        """The length of each list."""
        return Totals(len(self.added), len(self.skipped), len(self.pending), len(self.in_doubt))

    @property
    def is_settled(self) -> bool:
        """Whether no row is left pending or in doubt."""
        return not self.pending and not self.in_doubt

    def extend(self, *others: "AppendResult") -> None:
        """Add *others*, whose rows follow in the input, such as the results of a stream one after the other."""
        for other in others:
            self.added.extend(other.added)
            self.skipped.extend(other.skipped)
            self.pending.extend(other.pending)
            self.in_doubt.extend(other.in_doubt)
            self.recovered += other.recovered

    def rows(self) -> list[RowFate]:
        """Return the fate of every row in input order.

        Example:
            ```python
            frame = pandas.DataFrame(result.rows(), columns=RowFate._fields)
            ```
        """
        return self._rows(self._queue_names(numbers=True))

    def to_dict(self, *, numbers: bool = True) -> dict[str, Any]:
        """Return the result as plain values for JSON, in the order and the format of docs/results.md.

        Args:
            numbers: Whether it holds phone numbers and other words about people; without them it is fit for a log.
        """
        return {key: self._part(key, numbers=numbers) for key in self._keys}

    def to_csv(self, path: str | os.PathLike[str]) -> int:
        """Write the fate of every row as CSV, and return how many rows there are.

        A cell that a spreadsheet would run is guarded by an apostrophe.

        Args:
            path: The file, which is replaced, and readable by its owner alone.

        Raises:
            ValueError: *path* is no path.
            OSError: The file cannot be written; what stood there is as it was.
        """
        rows = self.rows()
        write_rows(as_path("path", path), [RowFate._fields, *rows])
        return len(rows)

    def keys(self) -> Sequence[str]:
        """Return the keys of `to_dict()`: `dict(result)`, as FastAPI makes it, is the same."""
        return self._keys

    def __getitem__(self, key: str) -> Any:
        return self._part(key, numbers=True)

    def _part(self, key: str, *, numbers: bool) -> Any:
        match key:
            case "totals":
                return self.totals.to_dict()
            case "skipped_by_reason":
                return self.skipped_by_reason() if numbers else self._reasons()
            case "recovered":
                return self.recovered
            case "rows":
                fields = [field for field in RowFate._fields if numbers or field not in PERSONAL]
                rows = self._rows(self._queue_names(numbers=numbers))
                values = attrgetter(*fields)
                shown = rows if numbers else map(_impersonal, rows)
                return [dict(zip(fields, values(row), strict=True)) for row in shown]
            case _:
                raise KeyError(key)

    def _queue_names(self, *, numbers: bool) -> Mapping[int, str]:  # noqa: ARG002 - for a spread
        """Return how to call the queue of each row that was sent, by the row's index."""
        return {}

    def _rows(self, queues: Mapping[int, str]) -> list[RowFate]:
        kinds = (self.added, self.skipped, self.pending, self.in_doubt)
        rows = [row_fate(row, queues.get(row.index)) for kind in kinds for row in kind]
        rows.sort(key=attrgetter("index"))
        return rows

    def skipped_by_reason(self) -> dict[str, int]:
        """Count the skipped rows by reason, the most frequent first."""
        return dict(Counter(row.reason for row in self.skipped).most_common())

    def _reasons(self) -> dict[str, int]:
        return dict(Counter(in_a_word(row.reason) for row in self.skipped).most_common())

    def summary(self) -> str:
        """Return one line with the counts and the reasons.

        Example:
            >>> AppendResult().summary()
            '0 rows: 0 added, 0 skipped, 0 pending, 0 in doubt'
        """
        totals = self.totals
        by_reason = [f"{count} {reason}" for reason, count in self._reasons().items()]
        more = [f"{len(by_reason) - _MOST_REASONS} more reasons"] if len(by_reason) > _MOST_REASONS else []
        reasons = ", ".join(by_reason[:_MOST_REASONS] + more)
        skipped = f"{totals.skipped} skipped" + (f" ({reasons})" if reasons else "")
        told = (
            f"{totals.rows} rows: {totals.added} added, {skipped}, {totals.pending} pending, {totals.in_doubt} in doubt"
        )
        lost = f"{self.recovered} lost answer{'s' * (self.recovered != 1)} recovered"
        return f"{told}; {lost}" if self.recovered else told

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return f"<AppendResult {self.summary()}>"

    def _repr_html_(self) -> str:
        totals = self.totals
        reasons = list(self._reasons().items())
        more = sum(count for _, count in reasons[_MOST_REASONS:])
        rows = [
            ("added", totals.added),
            ("skipped", totals.skipped),
            *((f"skipped: {reason}", count) for reason, count in reasons[:_MOST_REASONS]),
            *([(f"skipped: {len(reasons) - _MOST_REASONS} more reasons", more)] if more else []),
            ("pending", totals.pending),
            ("in doubt", totals.in_doubt),
        ]
        lost = [("lost answers recovered", self.recovered)] if self.recovered else []
        return table(f"{type(self).__name__}: {totals.rows} rows", ("fate", "rows"), [*rows, *lost])

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from pydantic_core import core_schema, to_jsonable_python  # noqa: PLC0415 - pydantic alone asks for it

        def serialized(result: AppendResult, info: Any) -> Any:
            return to_jsonable_python(
                result.to_dict(), include=info.include, exclude=info.exclude, exclude_none=info.exclude_none
            )

        return core_schema.is_instance_schema(
            cls,
            ref=f"{cls.__module__}.{cls.__qualname__}:{id(cls)}",
            serialization=core_schema.plain_serializer_function_ser_schema(serialized, info_arg=True),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: object, handler: object) -> dict[str, Any]:
        return json_schema(cls.__name__, cls._keys)


def _impersonal(row: RowFate) -> RowFate:
    return row._replace(reason=in_a_word(row.reason)) if row.fate == "skipped" and row.reason is not None else row
