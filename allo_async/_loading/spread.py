"""One list over several queues: dealt, loaded at the same time, and dealt again where a queue took less."""

import asyncio
import contextlib
import itertools
import logging
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from functools import cached_property
from math import inf

from allo_async._loading.appender import Appender
from allo_async._loading.capacity import Capacity
from allo_async._loading.deal import Seat, Strategy, Weighed, deal, deal_as_before, weigh
from allo_async._loading.load_events import LoadEvents
from allo_async._loading.load_log import NO_LOG, LoadLog, LogOpener
from allo_async._loading.outcomes import Outcomes
from allo_async._loading.prepare import PreparedRow, Preparer
from allo_async._loading.rows import Chunk, Rows, RowSource, fill_chunk, take_unscreened
from allo_async._loading.share import Share, raise_journal_error
from allo_async._sending.call_limits import CallLimits
from allo_async._sending.session import LoopSession
from allo_async._sending.stop import StoppedError
from allo_async._wire.assignee import Assignee
from allo_async.clock import Clock
from allo_async.errors import AlloError, QueueFullError
from allo_async.models import SpreadResult, Totals

_log = logging.getLogger(__name__)


class SpreadRun:
    """A load over several queues, under way; `AlloClient.spread` hands it to its `on_progress`.

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
        merges: Whether its appends may leave together with others that wait for the same queue.
        clock: Where time comes from.
        deadline: Seconds for the whole load, `None` for no bound.
        patience: Seconds that a rate limit may hold up one request.
        log: Opens what the load is written to.
        on_progress: Called with this after each chunk.
    """

    def __init__(
        self,
        session: LoopSession,
        assignees: Sequence[Assignee],
        preparer: Preparer,
        *,
        strategy: Strategy,
        chunk_size: int,
        skip_queued: bool,
        merges: bool,
        clock: Clock,
        deadline: float | None = None,
        patience: float = inf,
        log: LogOpener = NO_LOG,
        on_progress: "Callable[[SpreadRun], None] | None" = None,
    ) -> None:
        self._on_progress = on_progress
        self._stopping = False
        self._session = session
        self._preparer = preparer
        self._strategy: Strategy = strategy
        self._chunk_size = chunk_size
        self._skip_queued = skip_queued
        self._merges = merges
        self._clock = clock
        self._deadline = deadline
        self._limits = CallLimits(None if deadline is None else clock.monotonic() + deadline, patience)
        self._opener = log
        self._log = log.unopened
        self._opened = False
        self._skipped = 0
        self._shares = [self._share(assignee) for assignee in assignees]
        self._chunk = Chunk()
        self._outcomes = Outcomes(self._chunk, self._log)
        self._placed: dict[int, int] = {}

    def _share(self, assignee: Assignee, *, closed: bool = False) -> Share:
        capacity = Capacity(self._session, assignee, clock=self._clock)
        appender = Appender(self._session, assignee, capacity, limits=self._limits, log=self._log, merges=self._merges)
        return Share(assignee, appender, closed)

    @property
    def settled(self) -> int:
        """How many rows have met their fate: added, skipped or in doubt."""
        return len(self._placed) + self._skipped

    def stop(self) -> None:
        """Finish the chunks that are on their way, end every wait at once, and leave the rest pending."""
        self._stopping = True
        self._limits.stop.want()

    def result(self) -> SpreadResult:
        """Tell the fates as they stand; true also after a cancellation."""
        told = self._outcomes.result()
        added, skipped, in_doubt = (
            Counter(self._placed.get(row.index) for row in rows) for rows in (told.added, told.skipped, told.in_doubt)
        )
        shares = [
            share.told(Totals(added=added[place], skipped=skipped[place], in_doubt=in_doubt[place]))
            for place, share in enumerate(self._shares)
        ]
        return SpreadResult(
            told.added,
            told.skipped,
            told.pending,
            told.in_doubt,
            recovered=told.recovered,
            shares=shares,
            placed=dict(self._placed),
        )

    async def load(self, rows: Rows) -> SpreadResult:
        """Load *rows*, and tell the fate of each.

        Raises:
            DeadlineExceededError: The deadline passed.
            RowSourceError: The iterable raised; the rows before it are pending.
        """
        begun = self._clock.monotonic()
        source = RowSource(rows, lambda index, row: self._log.check(index, row))  # noqa: PLW0108 - the log is another one once it is open
        telling = LoadEvents(self._session.observers, "spread", (share.assignee for share in self._shares))
        try:
            async with self._session.calls.bounded(self._deadline):
                with telling.within():
                    # So that whoever may want to stop it can do so from its first wait on.
                    self._tell_progress()
                    await self._begin()
                    await self._load(source)
        except BaseException as error:
            if isinstance(error, AlloError):
                await self._take_rest(source)
            self._remember()
            result = self.result()
            telling.ended(result.totals, self._requests, error)
            if isinstance(error, AlloError):
                error.result = result
            raise
        finally:
            self._log.close(self._chunk.skipped)
        result, requests = self.result(), self._requests
        seconds = self._clock.monotonic() - begun
        _log.info("spread over %d queues: %s; %d requests in %.2f s", len(self._shares), result, requests, seconds)
        telling.ended(result.totals, requests, None)
        return result

    @property
    def _requests(self) -> int:
        return sum(share.appender.requests for share in self._shares)

    async def _begin(self) -> None:
        self._know(await self._opener.open())
        self._opened = True

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

    async def _take_rest(self, source: RowSource) -> None:
        """Take what an error kept from being taken, as far as that needs no waiting: each row is accounted for."""
        with contextlib.suppress(AlloError):
            if not self._opened:
                self._know(await self._opener.read())
            self._preparer.leave_out_sent(self._log.queued_numbers(), self._log.recalls)
            if source.sync:
                await take_unscreened(self._chunk, source, self._preparer, inf)

    async def _load(self, source: RowSource) -> None:
        async with asyncio.TaskGroup() as group:
            for share in self._shares:
                group.create_task(self._look(share))
        raise_journal_error(self._shares)
        self._outcomes.recovered += sum(share.recovered for share in self._shares)
        self._preparer.leave_out_sent(self._log.queued_numbers(), self._log.recalls)
        await fill_chunk(self._chunk, source, self._preparer, inf)
        await self._log.record_skips(self._chunk.skipped)
        await self._log.record_end(source.taken)
        self._remember()
        left = await weigh(self._outcomes.wanted(self._chunk.rows))
        again = any(self._place(row.index) is not None for row, _ in left)
        while left and not self._stopping and any(share.open for share in self._shares):
            left = await self._round(left, again=again)
            again = False

    async def _look(self, share: Share) -> None:
        """See how much room a queue has, and what stands in it; one that cannot be read takes no part."""
        try:
            share.recovered = await share.appender.resume(self._preparer.bars)
            if share.closed:
                return
            share.room = await share.appender.look()
            if self._skip_queued:
                self._preparer.leave_out(await share.appender.queued_by_others())
        except StoppedError:
            return
        except AlloError as error:
            share.error = error

    def _remember(self) -> None:
        """Take over what earlier runs of the load came to."""
        self._skipped = sum(not self._log.recalls(row.index) for row in self._chunk.skipped)
        indexes = itertools.chain((row.index for row in self._chunk.rows), (row.index for row in self._chunk.skipped))
        for index in indexes:
            if index in self._placed or not self._log.recalls(index):
                continue
            place, outcome = self._place(index), self._log.outcome(index)
            if place is not None and outcome is not None:
                self._placed[index] = place
                self._shares[place].added += outcome.fate == "added"

    def _place(self, index: int) -> int | None:
        """Return the place among the shares of the queue that an earlier run sent or dealt a row to."""
        queue = self._log.queue(index)
        return None if queue is None else self._places.get(queue.identity)

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        return {share.assignee.identity: place for place, share in enumerate(self._shares)}

    async def _round(self, rows: Sequence[Weighed], *, again: bool) -> list[Weighed]:
        """Deal *rows*, *again* as an earlier run did, and load them; give those that still have no queue, in order."""
        seats = [Seat(share.added, share.room if share.open else 0) for share in self._shares]
        if again:
            deal_as_before(rows, seats, self._place)
        else:
            await deal(rows, seats, self._strategy)
        if self._log.writes:
            await self._log.record_allocation(self._dealt(rows, seats))
        async with asyncio.TaskGroup() as group:
            for place, seat in enumerate(seats):
                if seat.hand:
                    group.create_task(self._play(place, seat.hand))
        raise_journal_error(self._shares)
        await self._outcomes.read()
        return [(row, weight) for row, weight in rows if self._outcomes.is_pending(row)]

    def _dealt(self, rows: Sequence[Weighed], seats: Sequence[Seat]) -> dict[int, tuple[PreparedRow, Assignee | None]]:
        dealt: dict[int, tuple[PreparedRow, Assignee | None]] = {row.index: (row, None) for row, _ in rows}
        for share, seat in zip(self._shares, seats, strict=True):
            dealt.update((row.index, (row, share.assignee)) for row in seat.hand)
        return dealt

    async def _play(self, place: int, hand: Sequence[PreparedRow]) -> None:
        share = self._shares[place]
        try:
            for start in range(0, len(hand), self._chunk_size):
                if self._stopping:
                    return
                batch = hand[start : start + self._chunk_size]
                with self._placing(place, batch):
                    await share.appender.deliver(batch, self._outcomes)
        except QueueFullError as error:
            share.room = 0
            # In doubt, it is an error like any other.
            share.error = error if any(self._outcomes.is_in_doubt(row) for row in hand) else None
        except StoppedError:
            return
        except AlloError as error:
            share.error = error

    @contextlib.contextmanager
    def _placing(self, place: int, batch: Sequence[PreparedRow]) -> Generator[None]:
        """Note who got *batch*, however its delivery ends."""
        share = self._shares[place]
        try:
            yield
        finally:
            sent = [row for row in batch if not self._outcomes.is_pending(row)]
            added = sum(self._outcomes.is_added(row) for row in sent)
            share.added += added
            share.room = max(0, share.room - added)
            self._placed.update((row.index, place) for row in sent)
            self._tell_progress()

    def _tell_progress(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self)
