"""The rest of the input, once a call has ended: taken without being sent, and as fast as can be."""

import contextlib

from allo_async._loading.account import note, told
from allo_async._loading.log import LoadLog
from allo_async._loading.prepare import Preparer
from allo_async._loading.source import RowSource
from allo_async._loading.time_slice import TimeSlice
from allo_async.errors import RowSourceError
from allo_async.models import AppendResult, SkippedNumber


async def take_rest(source: RowSource, preparer: Preparer, log: LoadLog) -> AppendResult:
    """Take what is left of a sync iterable: pending rows, local skips, and what earlier runs of the load came to.

    What an async iterable has not given yet stays with the caller: waiting for it could take for ever.
    """
    result = AppendResult()
    time_slice = TimeSlice()
    with contextlib.suppress(RowSourceError):
        while source.sync and (taken := await source.next()) is not None:
            index, row = taken
            contact = preparer.set_aside(index, row)
            fate = contact if isinstance(contact, SkippedNumber) else told(index, contact, log.outcome(index))
            note(result, fate)
            if time_slice.over:
                await time_slice.renew()
    return result
