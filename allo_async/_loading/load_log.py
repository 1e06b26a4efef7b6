"""The record of a load, by which it can be taken up again: the port, which by itself keeps nothing."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import attrs

from allo_async._loading.prepare import SentNumbers
from allo_async._loading.prepared_rows import PreparedRow
from allo_async._sending.verdict import Timestamp
from allo_async._wire.answers import KnownEnd
from allo_async._wire.requests import Request
from allo_async.models import Assignee, SkippedNumber

#: Marks an entry that says what the client saw, and not the server.
BY_CLIENT = "allo_async.by_client"


class Outcome(NamedTuple):
    """The fate of a row, as the server's reply has it.

    Attributes:
        fate: Which of a result's lists the row is in.
        entry: The server's entry; for a row in doubt, the `reason`.
    """

    fate: Literal["added", "skipped", "in_doubt"]
    entry: Mapping[str, Any]


@attrs.define(eq=False)
class Batch:
    """A batch of the input that is sent at once, and what is written of it.

    Attributes:
        assignee: Whose queue it goes to.
        rows: The rows.
        before: The last entries of the queue before, `None` if they are unknown.
        request: The request of an earlier process, `None` for rows that were not sent before.
        first_used: When that process used the key first.
        chunk: The log's own name for it, once it is written.
    """

    assignee: Assignee
    rows: Sequence[PreparedRow] = attrs.field(repr=False)
    before: KnownEnd | None = attrs.field(repr=False)
    request: Request | None = None
    first_used: Timestamp | None = None
    chunk: int | None = None


class LoadLog:
    """Written before a batch is sent and after its answer; whatever it cannot write, it raises a `JournalError` for.

    By itself, it keeps nothing and knows nothing.

    Attributes:
        writes: Whether anything is written down.
    """

    writes = False

    def check(self, index: int, row: object) -> None:
        """Compare the *row* at *index* with what an earlier run took there.

        Raises:
            InputChangedError: It is another row.
        """

    def outcome(self, index: int) -> Outcome | None:  # noqa: ARG002 - for those that know something
        """Return what is known of the row at *index*, `None` for a row that was not sent or was refused."""
        return None

    def recalls(self, index: int) -> bool:  # noqa: ARG002 - as above
        """Return whether an earlier run sent the row at *index*, so that its fate is no longer this run's to say."""
        return False

    def queue(self, index: int) -> Assignee | None:  # noqa: ARG002 - as above
        """Return the queue that an earlier run sent or dealt the row at *index* to."""
        return None

    def queues(self) -> Collection[Assignee]:
        """Return the queues that earlier runs sent rows to."""
        return ()

    def sent_numbers(self) -> SentNumbers:
        """Return the numbers that earlier runs sent."""
        return SentNumbers()

    def queued_numbers(self) -> SentNumbers:
        """Return the numbers that earlier runs put into a queue, or may have."""
        return SentNumbers()

    def in_flight(self, assignee: Assignee) -> list[Batch]:  # noqa: ARG002 - as above
        """Return what an earlier run was sending to the queue of *assignee* when it ended."""
        return []

    async def record_intent(self, batch: Batch, request: Request, first_used: Timestamp) -> None:
        """Write that *batch* is about to be sent as *request*."""

    def withdraw(self, batch: Batch) -> None:
        """Write that *batch* was not sent after all, as soon as that can be."""

    async def record_outcome(self, batch: Batch, outcomes: Mapping[int, Outcome]) -> None:
        """Write what became of the rows of *batch*."""

    async def record_refusal(self, batch: Batch) -> None:
        """Write that *batch* was refused as a whole."""

    async def record_skips(self, rows: Sequence[SkippedNumber]) -> None:
        """Write which rows were never sent, and why."""

    async def record_allocation(self, rows: Mapping[int, tuple[PreparedRow, Assignee | None]]) -> None:
        """Write which row was dealt to which queue of a spread, or to none."""

    async def record_end(self, rows: int) -> None:
        """Write that the input ended after *rows* rows."""

    async def record_rest(self, skipped: Sequence[SkippedNumber], rows: int | None) -> None:
        """Write what became of the rows that were taken after the load had ended, *skipped* among them.

        Args:
            skipped: Those that are not sent.
            rows: How many rows the input has, `None` where they were not taken to the end.

        Raises:
            InputChangedError: An earlier run took more.
        """

    async def close(self, skipped: Sequence[SkippedNumber] = ()) -> None:
        """Write what no batch has, *skipped* among it, and let others have the load and the file."""


@attrs.frozen
class LogOpener:
    """Opens the log of a load, at its first step.

    Attributes:
        unopened: The log before it is opened.
        open: Opens it, and raises a `JournalError` where it cannot be.
        read: Reads what can be known of a load that could not be opened; it never raises.
    """

    unopened: LoadLog
    open: Callable[[], Awaitable[LoadLog]]
    read: Callable[[], Awaitable[LoadLog]]


class UnreadLog(LoadLog):
    """A log that could not be read: an earlier run of the load may have sent any row."""

    def outcome(self, index: int) -> Outcome | None:  # noqa: ARG002 - the port's
        """Doubt every row."""
        return Outcome("in_doubt", {"reason": "the journal was not read, and an earlier run may have sent it"})


async def _no_log() -> LoadLog:
    return LoadLog()


NO_LOG = LogOpener(LoadLog(), _no_log, _no_log)
