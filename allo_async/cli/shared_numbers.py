"""Numbers that a file gives to two reps: both would call."""

from collections import defaultdict
from collections.abc import Sequence

from allo_async._numbers.damage import NoNumber
from allo_async._numbers.plans import tail
from allo_async._numbers.reading import first_number
from allo_async.cli.job import Lead, RepLoad

_LINES_SHOWN = 5


def shared_numbers(loads: Sequence[RepLoad], region: str | None) -> list[str]:
    """Warn of numbers that stand in the rows of two reps or more, without naming one.

    Args:
        loads: Each rep's rows.
        region: How to read national numbers.
    """
    if len(loads) < 2:  # noqa: PLR2004 - one rep shares with nobody
        return []
    lines_of: dict[str, list[int]] = {}
    reps_of: dict[str, set[int]] = defaultdict(set)
    for rep, lead in _suspects(loads):
        number = first_number(_number(lead), region)
        if not isinstance(number, NoNumber):
            lines_of.setdefault(number.wire, []).append(lead.line)
            reps_of[number.wire].add(rep)
    shared = sorted(sorted(lines) for number, lines in lines_of.items() if len(reps_of[number]) > 1)
    if not shared:
        return []
    where = "; ".join("lines " + " and ".join(map(str, lines)) for lines in shared[:_LINES_SHOWN])
    more = f"; and {len(shared) - _LINES_SHOWN:,} more" if len(shared) > _LINES_SHOWN else ""
    numbers = "1 number of this file is" if len(shared) == 1 else f"{len(shared):,} numbers of this file are"
    told = (
        f"Warning: {numbers} given to two reps or more, and each of them will call: {where}{more}."
        " Leave one line of each in the file to avoid it."
    )
    return [told]


def _suspects(loads: Sequence[RepLoad]) -> list[tuple[int, Lead]]:
    """Return the rows whose last digits come up with two reps: reading every number in full would take long."""
    reps_of: dict[str, set[int]] = defaultdict(set)
    rows = [(rep, lead, tail(_number(lead))) for rep, load in enumerate(loads) for lead in load.leads]
    for rep, _, digits in rows:
        reps_of[digits].add(rep)
    return [(rep, lead) for rep, lead, digits in rows if digits and len(reps_of[digits]) > 1]


def _number(lead: Lead) -> str:
    number = lead.row.get("number")
    return number if isinstance(number, str) else str(number or "")
