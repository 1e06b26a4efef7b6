"""A load under way: chunk by chunk, with a result a chunk."""

import contextlib
import logging
from collections.abc import AsyncIterable, Callable, Iterable
from math import inf
from types import TracebackType
from typing import Self

from allo_async._loading.account import Account
from allo_async._loading.chunk import Chunk, fill_chunk
from allo_async._loading.deliver import Courier
from allo_async._loading.merge import merge
from allo_async._loading.prepare import Preparer
from allo_async._loading.source import RowSource
from allo_async.clock import Clock
from allo_async.errors import AlloError, ConfigurationError, DeadlineExceededError, RowSourceError
from allo_async.models import AppendResult, ContactLike, Totals

_log = logging.getLogger(__name__)

#: A queue holds no more in all [spec], so no request need be larger.
LARGEST_CHUNK = 1000


class AppendStream:
    """An append that yields an `AppendResult` a chunk, in order; made by `DialingQueue.append_stream`.

    Rows are pulled one chunk at a time, so that memory stays that of one chunk. Indexes count over the whole input.

    Attributes:
        totals: The fates of all rows taken so far; true also after an error or a cancellation.
        unfinished: The fates of the chunk that an error or a cancellation kept from being yielded, else `None`.
    """

    def __init__(
        self,
        rows: Iterable[ContactLike] | AsyncIterable[ContactLike],
        preparer: Preparer,
        open_courier: Callable[[float | None], Courier],
        *,
        clock: Clock,
        chunk_size: int,
        deadline: float | None,
    ) -> None:
        if not 1 <= chunk_size <= LARGEST_CHUNK:
            raise ConfigurationError(f"chunk_size must be 1 to {LARGEST_CHUNK}, not {chunk_size!r}")
        self._source = RowSource(rows)
        self._preparer = preparer
        self._open_courier = open_courier
        self._courier: Courier | None = None
        self._clock = clock
        self._chunk_size = chunk_size
        self._begun = clock.monotonic()
        self._deadline = None if deadline is None else self._begun + deadline
        self._ended = False
        self.totals = Totals()
        self.unfinished: AppendResult | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AppendResult:
        if self._ended:
            raise StopAsyncIteration
        chunk = Chunk()
        account = Account(chunk)
        try:
            await self._in_time(chunk, account)
        except BaseException as error:
            self.unfinished = account.result()
            self.totals += self.unfinished.totals
            if isinstance(error, AlloError):
                error.result = self.unfinished
            self._end()
            raise
        if not chunk:
            self._end()
            raise StopAsyncIteration
        result = account.result()
        self.totals += result.totals
        return result

    async def take_rest(self) -> AppendResult:
        """After an error, take what is left of a sync iterable: rows that were never sent, and local skips.

        What an async iterable has not given yet stays with the caller: waiting for it could take for ever.
        """
        rest: list[AppendResult] = []
        with contextlib.suppress(RowSourceError):
            while self._source.sync and (chunk := await self._next_chunk(inf)):
                rest.append(Account(chunk).result())
        merged = merge(rest)
        self.totals += merged.totals
        return merged

    async def _next_chunk(self, size: float) -> Chunk:
        chunk = Chunk()
        await fill_chunk(chunk, self._source, self._preparer, size)
        return chunk

    async def _in_time(self, chunk: Chunk, account: Account) -> None:
        left = None if self._deadline is None else self._deadline - self._clock.monotonic()
        try:
            async with self._clock.timeout(left):
                await self._load(chunk, account)
        except AlloError:
            raise
        except TimeoutError as error:
            raise DeadlineExceededError("the deadline of the call passed") from error

    async def _load(self, chunk: Chunk, account: Account) -> None:
        if self._courier is None:
            self._courier = self._open_courier(self._deadline)
        await fill_chunk(chunk, self._source, self._preparer, min(self._chunk_size, self._courier.largest))
        await self._courier.deliver(chunk.rows, account)
        await account.read()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        requests = self._courier.requests if self._courier is not None else 0
        seconds = self._clock.monotonic() - self._begun
        _log.info("append: %s; %d requests in %.2f s", self.totals, requests, seconds)
