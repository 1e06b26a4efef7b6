"""One list over several queues: dealt, loaded at the same time, and dealt again where a queue took less."""

import contextlib
import functools
import itertools
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import cached_property
from math import inf

from allo_async._loading.account import into_result
from allo_async._loading.allocate import Allocation, Weighed, allocate, allocate_as_before, weigh
from allo_async._loading.batcher import send_rows
from allo_async._loading.feeder import Feeder, despite_a_change
from allo_async._loading.load_log import NO_LOG, LoadLog, LogOpener
from allo_async._loading.outcomes import Outcomes
from allo_async._loading.pending_append import AppendCall
from allo_async._loading.prepare import Preparer
from allo_async._loading.prepared_rows import PreparedRow
from allo_async._loading.progress import Progress
from allo_async._loading.resume import queued_by_others, resume
from allo_async._loading.rows import Chunk, Rows, RowSource, fill_chunk, take_unscreened
from allo_async._loading.share import Share, assigned, parts, raise_journal_error, run_together
from allo_async._loading.spread_run import SpreadRun
from allo_async._loading.tail import QueueTail
from allo_async._sending.call_limits import CallLimits, StoppedError
from allo_async._sending.instrumentation import LoadEvents
from allo_async._sending.session import LoopSession
from allo_async.choices import SpreadStrategy
from allo_async.clock import Clock, at_once, filtered, in_slices
from allo_async.errors import AlloError, QueueFullError
from allo_async.models import AppendResult, Assignee, SkippedNumber, SpreadResult

_log = logging.getLogger(__name__)


