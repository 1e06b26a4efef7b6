"""One job after the other, or several at once: a list for one or several queues, with a journal of its own."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Unpack

from allo_async import (
    AlloClient,
    ConfigurationError,
    ConflictError,
    ContactLike,
    CoordinationLostError,
    Journal,
    JournalBusyError,
    NoReplyError,
    RateLimitedError,
    ServerError,
    SpreadOptions,
    SpreadResult,
    SpreadRun,
)
from allo_async._sending.call_limits import cancel_and_wait
from allo_async.worker.reports import JobProgress, JobReport, JobUnfinishedError

# Seconds after which a worker looks again whether the one that had the job before is done with its journal.
_BUSY = 1.0

# Seconds between two tellings of a job's progress.
_TELLING = 0.5

# What passes by itself: the job goes on when it is tried again.
_PASSING = (NoReplyError, ServerError, RateLimitedError, ConflictError, CoordinationLostError)

#: Is told how far a job has come.
Teller = Callable[[JobProgress], Awaitable[None]]


class Jobs:
    """Runs the jobs of one worker process.

    Args:
        journals: The folder of their journals.
        client: Makes the client, at the first job.
    """

    def __init__(self, journals: Path, client: Callable[[], AlloClient]) -> None:
        self._journals = journals
        self._make_client = client
        self._client: AlloClient | None = None
        self._running = 0

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
        """Load *rows* into the queues of *assignees*, or go on where whoever had the job before has ended.

        Raises:
            JobUnfinishedError: Something that may pass has kept it from finishing.
            AlloError: It cannot be done.
        """
        await asyncio.to_thread(self._journals.mkdir, parents=True, exist_ok=True)
        journal = Journal(self._journals / f"{job_id}.journal")
        allo = self._client = self._client or self._make_client()
        queues = [allo.queue(**assignee) for assignee in assignees]
        async with self._counted(), _telling(tell) as on_progress:
            options |= {"journal": journal, "load_id": job_id, "on_progress": on_progress}
            try:
                result = await _once_free(lambda: allo.spread(rows, over=queues, **options))
            except _PASSING as error:
                raise JobUnfinishedError(str(error)) from error
        report = JobReport.ended(result, journal, unreadable or {})
        passing = next((share.error for share in result.shares if isinstance(share.error, _PASSING)), None)
        if passing is not None and not result.settled:
            raise JobUnfinishedError(f"{result.totals}: {passing}", report=report) from passing
        return report

    async def close(self) -> None:
        """Close the client, unless a job runs: what ends with its process is delivered again, what fails is not."""
        if self._client is not None and not self._running:
            await self._client.close()

    @contextlib.asynccontextmanager
    async def _counted(self) -> AsyncGenerator[None]:
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1


async def _once_free(load: Callable[[], Awaitable[SpreadResult]]) -> SpreadResult:
    while True:
        try:
            return await load()
        except JournalBusyError:
            # Who had the job before is slow, and not dead as the broker thinks.
            await asyncio.sleep(_BUSY)


@contextlib.asynccontextmanager
async def _telling(tell: Teller) -> AsyncGenerator[Callable[[SpreadRun], None]]:
    """Give what notes how far a run has come, which is told every now and then, and at the end."""
    latest: list[SpreadRun] = []

    async def tell_latest() -> None:
        if latest:
            await tell(JobProgress.of(latest.pop().result()))

    async def keep_telling() -> None:
        while True:
            await asyncio.sleep(_TELLING)
            await tell_latest()

    def note(run: SpreadRun) -> None:
        latest[:] = [run]

    telling = asyncio.create_task(keep_telling())
    try:
        yield note
    finally:
        await cancel_and_wait(telling)
    await tell_latest()


def whose(over: Sequence[str], *, mine: bool) -> list[Mapping[str, str]]:
    """Tell whose queues those are, as `AlloClient.queue` takes it.

    Args:
        over: E-mail addresses or user ids.
        mine: Whether it is the key owner's own, which nobody should load by forgetting to say whose.

    Raises:
        ConfigurationError: It is nobody's, or both.
    """
    if mine == bool(over):
        raise ConfigurationError("say whose queue it is: over=[email or user id, …] or mine=True, one of them")
    return [{}] if mine else [{"email" if "@" in who else "user_id": who} for who in over]
