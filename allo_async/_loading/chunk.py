"""A stretch of the input, no larger than one request may be."""

from math import inf

import attrs

from allo_async._loading.prepare import PreparedRow, Preparer
from allo_async._loading.source import Rows, RowSource
from allo_async._loading.time_slice import TimeSlice
from allo_async.models import SkippedNumber

# A stretch of rows that are nearly all skipped ends too, so that memory stays bounded.
_SKIPPED_FOR_EACH_SENT = 10


@attrs.define
class Chunk:
    """Rows that follow each other in the input: those to send, and those skipped locally among them."""

    rows: list[PreparedRow] = attrs.field(factory=list[PreparedRow])
    skipped: list[SkippedNumber] = attrs.field(factory=list[SkippedNumber])

    def __bool__(self) -> bool:
        return bool(self.rows or self.skipped)


async def take_all(rows: Rows, preparer: Preparer) -> Chunk:
    """Take all *rows* into one chunk.

    Raises:
        RowSourceError: The iterable raised.
    """
    chunk = Chunk()
    await fill_chunk(chunk, RowSource(rows), preparer, inf)
    return chunk


async def fill_chunk(chunk: Chunk, source: RowSource, preparer: Preparer, size: float) -> None:
    """Move rows from *source* into *chunk* until it has *size* rows to send, or the source ends.

    A cancellation or an error of the source leaves in *chunk* what was taken before.
    """
    time_slice = TimeSlice()
    while len(chunk.rows) < size and len(chunk.skipped) < size * _SKIPPED_FOR_EACH_SENT:
        taken = await source.next()
        if taken is None:
            return
        prepared = preparer.prepare(*taken)
        if isinstance(prepared, SkippedNumber):
            chunk.skipped.append(prepared)
        else:
            chunk.rows.append(prepared)
        if time_slice.over:
            await time_slice.renew()
