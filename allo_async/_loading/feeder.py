"""The task that iterates the caller's rows, and takes what is left of them once a call has ended."""

import asyncio
import contextlib
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from math import inf
from typing import Any, TypeVar

from allo_async._loading.account import Account
from allo_async._loading.load_log import LoadLog
from allo_async._loading.prepare import Preparer
from allo_async._loading.rows import Chunk, Rows, RowSource, fill_chunk
from allo_async._sending.call_limits import cancel_and_wait
from allo_async.clock import TimeSlice, at_once
from allo_async.errors import InputChangedError, RowSourceError
from allo_async.models import QUEUE_CAPACITY, AppendResult, SkippedNumber

_Given = TypeVar("_Given")


class Feeder:
    """Fills chunks, one after the other, in one task.

    A generator's timeouts, cancel scopes and context variables belong to the task that iterates it: they would break if
    another task took the next row. Where nothing is awaited, one context is as good as one task.

    Args:
        source: Where the rows come from.
        fill: Fills a chunk from *source*.
    """

    def __init__(self, source: RowSource, fill: Callable[[Chunk], Awaitable[None]]) -> None:
        self._source = source
        self._fill = fill
        self._orders: asyncio.Queue[tuple[Chunk, asyncio.Future[None]]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._context: contextvars.Context | None = None

    def fill(self, chunk: Chunk) -> asyncio.Future[None]:
        """Begin to fill *chunk*, and return a future that is done once it is full or the rows have ended."""
        filled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._orders.put_nowait((chunk, filled))
        if self._task is None or self._task.done():
            self._task = self._begin(self._run())
        return filled

    async def call(self, coroutine: Coroutine[Any, Any, _Given]) -> _Given:
        """Run *coroutine*, which takes the rest of a sync iterable, in the context of the rows before."""
        return await self._begin(coroutine)

    async def close(self) -> None:
        """End, and close the rows if they are async; the rest of a sync iterable can still be taken."""
        self._source.closing = True
        await cancel_and_wait(self._task)
        if self._task is not None and not self._task.cancelled():
            # It is raised where the chunk is awaited.
            self._task.exception()
        self._source.closing = False

    def _begin(self, coroutine: Coroutine[Any, Any, _Given]) -> asyncio.Task[_Given]:
        self._context = self._context or contextvars.copy_context()
        return asyncio.create_task(coroutine, context=self._context)

    async def _run(self) -> None:
        order: tuple[Chunk, asyncio.Future[None]] | None = None
        try:
            while order or not (self._source.sync and self._orders.empty()):
                try:
                    order = order or await self._orders.get()
                    await self._serve(*order)
                    order = None
                except asyncio.CancelledError as error:
                    if self._source.closing:
                        raise
                    await self._source.throw(error)
        finally:
            await self._source.aclose()

    async def _serve(self, chunk: Chunk, filled: asyncio.Future[None]) -> None:
        try:
            await self._fill(chunk)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            if not filled.done():
                filled.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            if not filled.done():
                filled.set_result(None)


async def take_all(rows: Rows, preparer: Preparer, look: Callable[[Chunk], Awaitable[None]]) -> None:
    """Take all *rows*, let *look* see them chunk by chunk, and keep none.

    Raises:
        RowSourceError: The iterable raised.
    """
    source, suppression = RowSource(rows), preparer.suppression
    # A predicate is asked for each number once.
    size = inf if suppression is not None and suppression.asks else QUEUE_CAPACITY
    feeder = Feeder(source, lambda chunk: fill_chunk(chunk, source, preparer, size))
    try:
        while not source.ended:
            chunk = Chunk()
            await feeder.fill(chunk)
            await look(chunk)
    finally:
        await feeder.close()
        source.close()
        preparer.let_go()


async def despite_a_change(take: Callable[[], Awaitable[None]]) -> None:
    """Take rows, also those behind the place where the input is no longer what it was.

    Raises:
        InputChangedError: It is not; all rows are taken by then.
    """
    try:
        await take()
    except InputChangedError:
        # A log says so once.
        await take()
        raise


async def take_rest(result: AppendResult, source: RowSource, preparer: Preparer, log: LoadLog) -> None:
    """Take what is left of a sync iterable: pending rows, local skips, and what earlier runs of the load came to.

    Rows that an async iterable has not yielded yet stay with the caller: waiting for it could take for ever.

    Raises:
        InputChangedError: The input is not what it was; *result* has all rows by then.
    """
    time_slice, account = TimeSlice(), Account(result)

    async def take() -> None:
        while source.sync:
            first, rows = source.take(inf, time_slice.ends)
            if not rows:
                return
            for index, row in enumerate(rows, first):
                aside = preparer.set_aside(index, row)
                if not isinstance(aside, SkippedNumber):
                    account.tell(index, aside.contact, log.outcome(index))
                elif log.recalls(index):
                    account.recall(aside, log.outcome(index))
                else:
                    account.note(aside)
            if time_slice.over:
                await time_slice.renew()

    await preparer.begin_setting_aside()
    try:
        with contextlib.suppress(RowSourceError):
            await despite_a_change(take)
    finally:
        at_once(account.close())
