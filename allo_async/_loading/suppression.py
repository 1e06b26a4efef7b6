"""The numbers that one call must not send: a list that is read once, or a predicate that is asked batch by batch."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator, Sequence
from typing import Any

from allo_async._loading.given import UnusableValueError
from allo_async._loading.suppress_option import Suppress, is_predicate, refuse_no_list, suppressed_in
from allo_async._loading.suppression_list import Match, SuppressionList
from allo_async.clock import TimeSlice
from allo_async.errors import SuppressionError
from allo_async.validators import FOREIGN_ERRORS

_log = logging.getLogger(__name__)

# An iterator gives its numbers once: two calls that read it at the same time would have half of the list each.
_being_read: set[int] = set()


class Suppression:
    """The suppression of one call.

    Args:
        suppress: The numbers, or the predicate.
        region: How to read a number that is written without its country code.

    Attributes:
        asks: Whether there is a predicate to be asked.

    Raises:
        InvalidRegionError: There is no such region.
        TypeError: *suppress* is a single number, a table, a mapping, a function that is not async, or no iterable.
    """

    def __init__(self, suppress: Suppress, region: str | None) -> None:
        self.asks = is_predicate(suppress)
        if not self.asks:
            refuse_no_list(suppress)
        self._suppress: Any = suppress
        self._list = suppress if isinstance(suppress, SuppressionList) else SuppressionList(region)
        self._ready = self.asks or self._list is suppress
        self._failure: SuppressionError | None = None
        # Queues of a spread may ask at the same time.
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<Suppression by {'a predicate' if self.asks else 'a list'}>"

    async def ready(self) -> None:
        """Read the list, unless that is done.

        Raises:
            SuppressionError: It cannot be read, or an entry is neither text nor a number.
        """
        async with self._lock:
            with self._failing_for_good():
                if not self._ready:
                    await self._read(self._suppress)
                    self._suppress, self._ready = None, True

    def find(self, wire: str, e164: str | None, written: str) -> Match | None:
        """Return how a number is known to be suppressed, `None` if it is not; see `SuppressionList.find`."""
        return self._list.find(wire, e164, written) if self._ready else None

    def may_hold(self, written: str) -> bool:
        """Return, at little cost, whether a number that is written so may be suppressed."""
        return self._list.may_hold(written)

    async def ask(self, numbers: Sequence[str]) -> None:
        """Ask the predicate for *numbers*; `find` knows its answer afterwards.

        Raises:
            SuppressionError: It raised, or returned something of another kind.
        """
        async with self._lock:
            with self._failing_for_good():
                await self._ask(numbers)

    @contextlib.contextmanager
    def _failing_for_good(self) -> Generator[None]:
        """Raise the same again once the block has failed or was interrupted: a half-read list is no list."""
        if self._failure is not None:
            raise self._failure
        self._failure = SuppressionError("the call ended before it was known which numbers are suppressed")
        try:
            yield
        except SuppressionError as error:
            self._failure = error
            raise
        self._failure = None

    async def _ask(self, numbers: Sequence[str]) -> None:
        before = _cancellations()
        try:
            answer = await self._suppress(list(numbers))
        except FOREIGN_ERRORS as error:
            if _cancellations() > before:
                raise
            name = type(error).__name__
            raise SuppressionError(f"the suppress predicate raised {name}; nothing goes unchecked") from error
        ignored = self._list.ignored
        time_slice = TimeSlice()
        for number in suppressed_in(numbers, answer):
            self._list.add(number)
            if time_slice.over:
                await time_slice.renew()
        if self._list.ignored > ignored:
            raise SuppressionError("the suppress predicate must return phone numbers, and returned other text")

    async def _read(self, entries: Iterable[object] | AsyncIterable[object]) -> None:
        with _being_read_once(entries):
            taken = await self._take(entries)
        if not taken and isinstance(entries, Iterator | AsyncIterator):
            raise SuppressionError(
                "the suppression list gave nothing: an iterator gives its numbers once, so pass a list or a set"
            )
        if self._list.ignored:
            _log.warning("%d entries of the suppression list hold no phone number", self._list.ignored)

    async def _take(self, entries: Iterable[object] | AsyncIterable[object]) -> int:
        time_slice = TimeSlice()
        taken, before = 0, _cancellations()
        try:
            async with contextlib.aclosing(_each(entries)) as each:
                async for entry in each:
                    self._list.add(entry)
                    taken += 1
                    if time_slice.over:
                        await time_slice.renew()
        except UnusableValueError as error:
            raise SuppressionError(f"entry {taken} of the suppression list: {error}") from error
        except FOREIGN_ERRORS as error:
            if _cancellations() > before:
                raise
            raise SuppressionError(f"the suppression list ended with {type(error).__name__}") from error
        return taken


def _cancellations() -> int:
    """Return how often this task was asked to end: a cancellation that nobody asked for is the caller's own error."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


@contextlib.contextmanager
def _being_read_once(entries: object) -> Generator[None]:
    once = id(entries)
    if not isinstance(entries, Iterator | AsyncIterator):
        yield
        return
    if once in _being_read:
        raise SuppressionError("another call reads this suppression list just now: pass a list or a set to both")
    _being_read.add(once)
    try:
        yield
    finally:
        _being_read.discard(once)


async def _each(entries: Iterable[object] | AsyncIterable[object]) -> AsyncGenerator[object]:
    if isinstance(entries, AsyncIterable):
        async for entry in entries:
            yield entry
    else:
        for entry in entries:
            yield entry
