"""The progress and the report of a job."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel

from allo_async import AlloError, Journal, SpreadResult
from allo_async.worker.wordless import wordless


class JobProgress(BaseModel):
    """How far a job has come.

    Attributes:
        rows: How many rows it has.
        added: How many are in a queue.
        skipped: How many are in none, for good.
        pending: How many are in none yet.
        in_doubt: How many were sent, without evidence whether they arrived.
    """

    rows: int
    added: int
    skipped: int
    pending: int
    in_doubt: int

    @classmethod
    def of(cls, result: SpreadResult) -> "JobProgress":
        """Count the fates of *result*."""
        return JobProgress(**result.totals.to_dict())


class JobReport(JobProgress):
    """The outcome of a job.

    Attributes:
        recovered: How many requests' replies were lost and came back.
        skipped_by_reason: How many rows were skipped for which reason.
        queues: Each queue's name, counts and error, which has no words of the server's.
        unreadable: Of a file, the lines that could not be read or must not be called, each with the reason,
            which has no text of the file's.
        journal: The journal's path, with the fate of every row; `allo-async journal export` makes a CSV of it.
    """

    recovered: int
    skipped_by_reason: dict[str, int]
    queues: list[dict[str, Any]]
    unreadable: dict[int, str]
    journal: str

    @classmethod
    def ended(cls, result: SpreadResult, journal: Journal, unreadable: Mapping[int, str]) -> Self:
        """Report a job that ended with *result*."""
        return cls(
            **result.totals.to_dict(),
            recovered=result.recovered,
            skipped_by_reason=result.skipped_by_reason(),
            queues=_queues(result),
            unreadable=dict(unreadable),
            journal=str(journal.path),
        )


class JobUnfinishedError(AlloError):
    """A job did not finish, for a reason that may pass; tried again, the job goes on where it was.

    Attributes:
        report: The job's outcome so far, `None` if that is not known.
    """

    def __init__(self, message: str, *, report: JobReport | None = None) -> None:
        super().__init__(message)
        self.report = report


class JobGivenUpError(AlloError):
    """Ten workers have died over a job without any progress; it is not tried again."""


def _queues(result: SpreadResult) -> list[dict[str, Any]]:
    return [
        row | {"error": None if share.error is None else str(wordless(share.error))}
        for row, share in zip(result.table(), result.shares, strict=True)
    ]
