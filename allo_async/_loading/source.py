"""The caller's rows, one by one, whatever kind of iterable they come in."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from itertools import chain

from allo_async._loading.tables import refuse_no_rows
from allo_async.errors import JournalError, RowSourceError
from allo_async.models import ContactLike

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
