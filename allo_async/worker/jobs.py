"""One job after the other, or several at once: a list for one or several queues, with a journal of its own."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Unpack

from allo_async import (
    AlloClient,
    ApiError,
    ConfigurationError,
    ConflictError,
    ContactLike,
    CoordinationLostError,
    Journal,
    JournalBusyError,
    RateLimitedError,
    ServerError,
    SpreadOptions,
    SpreadResult,
    SpreadRun,
    TransportError,
)
from allo_async._sending.call_limits import cancel_and_wait
from allo_async.worker.attempts import Attempts
from allo_async.worker.reports import JobProgress, JobReport, JobUnfinishedError
from allo_async.worker.wordless import wordless

_log = logging.getLogger(__name__)

# Seconds after which a worker looks again whether the one that had the job before is done with its journal.
_BUSY = 1.0

# Seconds between two tellings of a job's progress.
_TELLING = 0.5

# The longest time between two tellings, in seconds, while each of them fails.
_TELLING_AT_THE_LEAST = 30.0

# How often the end of a job is told before the failure is only logged.
_LAST_TRIES = 3

# Bytes; a journal's file has more letters than the job's id, and no more than 255 in all.
_LONGEST_ID = 200

# Errors that pass by themselves: the job goes on when it is tried again.
_PASSING = (TransportError, ServerError, RateLimitedError, ConflictError, CoordinationLostError)

#: Is told how far a job has come.
Teller = Callable[[JobProgress], Awaitable[None]]


class Jobs:
    """Runs the jobs of one worker process.

    Args:
        journals: The folder of their journals.
        client: Makes the client, at the first job.

    Attributes:
        running: The ids of the jobs that run.
    """

    def __init__(self, journals: Path, client: Callable[[], AlloClient]) -> None:
        self._journals = journals
        self._attempts = Attempts(journals)
        self._make_client = client
        self._client: AlloClient | None = None
        self.running: list[str] = []

    @contextlib.asynccontextmanager
    async def attempt(self, job_id: str) -> AsyncGenerator[None]:
        """Count an attempt at a job, from before its file is read: its worker may die over either.

        Raises:
            ConfigurationError: *job_id* cannot be the name of a file.
            JobGivenUpError: Several workers have died over it.
        """
        _check_id(job_id)
        await asyncio.to_thread(self._journals.mkdir, parents=True, exist_ok=True)
        async with self._counted(job_id):
            with self._attempts.begun(job_id):
                yield

    async def run(
        self,
        job_id: str,
        rows: Sequence[ContactLike],
        assignees: Sequence[Mapping[str, str]],
        tell: Teller,
        *,
        unreadable: Mapping[int, str] | None = None,
        **options: Unpack[SpreadOptions],
    ) -> JobReport:
        """Load *rows* into the queues of *assignees*, or go on where the worker that had the job before has ended.

        Raises:
            ConfigurationError: *job_id* cannot be the name of a file.
            JobUnfinishedError: Something that may pass has kept it from finishing.
            AlloError: It cannot be done.
        """
        _check_id(job_id)
        await asyncio.to_thread(self._journals.mkdir, parents=True, exist_ok=True)
        journal = Journal(self._journals / f"{job_id}.journal")
        allo = self._client = self._client or self._make_client()
        queues = [allo.queue(**assignee) for assignee in assignees]
        async with self._counted(job_id), _telling(tell, lambda: self._attempts.forget(job_id)) as on_progress:
            options |= {"journal": journal, "load_id": job_id, "on_progress": on_progress}
            try:
                result = await _once_free(lambda: allo.spread(rows, over=queues, **options))
            except _PASSING as error:
                told = wordless(error)
                raise JobUnfinishedError(str(told)) from told
            except ApiError as error:
                raise wordless(error) from None
        report = JobReport.ended(result, journal, unreadable or {})
        passing = next((share.error for share in result.shares if isinstance(share.error, _PASSING)), None)
        if passing is not None and not result.is_settled:
            told = wordless(passing)
            raise JobUnfinishedError(f"{result.totals}: {told}", report=report) from told
        return report

    async def close(self) -> None:
        """Close the client, unless a job runs: what ends with its process is delivered again, what fails is not."""
        if self._client is not None and not self.running:
            await self._client.close()

    @contextlib.asynccontextmanager
    async def _counted(self, job_id: str) -> AsyncGenerator[None]:
        self.running.append(job_id)
        try:
            yield
        finally:
            self.running.remove(job_id)


def _check_id(job_id: str) -> None:
    """Refuse a job id that would be a path, or no name of a file.

    Raises:
        ConfigurationError: It is.
    """
    usable = job_id.isprintable() and not job_id.startswith(".") and not set(job_id) & set("/\\:")
    if not job_id.strip() or not usable or len(job_id.encode("utf-8", "replace")) > _LONGEST_ID:
        raise ConfigurationError(
            f"a job id names its journal's file: 1 to {_LONGEST_ID} bytes of printable text that is not blank, does not"
            f" begin with a dot and has no slash, backslash or colon, not {job_id[:40]!r}"
        )


async def _once_free(load: Callable[[], Awaitable[SpreadResult]]) -> SpreadResult:
    while True:
        try:
            return await load()
        except JournalBusyError:
            # The worker that had the job before is slow, and not dead as the broker thinks.
            await asyncio.sleep(_BUSY)


@contextlib.asynccontextmanager
async def _telling(tell: Teller, further: Callable[[], None]) -> AsyncGenerator[Callable[[SpreadRun], None]]:
    """Return what notes how far a run has come, which is told every now and then, and at the end.

    *further* is called when the first rows of the run are settled.
    """
    progress = _Progress(tell, further)
    telling = asyncio.create_task(progress.keep_telling())
    try:
        yield progress.note
    finally:
        await cancel_and_wait(telling)
    await progress.tell_end()


class _Progress:
    """The progress of one job; a result backend that fails costs a telling, and neither the next one nor the job."""

    def __init__(self, tell: Teller, further: Callable[[], None]) -> None:
        self._tell = tell
        self._further: Callable[[], None] | None = further
        self._settled_before: int | None = None
        self._latest: SpreadRun | None = None
        self._failures = 0

    def note(self, run: SpreadRun) -> None:
        """Remember how far *run* has come."""
        self._latest = run
        if self._settled_before is None:
            self._settled_before = run.rows_settled
        if self._further is not None and run.rows_settled > self._settled_before:
            self._further()
            self._further = None

    async def keep_telling(self) -> None:
        """Report each change, and more rarely while that fails."""
        while True:
            await asyncio.sleep(self._pause)
            await self._tell_latest()

    async def tell_end(self) -> None:
        """Report how the job ended, in a few tries."""
        self._failures = 0
        for _ in range(_LAST_TRIES):
            if await self._tell_latest():
                return
            await asyncio.sleep(self._pause)

    @property
    def _pause(self) -> float:
        return min(_TELLING * 2.0 ** min(self._failures, 16), _TELLING_AT_THE_LEAST)

    async def _tell_latest(self) -> bool:
        """Report what is new, and return whether nothing is left to be told."""
        run, self._latest = self._latest, None
        if run is None:
            return True
        try:
            async with asyncio.timeout(_TELLING_AT_THE_LEAST):
                await self._tell(JobProgress.of(run.result()))
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - the job is worth more than any result backend
            self._failures += 1
            if self._latest is None:
                self._latest = run
            _log.warning("the progress of a job was not reported: %s", type(error).__name__)
            return False
        self._failures = 0
        return True


def whose(over: Sequence[str], *, mine: bool) -> list[Mapping[str, str]]:
    """Return whose queues those are, as `AlloClient.queue` takes it.

    Args:
        over: E-mail addresses or user ids.
        mine: Whether it is the key owner's own, which nobody should load by forgetting to say whose.

    Raises:
        ConfigurationError: It is nobody's, or both.
    """
    if mine == bool(over):
        raise ConfigurationError("say whose queue it is: over=[email or user id, …] or mine=True, one of them")
    return [{}] if mine else [{"email" if "@" in who else "user_id": who} for who in over]
