"""How often a job was begun by processes that died over it."""

import contextlib
from collections.abc import Generator
from pathlib import Path

from allo_async.worker.reports import JobGivenUpError

# A file that makes its reader abort would otherwise be delivered to one worker after the other, for ever. Deploys end
# workers several times in a row, too, and are no fault of the job.
_MOST = 10


class Attempts:
    """Counts, in a file beside the journals, the attempts at a job that had neither an end nor any progress.

    Args:
        folder: Where the files are; all workers reach it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.contextmanager
    def begun(self, job_id: str) -> Generator[None]:
        """Record that an attempt begins, and forget it at its end, whatever that is.

        Raises:
            JobGivenUpError: Several processes have died over the job.
        """
        try:
            # A byte each: what a death leaves half written is no number that nobody can read.
            with self._file(job_id).open("ab") as file:
                if file.tell() >= _MOST:
                    raise JobGivenUpError(
                        f"{_MOST} workers have died over this job without any progress, so it is not tried again: look"
                        " into their logs, and whether its file can be read"
                    )
                file.write(b".")
            yield
        finally:
            self.forget(job_id)

    def forget(self, job_id: str) -> None:
        """Count anew: the job has come further, or has ended."""
        self._file(job_id).unlink(missing_ok=True)

    def _file(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.attempts"
