"""The caller's rows: pulled one by one, and cut into chunks."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from itertools import chain
from math import inf

import attrs

from allo_async._loading.prepare import PreparedRow, Preparer
from allo_async._loading.suppression import Suppression
from allo_async._loading.tables import refuse_no_rows
from allo_async._loading.time_slice import TimeSlice
from allo_async.errors import JournalError, RowSourceError, SuppressionError
from allo_async.models import ContactLike, SkippedNumber

#: What a load takes its rows from.
Rows = Iterable[ContactLike] | AsyncIterable[ContactLike]


class RowSource:
    """Pulls rows and counts them.

    Args:
        rows: Any sync or async iterable of rows.
        check: Is shown each row with its index, and may raise.

    Attributes:
        taken: How many rows were pulled, which is the index of the next one.

    Raises:
        TypeError: *rows* is a single row, a table passed whole, a file, or no iterable at all.
    """

    def __init__(self, rows: Rows, check: Callable[[int, object], None] | None = None) -> None:
        refuse_no_rows(rows)
        self.taken = 0
        self._check = check
        if not isinstance(rows, Iterable | AsyncIterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"rows must be an iterable or async iterable, not {type(rows).__name__}")
        self._sync_rows: Iterator[ContactLike] = iter(())
        self._async_rows: AsyncIterator[ContactLike] | None = None
        if isinstance(rows, AsyncIterable):
            self._async_rows = aiter(rows)
        else:
            self._sync_rows = iter(rows)

    @property
    def sync(self) -> bool:
        """Whether the rest can be had without waiting."""
        return self._async_rows is None

    async def next(self) -> tuple[int, object] | None:
        """Pull the next row with its index; `None` at the end.

        Raises:
            RowSourceError: The iterable raised.
            JournalError: The check's.
        """
        try:
            row = next(self._sync_rows) if self._async_rows is None else await anext(self._async_rows)
        except (StopIteration, StopAsyncIteration):
            return None
        except Exception as error:
            raise RowSourceError(f"the rows ended at row {self.taken} with {type(error).__name__}: {error}") from error
        index = self.taken
        if self._check is not None:
            try:
                self._check(index, row)
            except JournalError:
                # The row is taken once more when the rest is; what an async iterable has not given yet stays with it.
                rest = self._sync_rows if self._async_rows is None else ()
                self._sync_rows, self._async_rows = chain([row], rest), None
                raise
        self.taken += 1
        return index, row


# The most numbers that a predicate is asked for at once.
_MOST_ASKED = 1000

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


async def fill_chunk(
    chunk: Chunk,
    source: RowSource,
    preparer: Preparer,
    size: float,
    in_line: AbstractAsyncContextManager[object] | None = None,
) -> None:
    """Move rows from *source* into *chunk* until it has *size* rows to send, or the source ends; then screen them.

    A cancellation or an error leaves in *chunk* what was taken before, and nothing of it may be sent.

    Args:
        chunk: Where the rows go.
        source: Where they come from.
        preparer: Prepares them.
        size: How many rows to send it takes at the most.
        in_line: Held while rows are prepared, and not while anybody is asked for suppressed numbers.

    Raises:
        RowSourceError: The iterable raised.
        SuppressionError: Nobody can tell which numbers are suppressed.
    """
    in_line = in_line or nullcontext()
    if preparer.suppression is None:
        async with in_line:
            await take_unscreened(chunk, source, preparer, size)
        return
    try:
        await preparer.suppression.ready()
    except SuppressionError:
        # Nothing will be sent; the rows are taken all the same, so that a result can account for them.
        if source.sync:
            await take_unscreened(chunk, source, preparer, size)
        raise
    async with in_line:
        await take_unscreened(chunk, source, preparer, size)
    if preparer.suppression.asks:
        await _screen(chunk, preparer, preparer.suppression)


async def take_unscreened(chunk: Chunk, source: RowSource, preparer: Preparer, size: float) -> None:
    """Do as `fill_chunk` does, but ask nobody for suppressed numbers: none of the rows may be sent.

    Raises:
        RowSourceError: The iterable raised.
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


async def _screen(chunk: Chunk, preparer: Preparer, suppression: Suppression) -> None:
    """Ask the predicate for the numbers of *chunk*, and skip the rows that it suppresses.

    Raises:
        SuppressionError: It raised, or returned something of another kind; *chunk* is as it was.
    """
    numbers = list(await _numbers(chunk, preparer))
    for start in range(0, len(numbers), _MOST_ASKED):
        await suppression.ask(numbers[start : start + _MOST_ASKED])
    screened = Chunk()
    time_slice = TimeSlice()
    for row in chunk.rows:
        suppressed = preparer.suppressed(row)
        if suppressed is None:
            screened.rows.append(row)
        else:
            screened.skipped.append(suppressed)
        if time_slice.over:
            await time_slice.renew()
    for skipped in chunk.skipped:
        screened.skipped.append(preparer.suppressed(skipped) or skipped)
        if time_slice.over:
            await time_slice.renew()
    chunk.rows, chunk.skipped = screened.rows, screened.skipped


async def _numbers(chunk: Chunk, preparer: Preparer) -> dict[str, None]:
    """Return what the predicate is asked: each number once, also those of rows that stand in the queue already."""
    numbers = {row.wire: None for row in chunk.rows}
    time_slice = TimeSlice()
    for row in chunk.skipped:
        wire = preparer.wire(row) if row.reason == "ALREADY_QUEUED" else None
        if wire is not None:
            numbers[wire] = None
        if time_slice.over:
            await time_slice.renew()
    return numbers
