"""One chunk, until the account of its rows says how it ended."""

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Sequence
from math import inf

from allo_async._loading.account import Account
from allo_async._loading.chunk import halves
from allo_async._loading.correlate import Correlation, correlate
from allo_async._loading.prepare import PreparedRow
from allo_async._sending.lane import Lane
from allo_async._sending.sender import Delivery
from allo_async._wire.assignee import Assignee
from allo_async._wire.requests import append_request
from allo_async.errors import RequestTooLargeError

_log = logging.getLogger(__name__)


class Courier:
    """Delivers the chunks of one call to one queue, in order.

    Args:
        lane: Carries one request until it is settled, and keeps appends to the same queue apart.
        assignee: Whose queue it is.
        give_up_at: The moment of the clock after which no retry begins.

    Attributes:
        largest: How many rows the server takes at once, as far as it has told by refusing more.
        requests: How many attempts were made.
    """

    def __init__(self, lane: Lane, assignee: Assignee, *, give_up_at: float | None) -> None:
        self._lane = lane
        self._assignee = assignee
        self._give_up_at = give_up_at
        self.largest: float = inf
        self.requests = 0

    async def deliver(self, rows: Sequence[PreparedRow], account: Account) -> None:
        """Send *rows* and note their fates in *account*, which is right at every await.

        Raises:
            AlloError: The server refused, or could not be reached in time; *account* tells what became of the rows.
        """
        pieces = deque([rows] if rows else [])
        async with self._lane.turns.of(self._assignee):
            while pieces:
                piece = pieces.popleft()
                too_large = len(piece) > self.largest or await self._proves_too_large(piece, account)
                if too_large:
                    pieces.extendleft(reversed(halves(piece)))

    async def _proves_too_large(self, piece: Sequence[PreparedRow], account: Account) -> bool:
        """Settle *piece*, unless the server refuses it for its size."""
        entries = (row.entry for row in piece)
        delivery = Delivery(append_request(self._assignee, entries, idempotency_key=str(uuid.uuid4())))
        try:
            reply = await self._lane.sender.send(delivery, give_up_at=self._give_up_at)
        except RequestTooLargeError:
            if len(piece) > 1 and not delivery.in_doubt:
                self.largest = (len(piece) + 1) // 2
                _log.info("%d rows are too many for one request: going on with %d", len(piece), self.largest)
                return True
            self._doubt(piece, delivery, account)
            raise
        except BaseException:
            # A cancellation too leaves rows behind that someone will ask for.
            self._doubt(piece, delivery, account)
            raise
        finally:
            self.requests += delivery.attempts
        try:
            # Reading the reply has taken its stretch of the loop already.
            await asyncio.sleep(0)
        finally:
            # A cancellation here does not make an answer that came unheard.
            self._settle(correlate(piece, reply), account)
        return False

    def _settle(self, correlation: Correlation, account: Account) -> None:
        account.settle(correlation)
        if correlation.surplus:
            _log.warning("the reply names %d numbers that were not sent", correlation.surplus)

    def _doubt(self, piece: Sequence[PreparedRow], delivery: Delivery, account: Account) -> None:
        if delivery.in_doubt:
            account.doubt(piece)
