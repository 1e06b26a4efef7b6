"""The work of earlier runs on the rows of a file: which of them stand in a queue, and whose."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

from allo_async.cli.job import Lead, RepLoad
from allo_async.journal.digest import digest
from allo_async.journal.known import KnownRow, KnownRows
from allo_async.journal.list_journal import PastLoads
from allo_async.journal.reading import queue_name_of


@attrs.frozen
class Elsewhere:
    """Rows of the file that stand in the queue of a rep whom this run does not load.

    Attributes:
        rep: The rep.
        rows: How many rows.
        since: When the first of them was added.
    """

    rep: str
    rows: int
    since: datetime


def recall(loads: Sequence[RepLoad], past: PastLoads, load_id_of: dict[str, str]) -> list[Elsewhere]:
    """Find the rows of *loads* that earlier runs settled, and put each to the rep in whose queue it stands.

    A row that stands in the queue of another rep of this run moves to that rep's load: it is not sent a second time.

    Args:
        loads: Each rep's rows, which are changed; with several reps who share all rows, the one load of all.
        past: The journal's record.
        load_id_of: For each load's name, what it is called in the journal.

    Returns:
        The rows that stand in the queues of reps whom this run does not load.
    """
    pools = {load.name: past.known.get(load_id_of[load.name]) or KnownRows() for load in loads}
    for load in loads:
        load.earlier = _known(load.leads, pools[load.name])
    for load in loads:
        for other in loads:
            if other is not load and pools[other.name].left:
                _move(load, other, pools[other.name])
    for load in loads:
        load.skipped_earlier = _skipped(load, past.skipped.get(load_id_of[load.name], ()))
    return _elsewhere(loads, past.elsewhere)


def _known(leads: Sequence[Lead], pool: KnownRows) -> dict[int, KnownRow]:
    taken = ((index, pool.take(digest(lead.row))) for index, lead in enumerate(leads))
    return {index: pool.known(row) for index, row in taken if row is not None and pool.is_settled(row)}


def _move(load: RepLoad, other: RepLoad, pool: KnownRows) -> None:
    """Move the rows of *load* that stand in the queue of *other* there."""
    open_leads = [lead for index, lead in enumerate(load.leads) if index not in load.earlier]
    moved = _known(open_leads, pool)
    if not moved:
        return
    gone = {id(open_leads[index]) for index in moved}
    stay = [(lead, load.earlier.get(index)) for index, lead in enumerate(load.leads) if id(lead) not in gone]
    come = [(open_leads[index], row) for index, row in moved.items()]
    own = [(lead, other.earlier.get(index)) for index, lead in enumerate(other.leads)]
    _set(load, stay)
    _set(other, sorted([*own, *come], key=lambda pair: pair[0].line))


def _set(load: RepLoad, rows: Sequence[tuple[Lead, KnownRow | None]]) -> None:
    load.leads = [lead for lead, _ in rows]
    load.earlier = {index: row for index, (_, row) in enumerate(rows) if row is not None}


def _skipped(load: RepLoad, digests: Iterable[bytes]) -> set[int]:
    left = Counter(digests)
    found: set[int] = set()
    for index, lead in enumerate(load.leads) if left else ():
        seen = digest(lead.row)
        if index not in load.earlier and left[seen]:
            left[seen] -= 1
            found.add(index)
    return found


def _elsewhere(loads: Sequence[RepLoad], pool: KnownRows) -> list[Elsewhere]:
    found: dict[str, list[KnownRow]] = {}
    for load in loads:
        open_leads = [lead for index, lead in enumerate(load.leads) if index not in load.earlier]
        for row in _known(open_leads, pool).values():
            found.setdefault(queue_name_of(row.queue), []).append(row)
    return [
        Elsewhere(rep, len(known), datetime.fromtimestamp(min(row.at for row in known)).astimezone())
        for rep, known in found.items()
    ]
