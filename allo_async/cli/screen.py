"""A report for people: a table, what went wrong, and where the rest of the rows is."""

from collections import Counter

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from allo_async import Totals
from allo_async.cli.inert import inert
from allo_async.cli.journaling import moment
from allo_async.cli.report import Report
from allo_async.cli.terminal import Screen, styled

_LINES_SHOWN = 5

# In fewer columns, addresses have to be folded.
_ROOMY = 80


def show(report: Report, screen: Screen) -> None:
    """Print *report* on *screen*; no number and no name stands in it."""
    _show_counts(report, screen)
    for reps, told in report.errors():
        screen.say(styled(", ".join(reps), "red"), f": {told}")
    for reason in list(report.unusable.values())[:_LINES_SHOWN]:
        screen.say(reason)
    if len(report.unusable) > _LINES_SHOWN:
        screen.say(f"… and {len(report.unusable) - _LINES_SHOWN:,} more lines like these.")
    if report.written is not None:
        screen.say("The rows that did not get in are in ", styled(report.written, "bold"), ", with the reason.")
    if report.write_error is not None:
        screen.say(f"The rows that did not get in could not be written: {report.write_error}", style="red")
    if report.journal is not None and (report.totals.pending or report.totals.in_doubt):
        screen.say(f"Run the same command again to go on: {report.journal} has what is done.")
    elif report.totals.in_doubt:
        screen.say("Rows in doubt may stand in the queue already: look there before you send them again.")


def _show_counts(report: Report, screen: Screen) -> None:
    """Print the table; where all was loaded before, say so instead: the table would look like this run's success."""
    at = report.loaded_at
    if at is None:
        screen.print(_table(report, narrow=screen.width < _ROOMY))
        return
    totals = report.totals
    counts = f"{totals.added:,} of {totals.rows:,} rows are in their queues"
    skipped = f", {totals.skipped:,} were skipped" if totals.skipped else ""
    screen.say(
        f"{report.file.name}: loaded on {moment(at)}; nothing to send. {counts}{skipped}. --fresh loads it again."
    )


def _table(report: Report, *, narrow: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, title=report.file.name, title_justify="left", show_footer=_has_several(report))
    table.pad_edge, table.collapse_padding = False, True
    totals = report.totals
    table.add_column("rep", footer="all", overflow="fold")
    _add_count(table, "rows", totals.rows)
    _add_count(table, "added", totals.added, "green")
    if report.has_earlier:
        _add_count(table, "settled earlier", report.earlier.rows, "dim")
    for reason, count in report.skipped.items():
        _add_count(table, f"skipped {reason.replace('_', ' ').lower()}", count, "yellow")
    _add_count(table, "pending", totals.pending)
    _add_count(table, "in doubt", totals.in_doubt)
    for load in report.loads:
        name = inert(load.name)
        # Folded anywhere, addresses of one domain are hard to tell apart.
        rep = Text(name.replace("@", "\n@") if narrow else name)
        _add(table, report, rep, load.totals, load.skipped_by_reason(), load.settled_earlier.rows)
    if report.unusable:
        _add(table, report, Text("(nobody's)"), Totals(skipped=len(report.unusable)), report.skipped_by_nobody)
    return table


def _add_count(table: Table, heading: str, total: int, style: str | None = None) -> None:
    # A word a line leaves the reps their room in a terminal of 80 columns.
    table.add_column(
        Text(inert(heading).replace(" ", "\n")), footer=f"{total:,}", justify="right", style=style, no_wrap=True
    )


def _has_several(report: Report) -> bool:
    return len(report.loads) + bool(report.unusable) > 1


def _add(table: Table, report: Report, name: Text, totals: Totals, skipped: Counter[str], earlier: int = 0) -> None:
    before = (f"{earlier:,}",) if report.has_earlier else ()
    reasons = [f"{skipped[reason]:,}" for reason in report.skipped]
    counts = (f"{totals.rows:,}", f"{totals.added:,}", *before, *reasons)
    table.add_row(name, *counts, _loud(totals.pending), _loud(totals.in_doubt))


def _loud(count: int) -> Text:
    return styled(f"{count:,}", "bold red" if count else "")
