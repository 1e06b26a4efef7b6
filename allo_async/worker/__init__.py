"""Tasks for a fleet of taskiq workers that load lists into dialing queues (extra: `worker`)."""

try:
    from allo_async.worker.loads import Loads
    from allo_async.worker.reports import JobGivenUpError, JobProgress, JobReport, JobUnfinishedError
except ModuleNotFoundError as error:
    if error.name not in {"pydantic", "redis", "taskiq", "taskiq_redis"}:
        raise
    raise ModuleNotFoundError(
        f"allo_async.worker needs {error.name}: pip install 'allo-async[worker]'", name=error.name
    ) from error

__all__ = ["JobGivenUpError", "JobProgress", "JobReport", "JobUnfinishedError", "Loads"]
