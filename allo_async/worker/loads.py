"""The tasks that load lists, on a broker of taskiq's."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from taskiq import AsyncBroker, Context, TaskiqDepends, TaskiqEvents
from taskiq.depends.progress_tracker import (  # pyright: ignore[reportMissingTypeStubs] - typed, but has no __init__
    TaskProgress,
    TaskState,
)
from taskiq.exceptions import NoResultError
from taskiq.serializers import PickleSerializer

from allo_async import QUEUE_CAPACITY, AlloClient, ConfigurationError, SpreadStrategy
from allo_async.leads.columns import Columns, ColumnsError, find_columns
from allo_async.leads.leads_file import LeadsFile
from allo_async.leads.screening import screen
from allo_async.worker.files import read_below
from allo_async.worker.jobs import Jobs, Teller, whose
from allo_async.worker.reports import JobProgress, JobReport, JobUnfinishedError

_log = logging.getLogger(__name__)


class Loads:
    """Puts the tasks `load_rows` and `load_file` on a broker, for a fleet of workers.

    A job is one list for one or several queues. It runs in one worker at a time, with a journal of its own, so that
    the worker that takes the job over after that one's death goes on where it was. The broker decides which worker runs
    which job, and when again: take `allo_async.worker.streams.redis_broker`, or another that redelivers messages that
    were not acknowledged, and a result backend. The tasks are labelled to be retried on a `JobUnfinishedError`, by
    taskiq's retry middlewares. A job that fails for good, as with bad input, is reported once and not delivered again;
    so is a job over which ten workers have died without any progress.

    Rows are personal data. They stand in the job's message, in the clear, until the job is done; `redis_broker` deletes
    it then, and results, which have no rows, after a day. A journal keeps the rows for as long as the application
    keeps it. At the level DEBUG, taskiq logs whole messages.

    Args:
        broker: The broker of taskiq.
        journals: The folder of the jobs' journals, which all workers reach. A job that is delivered twice needs its
            journal: keep them for as long as the broker may do so.
        files: The folder below which `load_file` reads; without one, it reads nothing.
        client: Makes the client of a worker process, which closes it when it ends.

    Raises:
        ConfigurationError: The results are pickles, which run any code that is put into them.

    Attributes:
        load_rows: Loads rows that the message carries.
        load_file: Loads a file of the workers' folder.

    Example:
        ```python
        loads = Loads(redis_broker(url), journals="journals", files="lists")

        job = await loads.load_rows.kiq(rows, over=["marie@acme.example", "tom@acme.example"], region="FR")
        print(await loads.progress(job.task_id))
        report = (await job.wait_result()).return_value
        ```
    """

    def __init__(
        self,
        broker: AsyncBroker,
        *,
        journals: str | os.PathLike[str],
        files: str | os.PathLike[str] | None = None,
        client: Callable[[], AlloClient] = AlloClient,
    ) -> None:
        _refuse_pickle(broker)
        folder = None if files is None else Path(files)
        self._broker = broker
        self._jobs = jobs = Jobs(Path(journals), client)
        self._background: list[asyncio.Task[None]] = []
        again: dict[str, Any] = {"retry_on_error": True, "types_of_exceptions": (JobUnfinishedError,)}

        # taskiq renames what it makes a task of, and so wants functions and no methods.
        @broker.task("allo_async:load_rows", **again)
        async def load_rows(
            rows: list[Any],
            over: list[str] | None = None,
            *,
            mine: bool = False,
            region: str | None = None,
            strategy: SpreadStrategy = "even",
            chunk_size: int = QUEUE_CAPACITY,
            skip_queued: bool = False,
            keep_duplicates: bool = False,
            context: Context = TaskiqDepends(),
        ) -> JobReport:
            """Load *rows* into the queues of *over*, e-mail addresses or user ids, or into the key owner's, as *mine*.

            The other options are those of `AlloClient.spread`.

            Raises:
                ConfigurationError: The job has neither *over* nor *mine*, or both.
                JobUnfinishedError: Something that may pass, such as an outage, kept the job from finishing.
                JobGivenUpError: Ten workers have died over the job.
                AlloError: The job cannot be done.
            """
            async with jobs.attempt(context.message.task_id):
                return await jobs.run(
                    context.message.task_id,
                    rows,
                    whose(over or [], mine=mine),
                    _teller(context),
                    region=region,
                    strategy=strategy,
                    chunk_size=chunk_size,
                    skip_queued=skip_queued,
                    keep_duplicates=keep_duplicates,
                )

        @broker.task("allo_async:load_file", **again)
        async def load_file(
            path: str,
            over: list[str] | None = None,
            *,
            mine: bool = False,
            columns: dict[str, str] | None = None,
            region: str | None = None,
            strategy: SpreadStrategy = "even",
            chunk_size: int = QUEUE_CAPACITY,
            skip_queued: bool = False,
            keep_duplicates: bool = False,
            context: Context = TaskiqDepends(),
        ) -> JobReport:
            """Load the file at *path* in the workers' folder as `load_rows` does: CSV, a workbook or JSON.

            *columns* names the column of a field if its header does not say so: `{"number": "Tel. 2"}`. Rows of people
            that a column says not to call are left out, and reported as unreadable ones are.

            Raises:
                UnreadableFileError: There is no such file below that folder, or it has no rows.
                ColumnsError: No column has the numbers.
                JobUnfinishedError: As for `load_rows`.
                JobGivenUpError: As for `load_rows`.
                AlloError: As for `load_rows`.
            """
            async with jobs.attempt(context.message.task_id):
                file = await asyncio.to_thread(read_below, folder, path)
                found = _columns_of(file, columns or {})
                screened = screen(file, found)
                # The reason names a column, and a list without headers has a person's cells there.
                left_out = {line: told.partition(":")[0] for line, told in screened.left_out.items()}
                unreadable = {row.line: row.problem for row in file.rows if row.problem is not None}
                return await jobs.run(
                    context.message.task_id,
                    [
                        found.contact(row.cells)
                        for row in file.rows
                        if row.line in unreadable or row.line not in left_out
                    ],
                    whose(over or [], mine=mine),
                    _teller(context),
                    unreadable=left_out | unreadable,
                    region=region,
                    strategy=strategy,
                    chunk_size=chunk_size,
                    skip_queued=skip_queued,
                    keep_duplicates=keep_duplicates,
                    # A person who must not be called may stand in another row, too.
                    suppress=screened.opted_out or None,
                )

        self.load_rows = load_rows
        self.load_file = load_file
        self._wake = broker.task("allo_async:wake")(_nothing)
        broker.add_event_handler(TaskiqEvents.WORKER_STARTUP, self._start)
        broker.add_event_handler(TaskiqEvents.WORKER_SHUTDOWN, self._stop)

    async def progress(self, job_id: str) -> JobProgress | None:
        """Return how far a job has come; `None` before its first chunk."""
        progress: TaskProgress[Any] | None = await self._broker.result_backend.get_progress(job_id)
        return None if progress is None else JobProgress.model_validate(progress.meta)

    async def _start(self, _: object) -> None:
        # taskiq-redis looks for what dead workers have left only after a message has come in.
        idle = getattr(self._broker, "idle_timeout", None)
        if idle is not None:
            from allo_async.worker.renewal import Renewal  # noqa: PLC0415 - other brokers come without Redis

            self._background = [
                asyncio.create_task(self._keep_waking(idle / 2_000)),
                asyncio.create_task(Renewal(self._broker, lambda: self._jobs.running).keep()),
            ]

    async def _stop(self, _: object) -> None:
        for task in self._background:
            task.cancel()
        await self._jobs.close()

    async def _keep_waking(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await self._wake.kiq()
            except Exception as error:  # noqa: BLE001 - whatever it was, the next one may do
                # Without the frames, whose locals hold the password of Redis.
                _log.warning("the broker did not take a message: %s", type(error).__name__)


def _refuse_pickle(broker: AsyncBroker) -> None:
    for part in (broker, broker.result_backend):
        if isinstance(getattr(part, "serializer", None), PickleSerializer):
            raise ConfigurationError(
                f"{type(part).__name__} reads pickles, which run what anybody has put into them:"
                " give it serializer=JSONSerializer(), or take allo_async.worker.streams.redis_broker"
            )


def _columns_of(file: LeadsFile, columns: Mapping[str, str]) -> Columns:
    """Find the columns of *file*.

    Raises:
        ColumnsError: They cannot be told. Its text, which stands in Redis and in the log, has no header: in a list
            without headers that is a person.
    """
    mapped = [f"{field}={header}" for field, header in columns.items()]
    try:
        return find_columns(file.columns, mapped, rows=(row.cells for row in file.rows))
    except ColumnsError:
        raise ColumnsError(
            "columns={…} does not fit the file: it names a field or a column that there is not, or none for the number"
            if columns
            else 'no column looks like a phone number: name it with columns={"number": "…"}'
        ) from None


def _teller(context: Context) -> Teller:
    async def tell(progress: JobProgress) -> None:
        told = TaskProgress(state=TaskState.STARTED, meta=progress.model_dump())
        await context.broker.result_backend.set_progress(context.message.task_id, told)

    return tell


async def _nothing() -> None:
    raise NoResultError
