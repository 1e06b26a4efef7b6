"""The fates of a journal beside the lines of the file that was loaded."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs

from allo_async import Journal
from allo_async.cli.inert import inert
from allo_async.journal.digest import digest
from allo_async.leads.columns import Columns, ColumnsError, find_columns
from allo_async.leads.leads_file import LeadsFile
from allo_async.models import JournaledRow
from allo_async.private_csv import write_rows

#: The columns of each row's fate, in front of the file's own columns.
COLUMNS = ("line", "fate", "reason", "position", "queue", "queued_number")

_NOT_LOADED = "not_loaded"


@attrs.frozen
class Export:
    """A table of fates.

    Attributes:
        header: Its columns.
        rows: Its rows: those of the file in its order, then those that the file has no longer.
        missing: How many rows of the journal are not in the file.
        fresh: How many rows of the file are not in the journal.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    missing: int = 0
    fresh: int = 0


async def read_journal(journal: Journal, load_id: str | None) -> list[JournaledRow]:
    """Read the rows of one load, or of all.

    Raises:
        JournalError: There is no such load, or the journal cannot be read.
    """
    load_ids = [load.load_id for load in await journal.loads()] if load_id is None else [load_id]
    return _once([await journal.rows(each) for each in load_ids])


def _once(loads: Sequence[Sequence[JournaledRow]]) -> list[JournaledRow]:
    """Return the rows of all loads, those once that one load has from another."""
    rows: list[JournaledRow] = []
    sent: Counter[bytes] = Counter()
    known: Counter[Hashable] = Counter()
    for load in loads:
        own: Counter[Hashable] = Counter()
        for row in load:
            fate = attrs.astuple(attrs.evolve(row, index=0))
            own[fate] += 1
            if row.queue is None or own[fate] > known[fate]:
                known[fate] += 1
                rows.append(row)
                sent[row.digest] += row.fate != "pending"
    # A row that is pending in one load may stand in another's queue.
    return [row for row in rows if row.fate != "pending" or not sent[row.digest]]


def beside_file(fates: Iterable[JournaledRow], leads: LeadsFile, field_map: Sequence[str]) -> Export:
    """Put each fate beside the line of *leads* that it is of.

    Args:
        fates: The journal's rows.
        leads: The file.
        field_map: The columns as they were named to `load`, each `field=header`.

    Raises:
        ColumnsError: *field_map* names a field or a column that there is not.
    """
    known: dict[bytes, list[JournaledRow]] = defaultdict(list)
    for fate in fates:
        known[fate.digest].append(fate)
    digests = _digests(leads, field_map, known)
    alike = Counter(digests.values())
    rows: list[list[Any]] = []
    fresh = 0
    for row in leads.rows:
        cells = [row.cells.get(column, "") for column in leads.columns]
        seen = digests.get(row.line, b"")
        own = _taken(known.get(seen, []), alike[seen], cells)
        alike[seen] -= 1
        fresh += not own
        told = [_told(fate) for fate in own] or [[_NOT_LOADED, row.problem, None, None, None]]
        rows += [[row.line, *each, *cells] for each in told]
    gone = [fate for left in known.values() for fate in left]
    rows += [[None, *_told(fate)] for fate in gone]
    return Export([*COLUMNS, *leads.header], rows, missing=len(gone), fresh=fresh)


def _taken(fates: list[JournaledRow], alike: int, cells: Sequence[object]) -> list[JournaledRow]:
    """Take those of *fates* that are one row's, of so many rows that are *alike*: one of each load that had it."""
    if not fates:
        return []
    # Rows alike may be different reps', whom the file names.
    named = {str(cell).strip().casefold() for cell in cells}
    fates.sort(key=lambda fate: (fate.queue or "").casefold() not in named)
    own = fates[:: max(1, alike)] if len(fates) >= alike else fates[:1]
    for fate in own:
        fates.remove(fate)
    return own


def without_file(fates: Iterable[JournaledRow]) -> Export:
    """Return what the journal has, by itself."""
    return Export(COLUMNS, [[None, *_told(fate)] for fate in fates])


def write(export: Export, to: Path) -> None:
    """Write *export* as CSV, whole or not at all, for its owner alone.

    Raises:
        OSError: It cannot be written there.
    """
    write_rows(to, (export.header, *export.rows))


def _told(fate: JournaledRow) -> list[Any]:
    said = (fate.fate, fate.reason, fate.position, fate.queue, fate.number)
    return [inert(each) if isinstance(each, str) else each for each in said]


def _digests(leads: LeadsFile, field_map: Sequence[str], known: Iterable[bytes]) -> dict[int, bytes]:
    """Return what each line is known by.

    Which column named the rep is not in the journal, and it was left out of the contact: the one with which the most
    rows are known was it.
    """
    wanted = set(known)
    best: dict[int, bytes] = {}
    tried: list[Columns] = []
    readable = [row.cells for row in leads.rows if row.problem is None]
    for rep_column in (None, *leads.columns):
        try:
            columns = find_columns(leads.columns, field_map, besides=rep_column, rows=readable)
        except ColumnsError:
            if rep_column is None:
                raise
            continue
        if columns in tried:
            continue
        tried.append(columns)
        found = {row.line: digest(columns.contact(row.cells)) for row in leads.rows if row.problem is None}
        if not best or _hits(found, wanted) > _hits(best, wanted):
            best = found
        if _hits(best, wanted) == len(wanted):
            break
    return best


def _hits(digests: dict[int, bytes], wanted: set[bytes]) -> int:
    return len(wanted.intersection(digests.values()))
