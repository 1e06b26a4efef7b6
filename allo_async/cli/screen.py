"""A report for people: a table, what went wrong, and where the rest of the rows is."""

from collections import Counter

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from allo_async import Totals
from allo_async.cli.journaling import moment
from allo_async.cli.report import Report

_LINES_SHOWN = 5


def show(report: Report, console: Console) -> None:
    """Print *report* on *console*; no number and no name stands in it."""
    _show_counts(report, console)
    for reps, told in report.errors():
        console.print(f"[red]{escape(', '.join(reps))}[/]: {escape(told)}", soft_wrap=True, highlight=False)
    for reason in list(report.unusable.values())[:_LINES_SHOWN]:
        console.print(escape(reason), soft_wrap=True, highlight=False)
    if len(report.unusable) > _LINES_SHOWN:
        console.print(f"… and {len(report.unusable) - _LINES_SHOWN:,} more lines like these.")
    if report.written is not None:
        console.print(
            f"The rows that did not get in are in [bold]{escape(str(report.written))}[/], with the reason.",
            soft_wrap=True,
            highlight=False,
        )
    if report.write_error is not None:
        told = f"The rows that did not get in could not be written: {report.write_error}"
        console.print(f"[red]{escape(told)}[/]", soft_wrap=True, highlight=False)
    if report.journal is not None and (report.totals.pending or report.totals.in_doubt):
        told = f"Run the same command again to go on: {report.journal} has what is done."
        console.print(escape(told), soft_wrap=True, highlight=False)
    elif report.totals.in_doubt:
        console.print("Rows in doubt may stand in the queue already: look there before you send them again.")


def _show_counts(report: Report, console: Console) -> None:
    """Print the table; where all was loaded before, say so instead: the table would look like this run's success."""
    at = report.loaded_at
    if at is None:
        console.print(_table(report))
        return
    totals = report.totals
    counts = f"{totals.added:,} of {totals.rows:,} rows are in their queues"
    skipped = f", {totals.skipped:,} were skipped" if totals.skipped else ""
    told = f"{report.file.name}: loaded on {moment(at)}; nothing to send. {counts}{skipped}. --fresh loads it again."
    console.print(escape(told), soft_wrap=True, highlight=False)


def _table(report: Report) -> Table:
    title = escape(report.file.name)
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", show_footer=_has_several(report))
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
        _add(table, report, load.name, load.totals, load.skipped_by_reason(), load.settled_earlier.rows)
    if report.unusable:
        _add(table, report, "(nobody's)", Totals(skipped=len(report.unusable)), report.skipped_by_nobody)
    return table


def _add_count(table: Table, heading: str, total: int, style: str | None = None) -> None:
    # A word a line leaves the reps their room in a terminal of 80 columns.
    table.add_column(heading.replace(" ", "\n"), footer=f"{total:,}", justify="right", style=style, no_wrap=True)


def _has_several(report: Report) -> bool:
    return len(report.loads) + bool(report.unusable) > 1


def _add(table: Table, report: Report, name: str, totals: Totals, skipped: Counter[str], earlier: int = 0) -> None:
    before = (f"{earlier:,}",) if report.has_earlier else ()
    reasons = [f"{skipped[reason]:,}" for reason in report.skipped]
    counts = (f"{totals.rows:,}", f"{totals.added:,}", *before, *reasons)
    table.add_row(escape(name), *counts, _loud(totals.pending), _loud(totals.in_doubt))


def _loud(count: int) -> str:
    return f"[bold red]{count:,}[/]" if count else "0"
