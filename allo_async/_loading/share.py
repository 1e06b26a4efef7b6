"""One queue of a spread, while it runs."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any

import attrs

from allo_async._loading.allocate import Allocation, Weighed
from allo_async._loading.outcomes import Outcomes
from allo_async._loading.pending_append import AppendCall
from allo_async._loading.prepared_rows import PreparedRow
from allo_async._sending.call_limits import cancel_and_wait
from allo_async.clock import TimeSlice
from allo_async.errors import AlloError, JournalError
from allo_async.models import Assignee, QueueShare, Totals


@attrs.define
class Share:
    """One queue's part in a spread.

    Attributes:
        call: The spread's terms for it.
        closed: Whether it is settled only, and gets nothing any more.
        room: How many more numbers it holds.
        added: How many numbers of the load it has.
        recovered: How many lost replies of an earlier run came back.
        error: The error that ended its part early.
    """

    call: AppendCall
    closed: bool = False
    room: int = 0
    added: int = 0
    recovered: int = 0
    error: AlloError | None = None

    @property
    def assignee(self) -> Assignee:
        """Whose queue it is."""
        return self.call.assignee

    @property
    def open(self) -> bool:
        """Whether rows may be allocated to it."""
        return self.error is None and self.room > 0

    def told(self, totals: Totals) -> QueueShare:
        """Return its part in the result, with the fates of its rows."""
        return QueueShare(user_id=self.assignee.user_id, email=self.assignee.email, totals=totals, error=self.error)


def raise_journal_error(shares: Iterable[Share]) -> None:
    """Raise the error of the journal that ended a share's part, if one did.

    A queue costs the others nothing; without the journal, nothing more may be sent to any.

    Raises:
        JournalError: It cannot be used.
    """
    for share in shares:
        if isinstance(share.error, JournalError):
            raise share.error


def parts(shares: Sequence[Share], queue_indexes: Mapping[int, int], outcomes: Outcomes) -> list[QueueShare]:
    """Return each queue's part in the fates of the rows that were sent, which *queue_indexes* has."""
    fates = Counter((queue_index, outcomes.fate(index)) for index, queue_index in queue_indexes.items())
    return [
        share.told(
            Totals(added=fates[index, "added"], skipped=fates[index, "skipped"], in_doubt=fates[index, "in_doubt"])
        )
        for index, share in enumerate(shares)
    ]


async def assigned(
    rows: Sequence[Weighed[PreparedRow]], allocations: Sequence[Allocation[PreparedRow]], shares: Sequence[Share]
) -> dict[int, tuple[PreparedRow, Assignee | None]]:
    """Return each of *rows* by its index, with the assignee of its queue; with `None` if it has no queue."""
    found: dict[int, tuple[PreparedRow, Assignee | None]] = {}
    time_slice = TimeSlice()
    nobody = ((row, None) for row, _ in rows)
    given = ((row, share.assignee) for share, part in zip(shares, allocations, strict=True) for row in part.rows)
    for row, assignee in itertools.chain(nobody, given):
        found[row.index] = row, assignee
        if time_slice.over:
            await time_slice.renew()
    return found


async def run_together(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run *coroutines* at the same time; the first error ends the others, and is raised as it is.

    A task group would not do: that of Python 3.11 leaves its own cancellation on the task that waits.
    """
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    if not tasks:
        return
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await cancel_and_wait(*(task for task in tasks if not task.done()))
    errors = [task.exception() for task in tasks if not task.cancelled()]
    for error in filter(None, errors):
        raise error
