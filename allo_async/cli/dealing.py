"""Whose is which row: the rows of a file, dealt to the reps."""

from collections.abc import Iterable

import attrs

from allo_async.cli.job import Lead, RepLoad
from allo_async.leads.columns import Columns, ColumnsError, find_column, find_columns
from allo_async.leads.leads_file import LeadsFile


@attrs.frozen
class Dealt:
    """The rows by rep, and those that are nobody's.

    Attributes:
        columns: Which column is which field.
        loads: Each rep's rows.
        unusable: Rows that could not be read or name no rep, by line, with the reason.
    """

    columns: Columns
    loads: list[RepLoad]
    unusable: dict[int, str]


def deal(leads: LeadsFile, *, to: str | None, to_column: str | None, field_map: Iterable[str]) -> Dealt:
    """Find each row's rep; a row without one is nobody's, and never the key owner's.

    Args:
        leads: The file.
        to: The rep of all rows.
        to_column: The column that names each row's rep; with neither, all rows are the key owner's.
        field_map: The user's own `field=header`.

    Raises:
        ColumnsError: A column that there is not, or one that names no rep at all.
    """
    rep_column = find_column(leads.columns, to_column) if to_column is not None else None
    columns = find_columns(leads.columns, field_map, besides=rep_column)
    by_rep: dict[str | None, list[Lead]] = {}
    unusable: dict[int, str] = {}
    for row in leads.rows:
        # Whom of the team that means is found out before anything is sent.
        rep = to if rep_column is None else str(row.cells.get(rep_column) or "").strip()
        if row.problem is not None:
            unusable[row.line] = f"UNREADABLE_ROW: line {row.line}, {row.problem}"
        elif rep_column is not None and not rep:
            unusable[row.line] = f"NO_REP: line {row.line} has nothing in {rep_column!r}"
        else:
            by_rep.setdefault(rep, []).append(Lead(row.line, columns.contact(row.cells)))
    if rep_column is not None and not by_rep:
        raise ColumnsError(f"no row names a rep in {rep_column!r}")
    return Dealt(columns, [RepLoad(rep, rows) for rep, rows in by_rep.items()], unusable)
