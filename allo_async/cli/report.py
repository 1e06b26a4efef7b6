"""The report of a load: counts, reasons, and the exit code that says it all."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from allo_async import ApiError, AuthenticationError, JournalError, PermissionDeniedError, Totals
from allo_async.cli.exit_code import ExitCode
from allo_async.cli.job import RepLoad, reasons_by_line
from allo_async.cli.journaling import explained
from allo_async.cli.wording import sentence

# Reasons to skip a number that is where it should be: ours, and one of the server's.
_QUEUED = ("ALREADY_QUEUED", "ALREADY_IN_QUEUE")


@attrs.frozen(kw_only=True)
class Report:
    """The end of a load.

    Attributes:
        file: The input.
        loads: Each rep's load.
        unusable: Rows that belong to no load, by line, with the reason.
        finished: Whether the user let it finish.
        strict: Whether skipped rows are a failure.
        stopped_by: The code where the user did not.
        written: The file with the rows that did not get in, `None` when all did.
        write_error: Why that file could not be written.
        journal: Where the load is written down.
    """

    file: Path
    loads: Sequence[RepLoad]
    unusable: dict[int, str]
    finished: bool
    strict: bool
    stopped_by: ExitCode = ExitCode.INTERRUPTED
    written: Path | None = None
    write_error: str | None = None
    journal: Path | None = None

    @property
    def totals(self) -> Totals:
        """The fates of all rows of the file."""
        return sum((load.totals for load in self.loads), Totals(skipped=len(self.unusable)))

    @property
    def earlier(self) -> Totals:
        """How many of the added and skipped rows were so before this run."""
        return sum((load.settled_earlier for load in self.loads), Totals())

    @property
    def has_earlier(self) -> bool:
        """Whether an earlier run settled any of the rows."""
        return self.earlier.rows > 0

    @property
    def loaded_at(self) -> float | None:
        """When the last of all rows was settled, a Unix time, if this run had nothing to send; else `None`."""
        totals, earlier = self.totals, self.earlier
        sent = [row.at for load in self.loads for row in load.earlier.values()]
        finished = totals.added == earlier.added and not (totals.pending or totals.in_doubt)
        quiet = not any(load.error is not None or load.sent_now for load in self.loads)
        return max(sent) if sent and self.finished and finished and quiet else None

    @property
    def skipped(self) -> dict[str, int]:
        """Skipped rows by reason, the most frequent first."""
        counted = self.skipped_by_nobody
        for load in self.loads:
            counted += load.skipped_by_reason()
        return dict(counted.most_common())

    @property
    def skipped_by_nobody(self) -> Counter[str]:
        """Rows that belong to no load, by reason."""
        return Counter(reason.partition(":")[0] for reason in self.unusable.values())

    @property
    def reasons(self) -> dict[int, str]:
        """For each line that did not get in, or not with all of its numbers, why."""
        # The numbers of one line may have gone to several reps.
        return self.unusable | reasons_by_line(fate for load in self.loads for fate in load.fates())

    @property
    def exit_code(self) -> ExitCode:
        """The code that says it all, the worst first."""
        totals = self.totals
        hopeless = (AuthenticationError, PermissionDeniedError, JournalError)
        refused = any(isinstance(load.error, hopeless) for load in self.loads)
        verdicts = (
            (not self.finished, self.stopped_by),
            (totals.in_doubt > 0, ExitCode.IN_DOUBT),
            (refused or self.write_error is not None, ExitCode.ERROR),
            (totals.pending > 0, ExitCode.PENDING),
            (self.strict and totals.skipped > 0, ExitCode.SKIPPED),
            (self._all_in_vain, ExitCode.SKIPPED),
        )
        return next((code for met, code in verdicts if met), ExitCode.OK)

    @property
    def _all_in_vain(self) -> bool:
        """Whether every row was skipped, and not for standing in a queue already."""
        queued = sum(self.skipped.get(reason, 0) for reason in _QUEUED)
        return self.totals.rows > 0 and self.totals.skipped == self.totals.rows and not queued

    def errors(self) -> list[tuple[list[str], str]]:
        """Return each error once, with the reps whose loads it ended."""
        told: dict[str, tuple[list[str], str]] = {}
        for load in self.loads:
            if load.error is not None:
                words = explained(load.error) or sentence(load.error, rep=load.rep)
                reps, _ = told.setdefault(_sameness(load.error), ([], words))
                reps.append(load.name)
        return list(told.values())

    def as_json(self) -> dict[str, Any]:
        """Say it for a machine."""
        return {
            "file": str(self.file),
            "totals": self.totals.to_dict(),
            "earlier": _earlier(self.earlier),
            "nothing_to_send": self.loaded_at is not None,
            "skipped": self.skipped,
            "reps": [_rep(load) for load in self.loads],
            "unusable": [{"line": line, "reason": reason} for line, reason in self.unusable.items()],
            "not_added_file": str(self.written) if self.written is not None else None,
            "not_added_error": self.write_error,
            "interrupted": not self.finished,
            "journal": str(self.journal) if self.journal is not None else None,
            "exit_code": int(self.exit_code),
        }


def _sameness(error: Exception) -> str:
    if isinstance(error, AuthenticationError | PermissionDeniedError):
        # The key's fault, and not the rep's: their request ids alone differ.
        return f"{error.status} {error.code}"
    return sentence(error)


def _earlier(totals: Totals) -> dict[str, int]:
    return {"added": totals.added, "skipped": totals.skipped}


def _rep(load: RepLoad) -> dict[str, Any]:
    error = load.error
    told: dict[str, Any] | None = (
        None if error is None else {"type": type(error).__name__, "message": sentence(error, rep=load.rep)}
    )
    if isinstance(error, ApiError) and told is not None:
        told |= {"status": error.status, "code": error.code, "request_id": error.request_id}
    return {
        "rep": load.rep,
        **load.totals.to_dict(),
        "earlier": _earlier(load.settled_earlier),
        "skipped_by_reason": dict(load.skipped_by_reason()),
        "error": told,
    }
