"""What `load` says at its end: a table for people, JSON for machines, an exit code for both."""

from collections import Counter
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import attrs
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from allo_async import ApiError, AuthenticationError, PermissionDeniedError, Totals
from allo_async.cli.job import RepLoad


class ExitCode(IntEnum):
    """How `load` ends."""

    OK = 0
    ERROR = 1
    USAGE = 2
    PENDING = 3
    IN_DOUBT = 4
    SKIPPED = 5
    INTERRUPTED = 130


@attrs.frozen(kw_only=True)
class Report:
    """The end of a load.

    Attributes:
        file: The input.
        loads: Each rep's load.
        unusable: Rows that belong to no load, by line, with the reason.
        finished: Whether the user let it finish.
        strict: Whether skipped rows are a failure.
    """

    file: Path
    loads: Sequence[RepLoad]
    unusable: dict[int, str]
    finished: bool
    strict: bool

    @property
    def totals(self) -> Totals:
        """The fates of all rows of the file."""
        return sum((load.totals for load in self.loads), Totals(skipped=len(self.unusable)))

    @property
    def skipped(self) -> dict[str, int]:
        """Skipped rows by reason, the most frequent first."""
        counted = Counter(reason.partition(":")[0] for reason in self.unusable.values())
        for load in self.loads:
            counted += load.skipped_by_reason()
        return dict(counted.most_common())

    @property
    def reasons(self) -> dict[int, str]:
        """For each line that did not get in, why."""
        reasons = dict(self.unusable)
        for load in self.loads:
            reasons |= load.reasons()
        return reasons

    @property
    def exit_code(self) -> ExitCode:
        """The code that says it all, the worst first."""
        totals = self.totals
        if not self.finished:
            return ExitCode.INTERRUPTED
        if any(isinstance(load.error, AuthenticationError | PermissionDeniedError) for load in self.loads):
            return ExitCode.ERROR
        if totals.in_doubt:
            return ExitCode.IN_DOUBT
        if totals.pending:
            return ExitCode.PENDING
        return ExitCode.SKIPPED if self.strict and totals.skipped else ExitCode.OK

    def as_json(self, written: Path | None) -> dict[str, Any]:
        """Say it for a machine."""
        return {
            "file": str(self.file),
            "totals": _counts(self.totals),
            "skipped": self.skipped,
            "reps": [_rep(load) for load in self.loads],
            "not_added_file": str(written) if written is not None else None,
            "exit_code": int(self.exit_code),
        }

    def print(self, console: Console, written: Path | None) -> None:
        """Say it for people."""
        console.print(self._table())
        for load in self.loads:
            if load.error is not None:
                console.print(f"[red]{escape(load.name)}[/]: {escape(str(load.error))}", soft_wrap=True)
        if written is not None:
            console.print(f"The rows that did not get in are in [bold]{escape(str(written))}[/], with the reason.")
        if self.totals.in_doubt:
            console.print("Rows in doubt may stand in the queue already: look there before you send them again.")

    def _table(self) -> Table:
        table = Table(title=escape(self.file.name), show_footer=len(self.loads) > 1)
        totals = self.totals
        table.add_column("rep", footer="all", overflow="fold")
        table.add_column("added", footer=f"{totals.added:,}", justify="right", style="green")
        for reason, count in self.skipped.items():
            # Where the terminal is narrow, a header breaks at a space only.
            table.add_column(reason.replace("_", " "), footer=f"{count:,}", justify="right", style="yellow")
        table.add_column("pending", footer=f"{totals.pending:,}", justify="right")
        table.add_column("in doubt", footer=f"{totals.in_doubt:,}", justify="right")
        for load in self.loads:
            self._add(table, load.name, load.totals, load.skipped_by_reason())
        if self.unusable:
            counted = Counter(reason.partition(":")[0] for reason in self.unusable.values())
            self._add(table, "(nobody's)", Totals(), counted)
        return table

    def _add(self, table: Table, name: str, totals: Totals, skipped: Counter[str]) -> None:
        reasons = [f"{skipped[reason]:,}" for reason in self.skipped]
        table.add_row(escape(name), f"{totals.added:,}", *reasons, _loud(totals.pending), _loud(totals.in_doubt))


def _loud(count: int) -> str:
    return f"[bold red]{count:,}[/]" if count else "0"


def _counts(totals: Totals) -> dict[str, int]:
    return {"rows": totals.rows, **attrs.asdict(totals)}


def _rep(load: RepLoad) -> dict[str, Any]:
    error = load.error
    told: dict[str, Any] | None = None if error is None else {"type": type(error).__name__, "message": str(error)}
    if isinstance(error, ApiError) and told is not None:
        told |= {"status": error.status, "code": error.code, "request_id": error.request_id}
    return {
        "rep": load.rep,
        **_counts(load.totals),
        "skipped_by_reason": dict(load.skipped_by_reason()),
        "error": told,
    }
