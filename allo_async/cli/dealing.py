"""Whose is which row: the rows of a file, dealt to the reps."""

from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

from allo_async.cli.job import Lead, RepLoad
from allo_async.leads.columns import Columns, ColumnsError, find_column, find_columns
from allo_async.leads.file_row import FileRow
from allo_async.leads.leads_file import LeadsFile
from allo_async.leads.screening import screen


@attrs.frozen
class Dealt:
    """The rows by rep, and those that are nobody's.

    Attributes:
        columns: Which column is which field.
        loads: Each rep's rows.
        unusable: Rows that could not be read, must not be called or name no rep, by line, with the reason.
        opted_out: All numbers, as written, of people whom a do-not-call column names.
    """

    columns: Columns
    loads: list[RepLoad]
    unusable: dict[int, str]
    opted_out: list[str] = attrs.field(factory=list[str])

    def left_out_by_reason(self) -> dict[str, int]:
        """Count the unusable rows by reason, the most frequent first."""
        return dict(Counter(reason.partition(":")[0] for reason in self.unusable.values()).most_common())


def deal(
    leads: LeadsFile,
    *,
    to: str | None,
    to_column: str | None,
    field_map: Iterable[str],
    region: str | None = None,
    every_number: bool = False,
    ignore_do_not_call: bool = False,
) -> Dealt:
    """Find each row's rep; a row without one is nobody's, and never the key owner's.

    Args:
        leads: The file.
        to: The rep of all rows.
        to_column: The column that names each row's rep; with neither, all rows are the key owner's.
        field_map: The user's own `field=header`.
        region: How to read national numbers, where a cell holds several.
        every_number: Whether each number of a row becomes a lead of its own.
        ignore_do_not_call: Whether to load rows that say that nobody may call.

    Raises:
        ColumnsError: A column that there is not, or one that names no rep at all.
    """
    rep_column = find_column(leads.columns, to_column) if to_column is not None else None
    readable = (row.cells for row in leads.rows if row.problem is None)
    columns = find_columns(leads.columns, field_map, besides=rep_column, rows=readable)
    screened = screen(leads, columns, ignore_do_not_call=ignore_do_not_call)
    by_rep: dict[str | None, list[Lead]] = {}
    unusable = dict(screened.left_out)
    for row in screened.rows:
        # Whom of the team that means is found out before anything is sent.
        rep = to if rep_column is None else str(row.cells.get(rep_column) or "").strip()
        if rep_column is not None and not rep:
            unusable[row.line] = f"NO_REP: {leads.unit} {row.line} has nothing in {rep_column!r}"
        else:
            by_rep.setdefault(rep, []).extend(_leads(row, columns, region, every_number=every_number))
    if rep_column is not None and not by_rep and screened.rows:
        raise ColumnsError(f"no row names a rep in {rep_column!r}")
    in_order = dict(sorted(unusable.items()))
    not_used = [column for column in columns.not_used if column not in screened.obeyed]
    columns = attrs.evolve(columns, not_used=not_used)
    return Dealt(columns, [RepLoad(rep, rows) for rep, rows in by_rep.items()], in_order, screened.opted_out)


def every_lead(leads: LeadsFile, columns: Columns, region: str | None, *, every_number: bool) -> list[Lead]:
    """Return all rows of the file that can be read as leads, of any rep."""
    readable = (row for row in leads.rows if row.problem is None)
    return [lead for row in readable for lead in _leads(row, columns, region, every_number=every_number)]


def _leads(row: FileRow, columns: Columns, region: str | None, *, every_number: bool) -> Sequence[Lead]:
    contacts = columns.contacts(row.cells, region) if every_number else [columns.contact(row.cells)]
    return [Lead(row.line, contact) for contact in contacts]
