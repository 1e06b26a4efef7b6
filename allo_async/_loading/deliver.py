"""One chunk, until the account of its rows says how it ended."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from math import inf

from allo_async._loading.account import NO_ANSWER, Account, Fates
from allo_async._loading.brim import Brim
from allo_async._loading.chunk import Chunk
from allo_async._loading.correlate import Correlation, correlate
from allo_async._loading.group import Ticket, group_of
from allo_async._loading.log import LoadLog, Sending
from allo_async._loading.look_back import look_back
from allo_async._loading.prepare import PreparedRow
from allo_async._loading.queue_reads import read_queued
from allo_async._loading.target import Target
from allo_async._loading.telling import ChunkTelling
from allo_async._sending.bounds import Bounds
from allo_async._sending.delivery import Delivery
from allo_async._sending.key_trust import Moment
from allo_async._sending.lane import Lane
from allo_async._wire.answers import AppendReply, read_append
from allo_async._wire.assignee import Assignee
from allo_async._wire.requests import Request, append_request
from allo_async.errors import AlloError, AppendConflictError, QueueFullError, RequestTooLargeError

_log = logging.getLogger(__name__)

# So many rows make an append short, which seldom loses to another writer.
_SHORT = 50

# So many conflicts are an accident; after them, an append is cut.
_PATIENT = 3


class Courier:
    """Delivers the chunks of one call to one queue, in order.

    Args:
        lane: Carries one request until it is settled, and keeps appends to the same queue apart.
        assignee: Whose queue it is.
        brim: Tells how much goes in once the queue has refused.
        waits: Whether to wait for room in a full queue, for as long as it takes.
        bounds: How long a request may take.
        log: Is told before a piece is sent, and after its answer.
        merges: Whether the rows may leave together with those of other calls that wait for the queue's turn.

    Attributes:
        lane: The lane.
        largest: How many rows the server takes at once, as far as it has told by refusing more.
        careful: How many rows to send at once while others write to the queue: a long append loses to short ones.
        requests: How many attempts to append were made.
    """

    def __init__(
        self,
        lane: Lane,
        assignee: Assignee,
        brim: Brim,
        *,
        waits: bool = False,
        bounds: Bounds,
        log: LoadLog | None = None,
        merges: bool = False,
    ) -> None:
        self.lane = lane
        self._assignee = assignee
        self._brim = brim
        self._waits = waits
        self._bounds = bounds
        self._target = Target(lane, assignee, bounds)
        self._log = log or LoadLog()
        # What is written down keeps its key, and so is sent by itself.
        self._merges = merges and not self._log.writes
        self._piece: Sending | None = None
        self.largest: float = inf
        self.careful: float = inf
        self.requests = 0

    async def deliver(self, rows: Sequence[PreparedRow], account: Account) -> None:
        """Send *rows* and note their fates in *account*, which is right at every await.

        Raises:
            QueueFullError: The queue is filled to the brim, and there are rows left.
            AlloError: The server refused, or could not be reached in time; *account* tells what became of the rows.
        """
        rows = await self._fill(account.wanted(rows), account)
        while rows:
            if self._brim.refusal is not None:
                if not self._waits:
                    raise self._brim.refusal
                # Others may have their turn meanwhile: who does not wait learns at once that the queue is full.
                await self._brim.wait_for_room(self._bounds)
            # What is left without a refusal waits for the turn that the queue is known to have by now.
            rows = await self._fill(rows, account)

    async def look(self) -> int:
        """Tell how much room there is, and remember what stands last in the queue."""
        return await self._target.look()

    async def queued_by_others(self) -> set[str]:
        """Read the numbers in the queue, in E.164, but for those that earlier runs of this load put there."""
        return set(await read_queued(self.lane, self._assignee, self._bounds)).difference(self._log.sent_numbers())

    @property
    def on_its_way(self) -> Sequence[PreparedRow]:
        """The rows of the request that is on its way, or will be."""
        return self._piece.rows if self._piece is not None else ()

    @property
    def refusal(self) -> QueueFullError | None:
        """Why the queue took no more."""
        return self._brim.refusal

    async def carry(self, rows: Sequence[PreparedRow], account: Fates) -> Sequence[PreparedRow]:
        """Send *rows*, having the queue's turn, until they are settled or the queue is full; give those that are left.

        Raises:
            AlloError: As for `deliver`.
        """
        while rows and self._brim.allows >= 1:
            async with self._target.marked() as mark:
                # Of those whose rows they are, some may have gone meanwhile.
                rows = account.wanted(rows)
                if not rows:
                    break
                piece = rows[: int(min(len(rows), self.largest, self.careful, self._brim.allows))]
                self._piece = Sending(self._assignee, piece, mark)
                try:
                    settled = await self._settles(self._piece, account)
                finally:
                    self._piece = None
            rows = rows[len(piece) :] if settled else rows
            if settled and not self._target.identified:
                # By now there is a queue; whoever waits for this name's turn learns with it whose that is.
                with contextlib.suppress(AlloError):
                    await self._target.identify()
                break
        return rows

    async def _fill(self, rows: Sequence[PreparedRow], account: Account) -> Sequence[PreparedRow]:
        """Wait for the queue's turn, and send *rows* as `carry` does."""
        if not rows:
            return rows
        await self._target.come_to_know()
        await self.lane.shared.paces.writes.check(self._bounds.patience)
        if not self._merges:
            turn = self.lane.turns.of(self._assignee)
            async with self._bounds.stop.ends():
                with self.lane.observers.waiting("turn"):
                    await turn.acquire()
            try:
                renamed = turn is not self.lane.turns.of(self._assignee)
                return rows if renamed else await self.carry(rows, account)
            finally:
                turn.release()
        ticket = Ticket(rows, account, self._bounds)
        group = group_of(self.lane, self._assignee)
        left = await group.deliver(ticket, self.lane, self._assignee, alone=self, together=self._together)
        self.requests += ticket.requests
        if ticket.refusal is not None and left:
            self._brim.full(ticket.refusal)
        return left

    def _together(self, bounds: Bounds) -> "Courier":
        courier = Courier(self.lane, self._assignee, self._brim.fresh(), bounds=bounds)
        courier.largest = self.largest
        return courier

    async def take_up(self, bars: Callable[[Sequence[PreparedRow]], Awaitable[bool]] | None = None) -> int:
        """Settle what an earlier run of the load was sending when it ended, and tell how many lost answers came back.

        Args:
            bars: Returns whether some of the rows must not be sent any more. If so, nothing is sent again, and reading
                the queue back settles whether they arrived.

        Raises:
            AlloError: It could not be settled; its rows are in doubt.
        """
        recovered, pieces = 0, self._log.in_flight(self._assignee)
        if not pieces:
            return 0
        barred = [bars is not None and await bars(piece.rows) for piece in pieces]
        async with self.lane.turns.of(self._assignee):
            for piece, is_barred in zip(pieces, barred, strict=True):
                account = Account(Chunk(list(piece.rows)))
                with contextlib.suppress(QueueFullError, RequestTooLargeError):
                    await (self._settle_unsent if is_barred else self._settles)(piece, account)
                recovered += account.result().recovered
        return recovered

    async def _settles(self, piece: Sending, account: Fates) -> bool:
        """Send *piece*; a definite refusal that leaves something to be sent in its stead settles nothing."""
        telling, delivery = ChunkTelling(self.lane.observers, self._assignee, len(piece.rows)), self._delivery(piece)
        try:
            with telling.within():
                reply = await self.lane.sender.send(delivery, self._bounds)
        except BaseException as error:
            telling.failed(delivery, error)
            if delivery.in_doubt:
                # A cancellation too leaves rows behind that someone will ask for.
                account.doubt(piece.rows, _why(error))
                raise
            await self._cut(piece, error)
            return False
        finally:
            self.requests += delivery.attempts
        try:
            # Reading the reply has taken its stretch of the loop already.
            await asyncio.sleep(0)
        finally:
            # A cancellation here does not make an answer that came unheard.
            correlation = self._settle(piece.rows, reply, account)
            telling.settled(correlation, delivery.attempts)
        await self._log.settled(piece, account.outcomes(piece.rows))
        return True

    async def _settle_unsent(self, piece: Sending, account: Fates) -> None:
        """Settle *piece*, which must not be sent again, by what stands in the queue."""
        reply = await self.lane.sender.look(self._delivery(piece))
        if reply is None:
            await self._log.refused(piece)
            return
        self._settle(piece.rows, reply, account)
        await self._log.settled(piece, account.outcomes(piece.rows))

    def _delivery(self, piece: Sending) -> Delivery[AppendReply]:
        async def look(since: Moment, seconds: float | None) -> AppendReply | None:
            return await look_back(self.lane, piece, since=since, seconds=seconds, bounds=self._bounds.unstoppable)

        async def announce(request: Request, first_used: Moment) -> None:
            if self._log.writes:
                # Another process may have to know it, long after.
                async with self._bounds.stop.ends(unless=lambda: delivery.on_its_way):
                    await piece.mark.seen()
            await self._log.sending(piece, request, first_used)

        request = piece.request or append_request(self._assignee, [row.entry for row in piece.rows])
        delivery = Delivery(
            request,
            read_append,
            look,
            announce,
            piece.first_used,
            # What an earlier run was sending may have arrived.
            unclear_since=piece.first_used,
            most_conflicts=_PATIENT if len(piece.rows) > _SHORT else None,
        )
        return delivery

    async def _cut(self, piece: Sending, error: BaseException) -> None:
        """Learn from a refusal of *piece* how much to send in its stead, or raise it."""
        if isinstance(error, AlloError):
            await self._log.refused(piece)
        rows = len(piece.rows)
        if isinstance(error, QueueFullError):
            await self._brim.refused(rows, error, self._bounds)
        elif isinstance(error, RequestTooLargeError) and rows > 1:
            self.largest = (rows + 1) // 2
            _log.info("%d rows are too many for one request: going on with %d", rows, self.largest)
        elif isinstance(error, AppendConflictError) and rows > _SHORT:
            self.careful = max(_SHORT, rows // 2)
            _log.info("%d rows keep losing to another writer: going on with %d", rows, self.careful)
        else:
            raise error

    def _settle(self, rows: Sequence[PreparedRow], reply: AppendReply, account: Fates) -> Correlation:
        correlation = correlate(rows, reply)
        account.settle(correlation)
        self._brim.added(len(correlation.added))
        self.careful *= 2
        self._target.added(entry for _, entry in correlation.added)
        if reply.recovered:
            _log.info("the lost answer to an append of %d rows was recovered", len(rows))
        if correlation.surplus:
            _log.warning("the reply names %d numbers that were not sent", correlation.surplus)
        return correlation


def _why(error: BaseException) -> str:
    return (
        f"no answer told whether it arrived; the last attempt ended with: {error}"
        if isinstance(error, AlloError)
        else NO_ANSWER
    )
