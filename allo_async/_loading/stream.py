"""A load under way: chunk by chunk, with a result a chunk."""

import asyncio
import logging
from collections.abc import Callable
from math import inf
from types import TracebackType
from typing import Self

from allo_async._loading.batcher import send_rows
from allo_async._loading.feeder import Feeder, take_rest
from allo_async._loading.load_log import NO_LOG, LoadLog, LogOpener
from allo_async._loading.outcomes import Outcomes
from allo_async._loading.pending_append import AppendCall
from allo_async._loading.prepare import Preparer
from allo_async._loading.resume import queued_by_others, resume
from allo_async._loading.rows import Chunk, Rows, RowSource, fill_chunk
from allo_async._sending.call_limits import CallLimits, StoppedError
from allo_async._sending.instrumentation import LoadEvents
from allo_async._sending.session import LoopSession
from allo_async.choices import OnFullQueue
from allo_async.clock import Clock
from allo_async.errors import AlloError, InputChangedError, QueueFullError, RowSourceError
from allo_async.models import AppendResult, Assignee, Totals

_log = logging.getLogger(__name__)

# How long a row takes that is never sent; measured, with a little to spare.
_SECONDS_TO_TELL = 6e-6
_SECONDS_TO_TELL_WITH_A_LIST = 15e-6

# So many rows are prepared in about a millisecond.
_FEW = 50