class SpreadLoad:
    """A load over several queues, under way.

    Rows that a queue turns out not to hold are dealt to the others; they stand behind what those got before.
    A queue that an earlier run of the load sent rows to, and that is not among *assignees* any more, keeps what it has;
    what was on its way to it is settled, and nothing else is sent there. It stands behind the others in the shares.

    Args:
        session: Carries the requests.
        assignees: Whose queues they are.
        preparer: Prepares the rows, so that repeats are dropped across all queues.
        strategy: How to deal.
        chunk_size: Rows to send at once.
        skip_queued: Whether to leave out what stands in any of the queues already.
        merge_appends: Whether its appends may leave together with others that wait for the same queue.
        clock: Where time comes from.
        deadline: Seconds for the whole load, `None` for no bound.
        max_rate_limit_wait: Seconds that a rate limit may hold up one request.
        log: Opens what the load is written to.
        on_progress: Called with its run after each chunk.
        into: An empty result that is filled when the load ends, however it ends.
    """

    def __init__(
        self,
        session: LoopSession,
        assignees: Sequence[Assignee],
        preparer: Preparer,
        *,
        strategy: SpreadStrategy,
        chunk_size: int,
        skip_queued: bool,
        merge_appends: bool,
        clock: Clock,
        deadline: float | None = None,
        max_rate_limit_wait: float = inf,
        log: LogOpener = NO_LOG,
        on_progress: Callable[[SpreadRun], object] | None = None,
        into: SpreadResult | None = None,
    ) -> None:
        self._progress = Progress(on_progress)
        self._run = SpreadRun(self)
        self._into = into_result(into, SpreadResult)
        self._session = session
        self._preparer = preparer
        self._strategy: SpreadStrategy = strategy
        self._chunk_size = chunk_size
        self._skip_queued = skip_queued
        self._merge_appends = merge_appends
        self._clock = clock
        self._deadline = deadline
        self._limits = CallLimits(None if deadline is None else clock.monotonic() + deadline, max_rate_limit_wait)
        self._opener = log
        self._log = log.unopened
        self._skipped = 0
        self._shares = [self._share(assignee) for assignee in assignees]
        self._chunk = Chunk()
        self._outcomes = Outcomes(self._chunk, self._log)
        self._placed: dict[int, int] = {}

    def _share(self, assignee: Assignee, *, closed: bool = False) -> Share:
        alone = not self._merge_appends or self._log.writes
        call = AppendCall(assignee, self._limits, self._log, chunk_size=self._chunk_size, alone=alone)
        return Share(call, closed)

    @property
    def rows_settled(self) -> int:
        """How many rows are added, skipped or in doubt so far."""
        return len(self._placed) + self._skipped

    def stop(self) -> None:
        """Finish the chunks that are on their way, end every wait at once, and leave the rest pending."""
        self._limits.stop.want()

    def result(self) -> SpreadResult:
        """Return the fates as they stand; true also after a cancellation."""
        result = SpreadResult()
        at_once(self._fill(result))
        return result

    def _fill(self, result: SpreadResult) -> Iterator[None]:
        yield from self._outcomes.fill(result)
        result.recovered = self._outcomes.recovered
        result.shares[:] = parts(self._shares, self._placed, self._outcomes)
        result.placed.update(self._placed)

    async def load(self, rows: Rows) -> SpreadResult:
        """Load *rows*, and return the fate of each.

        Raises:
            DeadlineExceededError: The deadline passed.
            RowSourceError: The iterable raised; the rows before it are pending.
            CallbackError: `on_progress` raised.
        """
        begun = self._clock.monotonic()
        source = RowSource(rows, lambda index, row: self._log.check(index, row))  # noqa: PLW0108 - the log is another one once it is open
        feeder = Feeder(source, lambda chunk: fill_chunk(chunk, source, self._preparer, inf))
        telling = LoadEvents(self._session.observers, "spread", (share.assignee for share in self._shares))
        try:
            async with self._session.calls.bounded(self._deadline):
                with telling.within():
                    # From its first wait on, the caller can stop it.
                    self._report_progress()
                    self._know(await self._opener.open())
                    await self._load(source, feeder)
                    self._progress.raise_error()
            await feeder.close()
            result = SpreadResult()
            await in_slices(self._fill(result))
        except BaseException as error:
            result = SpreadResult()
            try:
                await feeder.close()
                if isinstance(error, AlloError):
                    await self._take_rest(source, feeder)
            finally:
                # A cancellation may come even here.
                at_once(itertools.chain(self._remember(), self._fill(result)))
                self._end(telling, begun, result, error)
            if isinstance(error, AlloError):
                error.result = self._into
            raise
        else:
            self._end(telling, begun, result)
            return self._into
        finally:
            source.close()
            await self._log.close(self._chunk.skipped)

    def _end(self, telling: LoadEvents, begun: float, result: SpreadResult, error: BaseException | None = None) -> None:
        AppendResult.extend(self._into, result)
        self._into.shares, self._into.placed = result.shares, result.placed
        queues, requests, seconds = len(self._shares), self._requests, self._clock.monotonic() - begun
        _log.info("spread over %d queues: %s; %d requests in %.2f s", queues, result.totals, requests, seconds)
        telling.ended(result.totals, requests, error)

    @property
    def _requests(self) -> int:
        return sum(share.call.requests for share in self._shares)

    def _know(self, log: LoadLog) -> None:
        """Go by what *log* knows of the load from now on."""
        self._log = log
        self._outcomes = Outcomes(self._chunk, log)
        named = {share.assignee.identity for share in self._shares}
        dropped = [queue for queue in log.queues() if queue.identity not in named]
        self._shares = [
            *(self._share(share.assignee) for share in self._shares),
            *(self._share(queue, closed=True) for queue in dropped),
        ]

    async def _take_rest(self, source: RowSource, feeder: Feeder) -> None:
        """Take what an error kept from being taken, as far as that needs no waiting: each row is accounted for."""
        with contextlib.suppress(AlloError):
            if self._log is self._opener.unopened:
                self._know(await self._opener.read())
            self._preparer.leave_out_sent(self._log.queued_numbers(), self._log.recalls)
            if source.sync:
                source.leave_rest(self._clock, self._limits.give_up_at)
                take = functools.partial(take_unscreened, self._chunk, source, self._preparer, inf)
                await feeder.call(despite_a_change(take))

    async def _load(self, source: RowSource, feeder: Feeder) -> None:
        await run_together(self._look(share) for share in self._shares)
        raise_journal_error(self._shares)
        self._outcomes.recovered += sum(share.recovered for share in self._shares)
        self._preparer.leave_out_sent(self._log.queued_numbers(), self._log.recalls)
        await feeder.fill(self._chunk)
        await self._log.record_skips(self._chunk.skipped)
        await self._log.record_end(source.taken)
        await in_slices(self._remember())
        left = await weigh(await filtered(self._chunk.rows, self._outcomes.is_pending))
        again = bool(await filtered(left, lambda weighed: self._queue_index(weighed[0].index) is not None))
        while left and not self._limits.stop.wanted and any(share.open for share in self._shares):
            left = await self._round(left, again=again)
            again = False

    async def _look(self, share: Share) -> None:
        """See how much room a queue has, and what stands in it; one that cannot be read takes no part."""
        try:
            share.recovered = await resume(self._session, share.call, self._preparer.bars)
            if share.closed:
                return
            share.room = await QueueTail(self._session, share.assignee, self._limits).look()
            if self._skip_queued:
                self._preparer.leave_out(await queued_by_others(self._session, share.call))
        except StoppedError:
            return
        except AlloError as error:
            share.error = error

    def _remember(self) -> Iterator[None]:
        """Take over what earlier runs of the load came to."""
        recalled = 0
        rows: Iterable[PreparedRow | SkippedNumber] = itertools.chain(self._chunk.skipped, self._chunk.rows)
        for row in rows:
            yield
            if not self._log.recalls(row.index):
                continue
            recalled += isinstance(row, SkippedNumber)
            queue_index, outcome = self._queue_index(row.index), self._log.outcome(row.index)
            if row.index not in self._placed and queue_index is not None and outcome is not None:
                self._placed[row.index] = queue_index
                self._shares[queue_index].added += outcome.fate == "added"
        self._skipped = len(self._chunk.skipped) - recalled

    def _queue_index(self, index: int) -> int | None:
        """Return which of the queues an earlier run sent or allocated a row to."""
        queue = self._log.queue(index)
        return None if queue is None else self._queue_indexes.get(queue.identity)

    @cached_property
    def _queue_indexes(self) -> dict[tuple[str, str], int]:
        return {share.assignee.identity: queue_index for queue_index, share in enumerate(self._shares)}

    async def _round(self, rows: Sequence[Weighed[PreparedRow]], *, again: bool) -> list[Weighed[PreparedRow]]:
        """Deal *rows*, *again* as an earlier run did, and load them; return those still without a queue, in order."""
        allocations = [Allocation[PreparedRow](share.added, share.room if share.open else 0) for share in self._shares]
        if again:
            await allocate_as_before(rows, allocations, self._queue_index)
        else:
            await allocate(rows, allocations, self._strategy)
        if self._log.writes:
            await self._log.record_allocation(await assigned(rows, allocations, self._shares))
        await run_together(
            self._send(queue_index, allocation.rows)
            for queue_index, allocation in enumerate(allocations)
            if allocation.rows
        )
        raise_journal_error(self._shares)
        await self._outcomes.read()
        return await filtered(rows, lambda weighed: self._outcomes.is_pending(weighed[0]))

    async def _send(self, queue_index: int, rows: Sequence[PreparedRow]) -> None:
        share = self._shares[queue_index]
        try:
            for start in range(0, len(rows), self._chunk_size):
                if self._limits.stop.wanted:
                    return
                batch = rows[start : start + self._chunk_size]
                with self._placing(queue_index, batch):
                    await send_rows(self._session, share.call, batch, self._outcomes)
        except QueueFullError as error:
            share.room = 0
            # In doubt, it is an error like any other.
            share.error = error if any(self._outcomes.fate(row.index) == "in_doubt" for row in rows) else None
        except StoppedError:
            return
        except AlloError as error:
            share.error = error

    @contextlib.contextmanager
    def _placing(self, queue_index: int, batch: Sequence[PreparedRow]) -> Generator[None]:
        """Record the queue that got *batch*, however its delivery ends."""
        share = self._shares[queue_index]
        try:
            yield
        finally:
            sent = [row for row in batch if not self._outcomes.is_pending(row)]
            added = sum(self._outcomes.fate(row.index) == "added" for row in sent)
            share.added += added
            share.room = max(0, share.room - added)
            self._placed.update((row.index, queue_index) for row in sent)
            self._report_progress()

    def _report_progress(self) -> None:
        if not self._progress.report(self._run):
            self.stop()
