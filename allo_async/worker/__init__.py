"""Tasks for a fleet of taskiq workers that load lists into dialing queues (extra: `worker`)."""

from allo_async.worker.loads import Loads
from allo_async.worker.reports import JobGivenUpError, JobProgress, JobReport, JobUnfinishedError

__all__ = ["JobGivenUpError", "JobProgress", "JobReport", "JobUnfinishedError", "Loads"]