class AppendStream:
    """An append that yields an `AppendResult` a chunk, in order; made by `DialingQueue.append_stream`.

    Rows are pulled one chunk at a time, the next one while the present one is under way, so that a slow server slows
    the source and memory stays that of two chunks. Indexes count over the whole input.

    Attributes:
        totals: The fates of all rows whose result was yielded; once the stream has ended, of all rows taken, also after
            an error or a cancellation.
        unfinished: Once the stream has ended, the fates of rows that were taken but stand in no result that was
            yielded: those of the chunk that an error or a cancellation ended, and those that were prepared ahead.
    """

    def __init__(
        self,
        rows: Rows,
        assignee: Assignee,
        preparer: Preparer,
        session: Callable[[], LoopSession],
        open_call: Callable[[CallLimits, LoadLog], AppendCall],
        *,
        clock: Clock,
        begun: float | None = None,
        chunk_size: int,
        deadline: float | None,
        max_rate_limit_wait: float = inf,
        on_full_queue: OnFullQueue = "raise",
        skip_queued: bool = False,
        drains: bool = False,
        log: LogOpener = NO_LOG,
    ) -> None:
        self._log = log.unopened
        self._source = RowSource(rows, None if log is NO_LOG else lambda index, row: self._log.check(index, row))  # noqa: PLW0108 - the log is another one once it is open
        self._assignee = assignee
        self._telling: LoadEvents | None = None
        self._preparer = preparer
        self._session = session
        self._opener = log
        self._opened = self._stopping = self._ended = False
        self._recovered = 0
        # A load that is drained ends so long before its deadline that even the rest of a list is accounted for by then.
        self._drains = drains
        self._error: BaseException | None = None
        self._open_call = open_call
        self._skip_queued = skip_queued
        self._call: AppendCall | None = None
        self._clock = clock
        self._chunk_size = chunk_size
        self._begun = clock.monotonic() if begun is None else begun
        self._limits = CallLimits(None if deadline is None else self._begun + deadline, max_rate_limit_wait)
        self._stops_when_full = on_full_queue == "stop"
        self._ahead = Chunk()
        self._feeder: Feeder | None = None
        self._filling: asyncio.Future[None] | None = None
        self.totals = Totals()
        self.unfinished = AppendResult()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AppendResult:
        if await self._is_over():
            raise StopAsyncIteration
        outcomes: Outcomes | None = None
        try:
            session = self._session()
            self._telling = telling = self._telling or LoadEvents(session.observers, "append", [self._assignee])
            async with session.calls.bounded(self._seconds_left()):
                with telling.within():
                    call = self._call or await self._begin(session)
                    async with self._limits.stop.ends():
                        chunk = await self._next_chunk()
                    outcomes = self._outcomes(chunk)
                    await self._deliver(session, call, outcomes)
        except BaseException as error:
            stopped = isinstance(error, StoppedError)
            await self._end(outcomes, None if stopped else error)
            if stopped or (self._stops_when_full and isinstance(error, QueueFullError)):
                return self._yielded_after_all()
            if isinstance(error, AlloError):
                error.result = self.unfinished
            raise
        if not outcomes.chunk:
            await self._end()
            raise StopAsyncIteration
        result = outcomes.result()
        self.totals += result.totals
        return result

    def stop(self) -> None:
        """End in order: a chunk that is on its way is finished, and its result yielded; any wait ends at once.

        A wait may be for the rate limit, another append, a retry after a refusal, room in a full queue, or a read of
        the queue: nothing is on its way then, and the rows are pending in the last result.
        """
        self._stopping = True
        self._limits.stop.want()

    async def _drain(self) -> AppendResult:
        rest = AppendResult()
        try:
            if not self._source.ended:
                self._source.leave_rest(self._clock, self._limits.give_up_at)
                feeder = self._feeder or Feeder(self._source, self._fill)
                await feeder.call(take_rest(rest, self._source, self._preparer, self._log))
            # Rows that raised have no end.
            ended = self._source.ended and not isinstance(self._error, RowSourceError)
            await self._log.record_rest(rest.skipped, self._source.taken if ended else None)
        except InputChangedError as error:
            error.result = rest
            await self._log.record_rest(rest.skipped, None)
            raise
        finally:
            self.totals += rest.totals
            self._source.close()
            self._tell_end()
            self._preparer.let_go()
        return rest

    async def _is_over(self) -> bool:
        # The last chunk was the one before.
        was_last = self._source.ended and self._filling is None and not self._ahead
        if self._stopping or (was_last and self._call is not None):
            await self._end()
        return self._ended

    async def _begin(self, session: LoopSession) -> AppendCall:
        if not self._drains:  # else the call had its turn before it made its stream
            await session.beginning.turn()
        self._log, self._opened = await self._opener.open(), True
        call = self._open_call(self._limits, self._log)
        if self._log.writes:
            self._recovered = await resume(session, call, self._preparer.bars)
            self._preparer.leave_out_sent(self._log.queued_numbers(), self._log.recalls)
        if self._skip_queued:
            self._preparer.leave_out(await queued_by_others(session, call))
        self._call = call
        return call

    def _seconds_left(self) -> float | None:
        if self._limits.give_up_at is None:
            return None
        untaken = max(0, (self._source.size or 0) - self._source.taken) if self._drains else 0
        seconds = _SECONDS_TO_TELL_WITH_A_LIST if self._preparer.compares_rest else _SECONDS_TO_TELL
        # A list that takes longer to account for than there is time is sent as far as half of the time allows.
        told_from = self._limits.give_up_at - min(untaken * seconds, (self._limits.give_up_at - self._begun) / 2)
        return told_from - self._clock.monotonic()

    def _outcomes(self, chunk: Chunk) -> Outcomes:
        recovered, self._recovered = self._recovered, 0
        return Outcomes(chunk, self._log, recovered=recovered)

    async def _next_chunk(self) -> Chunk:
        """Return the next chunk, which was filled ahead but for the first."""
        if self._filling is None and self._is_short:
            # A task of its own would gain nothing.
            await self._fill(self._ahead)
        else:
            await (self._filling or self._fill_ahead())
        chunk, self._ahead = self._ahead, Chunk()
        return chunk

    async def _deliver(self, session: LoopSession, call: AppendCall, outcomes: Outcomes) -> None:
        is_last = self._source.ended
        if not is_last:
            self._fill_ahead()
        if outcomes.chunk:
            await send_rows(session, call, outcomes.chunk.rows, outcomes)
            await self._log.record_skips(outcomes.chunk.skipped)
            await outcomes.read()
        if is_last:
            await self._log.record_end(self._source.taken)

    def _fill_ahead(self) -> asyncio.Future[None]:
        self._feeder = self._feeder or Feeder(self._source, self._fill)
        self._filling = self._feeder.fill(self._ahead)
        return self._filling

    async def _fill(self, chunk: Chunk) -> None:
        in_line = None
        if self._source.sync:
            in_line = self._session().preparing_few if self._is_short else self._session().preparing
        await fill_chunk(chunk, self._source, self._preparer, self._chunk_size, in_line)

    @property
    def _is_short(self) -> bool:
        return self._source.sync and self._source.size is not None and self._source.size <= _FEW

    def _yielded_after_all(self) -> AppendResult:
        """Return what is not yielded yet, in an iteration that has ended.

        Raises:
            StopAsyncIteration: No row was taken.
        """
        if not self.unfinished.totals.rows:
            raise StopAsyncIteration
        result, self.unfinished = self.unfinished, AppendResult()
        return result

    async def _end(self, outcomes: Outcomes | None = None, error: BaseException | None = None) -> None:
        """End, and account for the rows that were taken but not yielded."""
        if self._ended:
            return
        self._ended = True
        try:
            await self._stop_filling()
            if isinstance(error, AlloError) and not self._opened:
                self._log = await self._opener.read()
                self._preparer.leave_out_sent(self._log.queued_numbers(), self._log.recalls)
        finally:
            # A cancellation may come even here; whatever does, the load is under way no longer.
            try:
                self._account(outcomes, error)
            finally:
                await self._log.close(self.unfinished.skipped)

    def _account(self, outcomes: Outcomes | None, error: BaseException | None) -> None:
        ahead = self._outcomes(self._ahead) if self._ahead or self._recovered else None
        for rest in filter(None, (outcomes, ahead)):
            self.unfinished.extend(rest.result())
        self.totals += self.unfinished.totals
        seconds = self._clock.monotonic() - self._begun
        _log.info("append: %s; %d requests in %.2f s", self.totals, self._requests, seconds)
        self._error = error
        # After a cancellation, no code takes the rest.
        if not self._drains or not isinstance(error, AlloError | None):
            self._tell_end()

    @property
    def _requests(self) -> int:
        return self._call.requests if self._call is not None else 0

    def _tell_end(self) -> None:
        if self._telling is not None:
            self._telling.ended(self.totals, self._requests, self._error)
        # Its traceback holds this stream.
        self._error = None

    async def _stop_filling(self) -> None:
        if self._feeder is not None:
            await self._feeder.close()
        if self._filling is not None and self._filling.done():
            # An exception of the source in rows ahead of the end concerns nobody any more.
            _ = self._filling.cancelled() or self._filling.exception()


async def drain(stream: AppendStream) -> AppendResult:
    """Take what is left of a sync iterable once *stream* has ended: rows never sent, and local skips.

    Rows that an async iterable has not yielded yet are in no result: waiting for them could take for ever. Nor are rows
    that a sync iterable without a length, such as a generator, has not yielded by the deadline.

    Raises:
        InputChangedError: These rows are not what they were; its `.result` has them.
    """
    return await stream._drain()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - no part of the public class
