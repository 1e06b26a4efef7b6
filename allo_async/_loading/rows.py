"""The caller's rows: pulled one by one, and cut into chunks."""

import asyncio
import itertools
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable, Sized
from contextlib import AbstractAsyncContextManager, nullcontext
from time import perf_counter
from typing import Any, cast

import attrs

from allo_async._loading.contacts import refuse_no_rows
from allo_async._loading.prepare import Preparer
from allo_async._loading.prepared_rows import PreparedRows
from allo_async._loading.screening import screened
from allo_async.clock import Clock, TimeSlice
from allo_async.errors import JournalError, RowSourceError, SuppressionError
from allo_async.models import ContactLike, SkippedNumber
from allo_async.validators import FOREIGN_ERRORS

_log = logging.getLogger(__name__)

# So many rows are pulled and prepared at once: the more, the less each costs, and the longer others wait for odd ones.
_FEWEST = 4
_MOST = 32

# A group of rows that takes longer, in seconds, is followed by smaller ones.
_LONG = 0.0005

# The value of a pull at the end of the rows.
_END = object()

#: The source of a load's rows.
Rows = Iterable[ContactLike] | AsyncIterable[ContactLike]


class RowSource:
    """Pulls rows and counts them.

    Args:
        rows: Any sync or async iterable of rows.
        check: Is shown each row with its index, and may raise.

    Attributes:
        taken: How many rows were pulled, which is the index of the next one.
        size: How many rows there are, `None` where *rows* does not know.
        sync: Whether the rest can be had without waiting.
        ended: Whether the last row was pulled.
        closing: Whether the task that pulls is cancelled because the load ends.

    Raises:
        TypeError: *rows* is a single row, a table passed whole, a file, or no iterable at all.
        RowSourceError: *rows* raised when it was looked at.
    """

    def __init__(self, rows: Rows, check: Callable[[int, object], None] | None = None) -> None:
        try:
            refuse_no_rows(rows)
        except TypeError:
            raise
        except FOREIGN_ERRORS as error:
            raise RowSourceError(f"the rows cannot be read: they raised {named(error)}") from error
        if not isinstance(rows, Iterable | AsyncIterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"rows must be an iterable or async iterable, not {type(rows).__name__}")
        self.taken = 0
        self.size = _size(rows)
        self.sync = not isinstance(rows, AsyncIterable)
        self.ended = False
        self.closing = False
        self._rows: Rows = rows
        self._check = check
        self._iterator: Any = None
        self._generator: Any = None
        self._given: list[object] = []
        self._raised: BaseException | None = None
        # It came behind rows that had been pulled already.
        self._error_behind: RowSourceError | JournalError | None = None
        self._is_late: Callable[[], bool] | None = None

    async def next(self) -> tuple[int, object] | None:
        """Pull the next row with its index; `None` at the end.

        Raises:
            RowSourceError: The iterable raised.
            JournalError: The check's.
        """
        if self.sync:
            return self._take_one()
        if self._is_too_late:
            return None
        try:
            row = await self._pull()
        except asyncio.CancelledError as error:
            # Nobody cancels this task but the load's end: any other cancellation is one that the rows ran into.
            if self.closing:
                raise
            raise self._error(error) from error
        except FOREIGN_ERRORS as error:
            raise self._error(error) from error
        return self._taken(row)

    def take(self, most: float, ends: float) -> tuple[int, list[object]]:
        """Pull rows of a sync iterable; return the index of the first, and the rows: at least one, but at the end.

        Args:
            most: The most rows to pull; never more than a few.
            ends: The moment by `time.perf_counter` from which on to pull no more.

        Raises:
            RowSourceError: The iterable raised.
            JournalError: The check's.
        """
        if self._error_behind is not None:
            error, self._error_behind = self._error_behind, None
            raise error
        first, most = self.taken, int(min(most, _MOST))
        rows: list[object]
        if self._is_list:
            rows = list(itertools.islice(self._iterator, most))
            self.ended = len(rows) < most
            self.taken += len(rows)
            return first, rows
        rows = []
        try:
            while len(rows) < most and (not rows or perf_counter() < ends) and (taken := self._take_one()) is not None:
                rows.append(taken[1])
        except (RowSourceError, JournalError) as error:
            if not rows:
                raise
            self._error_behind = error
        return first, rows

    def leave_rest(self, clock: Clock, at: float | None) -> None:
        """End rows whose number is not known *at* a moment of *clock*; the others are taken to their end."""
        self._is_late = None if at is None else lambda: clock.monotonic() >= at

    async def throw(self, cancellation: asyncio.CancelledError) -> None:
        """Raise *cancellation*, which a scope inside the iterable caused, where the iterable stands.

        It was delivered while the iterable was not running. The scope turns it into its own error, or into a row.
        """
        try:
            if not hasattr(self._iterator, "athrow"):
                raise cancellation
            self._given.append(await self._iterator.athrow(cancellation))
        except StopAsyncIteration:
            self._end_here()
        except FOREIGN_ERRORS as error:  # for the next pull
            self._raised = error

    def close(self) -> None:
        """Close the caller's generator, unless it is async."""
        generator, self._generator = self._generator, None
        try:
            if isinstance(generator, Generator):
                cast("Any", generator).close()
        except Exception as error:  # noqa: BLE001 - no row is lost by it
            _log.debug("closing the rows raised %s", type(error).__name__)

    async def aclose(self) -> None:
        """Close the caller's async generator, in the task that iterated it."""
        try:
            if isinstance(self._generator, AsyncGenerator):
                await cast("Any", self._generator).aclose()
        except Exception as error:  # noqa: BLE001 - as above
            _log.debug("closing the rows raised %s", type(error).__name__)

    @property
    def _is_too_late(self) -> bool:
        return self._is_late is not None and self.taken >= (self.size or 0) and self._is_late()

    async def _pull(self) -> object:
        if self._given or self._raised is not None:
            return self._pull_now()
        if self._iterator is None:
            self._iterator = self._generator = aiter(cast("AsyncIterable[object]", self._rows))
        try:
            return await anext(self._iterator)
        except StopAsyncIteration:
            return _END

    def _pull_now(self) -> object:
        if self._given:
            return self._given.pop()
        if self._raised is not None:
            raise self._raised
        if self._iterator is None:
            self._iterator = self._generator = iter(cast("Iterable[object]", self._rows))
        return next(self._iterator, _END)

    def _take_one(self) -> tuple[int, object] | None:
        if self._is_too_late:
            return None
        try:
            row = self._pull_now()
        except FOREIGN_ERRORS as error:
            raise self._error(error) from error
        return self._taken(row)

    def _taken(self, row: object) -> tuple[int, object] | None:
        if row is _END:
            self.ended = True
            return None
        if self._check is not None:
            self._checked(self._check, row)
        self.taken += 1
        return self.taken - 1, row

    @property
    def _is_list(self) -> bool:
        """Whether the rows can be pulled without a look at each: they are under way, and cannot raise."""
        is_plain = (type(self._rows) is list or type(self._rows) is tuple) and self._check is None
        return is_plain and self._iterator is not None and self._raised is None

    def _checked(self, check: Callable[[int, object], None], row: object) -> None:
        try:
            check(self.taken, row)
        except JournalError:
            # The row is taken once more when the rest is; rows that an async iterable has not yielded yet stay with it.
            self._given.append(row)
            if not self.sync:
                self._end_here()
            raise

    def _end_here(self) -> None:
        self._iterator, self.sync = cast("Any", iter(())), True

    def _error(self, error: BaseException) -> RowSourceError:
        return RowSourceError(f"the rows ended at row {self.taken} with {named(error)}")


