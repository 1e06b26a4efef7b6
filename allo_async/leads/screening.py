"""Which rows of a file may be called: neither those that cannot be read, nor those of people who must not be."""

from collections.abc import Collection, Sequence

import attrs

from allo_async.leads.columns import Columns
from allo_async.leads.file_row import FileRow
from allo_async.leads.leads_file import LeadsFile


@attrs.frozen
class Screened:
    """The rows of a file.

    Attributes:
        rows: Those to load, in order.
        left_out: The others by line, each with the reason: `UNREADABLE_ROW` or `DO_NOT_CALL`.
        obeyed: The columns by which people must not be called.
        opted_out: All numbers, as written, of the people who must not be called. The same number in another row is
            theirs as well.
    """

    rows: Sequence[FileRow]
    left_out: dict[int, str]
    obeyed: Collection[str]
    opted_out: list[str]


def screen(file: LeadsFile, columns: Columns, *, ignore_do_not_call: bool = False) -> Screened:
    """Sort the rows of *file*.

    Args:
        file: The file.
        columns: Its columns.
        ignore_do_not_call: Whether to load rows that say that nobody may call.
    """
    rows: list[FileRow] = []
    left_out: dict[int, str] = {}
    obeyed: set[str] = set()
    opted_out: dict[str, None] = {}
    for row in file.rows:
        if row.problem is not None:
            left_out[row.line] = f"UNREADABLE_ROW: {file.unit} {row.line}, {row.problem}"
        elif not ignore_do_not_call and (column := columns.do_not_call.column_that_forbids(row.cells)) is not None:
            left_out[row.line] = f"DO_NOT_CALL: {file.unit} {row.line} says so in {column!r}"
            obeyed.add(column)
            opted_out |= dict.fromkeys(columns.numbers(row.cells))
        else:
            rows.append(row)
    return Screened(rows, left_out, obeyed, list(opted_out))
