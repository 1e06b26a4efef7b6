"""The rest of the input, once a call has ended: taken without being sent, and as fast as can be."""

import contextlib

from allo_async._loading.account import told
from allo_async._loading.log import LoadLog
from allo_async._loading.prepare import Preparer
from allo_async._loading.source import RowSource
from allo_async._loading.time_slice import TimeSlice
from allo_async.errors import RowSourceError
from allo_async.models import AddedNumber, AppendResult, PendingContact, SkippedNumber


async def take_rest(source: RowSource, preparer: Preparer, log: LoadLog) -> AppendResult:
    """Take what is left of a sync iterable: pending rows, local skips, and what earlier runs of the load came to.

    What an async iterable has not given yet stays with the caller: waiting for it could take for ever.
    """
    result = AppendResult()
    time_slice = TimeSlice()
    with contextlib.suppress(RowSourceError):
        while source.sync and (taken := await source.next()) is not None:
            _note(result, *taken, preparer, log)
            if time_slice.over:
                await time_slice.renew()
    return result


def _note(result: AppendResult, index: int, row: object, preparer: Preparer, log: LoadLog) -> None:
    contact = preparer.set_aside(index, row)
    if isinstance(contact, SkippedNumber):
        result.skipped.append(contact)
        return
    outcome = log.outcome(index)
    if outcome is None:
        result.pending.append(PendingContact(index=index, contact=contact))
        return
    fate = told(index, contact, outcome)
    if isinstance(fate, AddedNumber):
        result.added.append(fate)
    elif isinstance(fate, SkippedNumber):
        result.skipped.append(fate)
    else:
        result.in_doubt.append(fate)
