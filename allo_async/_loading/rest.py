"""The rest of the input, once a call has ended: taken without being sent, and as fast as can be."""

import contextlib

from allo_async._loading.load_log import LoadLog, Outcome
from allo_async._loading.outcomes import Told, note, recalled, told
from allo_async._loading.prepare import Preparer
from allo_async._loading.rows import RowSource
from allo_async._loading.time_slice import TimeSlice
from allo_async.errors import RowSourceError
from allo_async.models import AppendResult, Contact, PendingContact, SkippedNumber


async def drain(source: RowSource, preparer: Preparer, log: LoadLog) -> AppendResult:
    """Take what is left of a sync iterable: pending rows, local skips, and what earlier runs of the load came to.

    What an async iterable has not given yet stays with the caller: waiting for it could take for ever.
    """
    result = AppendResult()
    time_slice = TimeSlice()
    with contextlib.suppress(RowSourceError):
        while source.sync and (taken := await source.next()) is not None:
            index, row = taken
            contact, outcome = preparer.set_aside(index, row), log.outcome(index)
            if outcome is None and isinstance(contact, Contact):
                result.pending.append(PendingContact(index=index, contact=contact))
            else:
                note(result, _fate(contact, index, outcome, log))
            if time_slice.over:
                await time_slice.renew()
    await log.record_rest(result.skipped)
    return result


def _fate(contact: Contact | SkippedNumber, index: int, outcome: Outcome | None, log: LoadLog) -> Told:
    if not isinstance(contact, SkippedNumber):
        return told(index, contact, outcome)
    return recalled(contact, outcome) if log.recalls(index) else contact
