"""One chunk, until the account of its rows says how it ended."""

import asyncio
import logging
from collections.abc import Sequence
from math import inf

from allo_async._loading.account import Account
from allo_async._loading.brim import Brim
from allo_async._loading.correlate import correlate
from allo_async._loading.prepare import PreparedRow
from allo_async._sending.lane import Lane
from allo_async._sending.sender import Delivery
from allo_async._wire.answers import AppendReply, read_append
from allo_async._wire.assignee import Assignee
from allo_async._wire.requests import append_request
from allo_async.errors import QueueFullError, RequestTooLargeError

_log = logging.getLogger(__name__)


class Courier:
    """Delivers the chunks of one call to one queue, in order.

    Args:
        lane: Carries one request until it is settled, and keeps appends to the same queue apart.
        assignee: Whose queue it is.
        brim: Tells how much goes in once the queue has refused.
        waits: Whether to wait for room in a full queue, for as long as it takes.
        give_up_at: The moment of the clock after which no retry begins.

    Attributes:
        largest: How many rows the server takes at once, as far as it has told by refusing more.
        requests: How many attempts to append were made.
    """

    def __init__(self, lane: Lane, assignee: Assignee, brim: Brim, *, waits: bool, give_up_at: float | None) -> None:
        self._lane = lane
        self._assignee = assignee
        self._brim = brim
        self._waits = waits
        self._give_up_at = give_up_at
        self.largest: float = inf
        self.requests = 0

    async def deliver(self, rows: Sequence[PreparedRow], account: Account) -> None:
        """Send *rows* and note their fates in *account*, which is right at every await.

        Raises:
            QueueFullError: The queue is filled to the brim, and there are rows left.
            AlloError: The server refused, or could not be reached in time; *account* tells what became of the rows.
        """
        rows = await self._fill(rows, account)
        while rows:
            if not self._waits and self._brim.refusal is not None:
                raise self._brim.refusal
            # Others may have their turn meanwhile: a caller who does not wait learns at once that the queue is full.
            await self._brim.wait_for_room()
            rows = await self._fill(rows, account)

    async def _fill(self, rows: Sequence[PreparedRow], account: Account) -> Sequence[PreparedRow]:
        """Send *rows* until they are settled or the queue is full, and give those that are left."""
        async with self._lane.turns.of(self._assignee):
            while rows and self._brim.allows >= 1:
                piece = rows[: int(min(len(rows), self.largest, self._brim.allows))]
                if await self._settles(piece, account):
                    rows = rows[len(piece) :]
        return rows

    async def _settles(self, piece: Sequence[PreparedRow], account: Account) -> bool:
        """Send *piece*; a definite refusal that leaves something to be sent in its stead settles nothing."""
        delivery = Delivery(append_request(self._assignee, (row.entry for row in piece)))
        try:
            reply = await self._lane.sender.send(delivery, read_append, give_up_at=self._give_up_at)
        except BaseException as error:
            if delivery.in_doubt:
                # A cancellation too leaves rows behind that someone will ask for.
                account.doubt(piece)
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
            self._settle(piece, reply, account)
        return True

    async def _cut(self, piece: Sequence[PreparedRow], error: BaseException) -> None:
        """Learn from a refusal of *piece* how much to send in its stead, or raise it."""
        if isinstance(error, QueueFullError):
            await self._brim.refused(len(piece), error, give_up_at=self._give_up_at)
        elif isinstance(error, RequestTooLargeError) and len(piece) > 1:
            self.largest = (len(piece) + 1) // 2
            _log.info("%d rows are too many for one request: going on with %d", len(piece), self.largest)
        else:
            raise error

    def _settle(self, piece: Sequence[PreparedRow], reply: AppendReply, account: Account) -> None:
        correlation = correlate(piece, reply)
        account.settle(correlation)
        self._brim.added(len(correlation.added))
        if correlation.surplus:
            _log.warning("the reply names %d numbers that were not sent", correlation.surplus)