def _size(rows: object) -> int | None:
    try:
        return len(rows) if isinstance(rows, Sized) else None
    except (Exception, asyncio.CancelledError):  # noqa: BLE001 - rows that cannot be counted may still be iterated
        return None


def named(error: BaseException) -> str:
    """Return the name of a foreign *error* and what it says, if it can say anything."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - its text is as foreign as the error
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


# A stretch of rows that are nearly all skipped ends too, so that memory stays bounded.
_SKIPPED_FOR_EACH_SENT = 10


@attrs.define
class Chunk:
    """Rows that follow each other in the input: those to send, and those skipped locally among them."""

    rows: PreparedRows = attrs.field(factory=PreparedRows)
    skipped: list[SkippedNumber] = attrs.field(factory=list[SkippedNumber])

    def __bool__(self) -> bool:
        return bool(self.rows or self.skipped)

    def room(self, size: float) -> float:
        """Return how many more rows go in: up to *size* to send, and no more skipped ones than memory can hold."""
        return min(size - len(self.rows), size * _SKIPPED_FOR_EACH_SENT - len(self.skipped))


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
        SuppressionError: The suppression list or function failed.
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
        chunk.rows, chunk.skipped = await screened(chunk.rows, chunk.skipped, preparer)


async def take_unscreened(chunk: Chunk, source: RowSource, preparer: Preparer, size: float) -> None:
    """Do as `fill_chunk` does, but check no suppressed numbers: none of the rows may be sent.

    Raises:
        RowSourceError: The iterable raised.
    """
    time_slice, count = TimeSlice(), _FEWEST
    while (room := chunk.room(size)) > 0:
        if source.sync:
            began = perf_counter()
            first, rows = source.take(min(room, count), time_slice.ends)
            if not rows:
                return
            preparer.prepare_all(first, rows, chunk.rows, chunk.skipped)
            count = max(_FEWEST, count // 2) if perf_counter() - began > _LONG else min(2 * count, _MOST)
        elif (taken := await source.next()) is not None:
            index, row = taken
            preparer.prepare_all(index, (row,), chunk.rows, chunk.skipped)
        else:
            return
        if time_slice.over:
            await time_slice.renew()
