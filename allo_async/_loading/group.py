"""Group commit: appends that wait for the same queue's turn leave together, as one request.

Whoever gets the turn takes along those who wait behind, in the order they came, up to a request's size. Such a request
belongs to nobody alone: it runs in a task of its own, which ends early only when all who asked for it have gone.
"""

import asyncio
import contextlib
import copy
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar
from weakref import WeakKeyDictionary

import attrs

from allo_async._loading.correlate import Correlation
from allo_async._loading.load_log import Outcome
from allo_async._loading.outcomes import NO_ANSWER, Fates, Outcomes
from allo_async._loading.prepare import PreparedRow
from allo_async._sending.call_limits import CallLimits, cancel_and_wait
from allo_async._sending.session import LoopSession
from allo_async._wire.assignee import Assignee
from allo_async.errors import AlloError, QueueFullError
from allo_async.models import QUEUE_CAPACITY

_Item = TypeVar("_Item")


class Carrier(Protocol):
    """Sends rows when it has the queue's turn."""

    requests: int

    @property
    def on_its_way(self) -> Sequence[PreparedRow]:
        """The rows of the request that is on its way, or will be."""
        ...

    @property
    def refusal(self) -> QueueFullError | None:
        """Why the queue took no more."""
        ...

    async def carry(self, rows: Sequence[PreparedRow], outcomes: Fates) -> Sequence[PreparedRow]:
        """Send *rows* until they are settled or the queue is full, and give those that are left."""
        ...


@attrs.define(eq=False)
class Ticket:
    """One caller's part in what is sent.

    Attributes:
        rows: The rows, in order.
        outcomes: Where their fates are noted.
        limits: How long a request may take.
        gone: Whether the caller has ended, and wants to hear no more.
        done: Whether the request that they were in has ended.
        left: The rows that the queue had no room for.
        refusal: Why it had none.
        error: What else ended it.
        requests: How many attempts it took.
    """

    rows: Sequence[PreparedRow]
    outcomes: Outcomes
    limits: CallLimits
    gone: bool = False
    done: bool = False
    left: Sequence[PreparedRow] = ()
    refusal: QueueFullError | None = None
    error: Exception | None = None
    requests: int = 0

    def outcome(self) -> Sequence[PreparedRow]:
        """Give what is left, or raise what ended it."""
        if self.error is not None:
            raise self.error
        return self.left

    def end(self, left: Sequence[PreparedRow], carrier: Carrier) -> None:
        """Note that the request has ended."""
        self.left, self.refusal, self.requests = left, _own(carrier.refusal), carrier.requests

    def fail(self, error: Exception) -> None:
        """Note that the request has failed, which does not concern who had their answer by then."""
        if any(self.outcomes.is_pending(row) or self.outcomes.is_in_doubt(row) for row in self.rows):
            self.error = _own(error)


class Pool:
    """The rows of several callers, as if they were one's; each caller's fates go to their own outcomes."""

    def __init__(self, tickets: Sequence[Ticket]) -> None:
        self._owners = [(ticket, row) for ticket in tickets for row in ticket.rows]
        self.rows = [attrs.evolve(row, index=index) for index, (_, row) in enumerate(self._owners)]

    def wanted(self, rows: Sequence[PreparedRow]) -> Sequence[PreparedRow]:
        """Give those of *rows* that are still to be sent; those of a caller who has gone are not."""
        owned = ((row, *self._owners[row.index]) for row in rows)
        return [row for row, ticket, own in owned if not ticket.gone and ticket.outcomes.is_pending(own)]

    def doubt(self, rows: Sequence[PreparedRow], reason: str) -> None:
        """Note that no one can tell of *rows* whether they arrived, and why."""
        for ticket, own in self.by_ticket(rows).items():
            ticket.outcomes.doubt(own, reason)

    def settle(self, correlation: Correlation) -> None:
        """Note what the server said, with each caller for their own rows."""
        added, skipped = self._sorted(correlation.added), self._sorted(correlation.skipped)
        unanswered = self.by_ticket(correlation.unanswered)
        for ticket in {**added, **skipped, **unanswered}:
            part = attrs.evolve(
                correlation, added=added[ticket], skipped=skipped[ticket], unanswered=unanswered[ticket], surplus=0
            )
            ticket.outcomes.settle(part)

    def outcomes(self, rows: Sequence[PreparedRow]) -> Mapping[int, Outcome]:  # noqa: ARG002 - the protocol's
        """Tell nothing: what is written down is never sent together with others'."""
        return {}

    def by_ticket(self, rows: Sequence[PreparedRow]) -> dict[Ticket, list[PreparedRow]]:
        """Give each caller who is still there with their own of *rows*."""
        found = self._sorted((row, None) for row in rows)
        return defaultdict(list, {ticket: [own for own, _ in pairs] for ticket, pairs in found.items()})

    def _sorted(self, pairs: Iterable[tuple[PreparedRow, _Item]]) -> dict[Ticket, list[tuple[PreparedRow, _Item]]]:
        found: dict[Ticket, list[tuple[PreparedRow, _Item]]] = defaultdict(list)
        for row, item in pairs:
            ticket, own = self._owners[row.index]
            if not ticket.gone:
                found[ticket].append((own, item))
        return found


@attrs.define(eq=False)
class _Batch:
    """A request on its way that is several callers'."""

    tickets: Sequence[Ticket]
    carrier: Carrier
    pool: Pool
    task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            left = self.pool.by_ticket(await self.carrier.carry(self.pool.rows, self.pool))
        except Exception as error:  # noqa: BLE001 - it is raised where it belongs
            for ticket in self.tickets:
                ticket.fail(error)
        else:
            for ticket in self.tickets:
                ticket.end(left[ticket], self.carrier)
        finally:
            for ticket in self.tickets:
                ticket.done = True


class Group:
    """The appends of one client to one queue."""

    def __init__(self) -> None:
        self._waiting = deque[Ticket]()
        self._batch: _Batch | None = None

    async def deliver(
        self,
        ticket: Ticket,
        session: LoopSession,
        assignee: Assignee,
        *,
        alone: Carrier,
        together: Callable[[CallLimits], Carrier],
    ) -> Sequence[PreparedRow]:
        """Send the rows of *ticket*, with those of others where they wait, and give what the queue had no room for.

        Args:
            ticket: The rows, and whose they are.
            session: Whose pace is waited for.
            assignee: Whose queue it is.
            alone: Sends them by themselves.
            together: Makes what sends them with others'.

        Raises:
            AlloError: The request that they were in was refused, or could not be settled.
        """
        turn = session.locks.of(assignee)
        self._waiting.append(ticket)
        try:
            async with ticket.limits.stop.ends(unless=lambda: ticket not in self._waiting):
                with session.observers.timed_wait("turn"):
                    await turn.acquire()
        except BaseException:
            # Whoever comes next must not take along what nobody waits for.
            await self._leave(ticket)
            raise
        if ticket.done or turn is not session.locks.of(assignee):
            # It has left with others' rows, or it is known by now that the queue has another turn.
            self._forget(ticket)
            turn.release()
            return ticket.outcome() if ticket.done else ticket.rows
        with contextlib.ExitStack() as held:
            held.callback(turn.release)
            held.callback(self._forget, ticket)
            async with ticket.limits.stop.ends():
                with session.observers.timed_wait("pace"):
                    opening = await session.key_state.limiters.writes.opening(session.sender.budget(ticket.limits))
            held.callback(session.key_state.limiters.writes.leave, opening)
            tickets = self._take()
            if len(tickets) == 1:
                return await alone.carry(ticket.rows, ticket.outcomes)
            batch = self._start(tickets, together, held)
        try:
            await asyncio.wait({batch})
        except asyncio.CancelledError:
            await self._leave(ticket)
            raise
        return ticket.outcome()

    def _take(self) -> list[Ticket]:
        """Take who is first in the line, and those behind who fit into the same request."""
        first = self._waiting.popleft()
        tickets, rows = [first], len(first.rows)
        while self._waiting and self._waiting[0].limits.patience == first.limits.patience:
            rows += len(self._waiting[0].rows)
            if rows > QUEUE_CAPACITY:
                break
            tickets.append(self._waiting.popleft())
        return tickets

    def _start(
        self, tickets: Sequence[Ticket], together: Callable[[CallLimits], Carrier], held: contextlib.ExitStack
    ) -> asyncio.Task[None]:
        batch = self._batch = _Batch(tickets, together(_limits(tickets)), Pool(tickets))
        batch.task = asyncio.create_task(batch.run())
        # The turn is the request's now, and not the caller's who began it; so is the place in the key's line.
        its = held.pop_all()
        batch.task.add_done_callback(lambda _: its.close())
        return batch.task

    def _forget(self, ticket: Ticket) -> None:
        if ticket in self._waiting:
            self._waiting.remove(ticket)

    async def _leave(self, ticket: Ticket) -> None:
        """Let a caller go, with a true outcomes; a request that nobody waits for any more ends."""
        self._forget(ticket)
        batch = self._batch
        if batch is None or ticket.done or ticket not in batch.tickets or batch.task is None:
            return
        own = batch.pool.by_ticket(batch.carrier.on_its_way)[ticket]
        try:
            if all(other.gone or other is ticket for other in batch.tickets):
                await cancel_and_wait(batch.task)
        finally:
            # The request goes on for the others, and with it this one's rows.
            if not batch.task.done():
                ticket.outcomes.doubt([row for row in own if ticket.outcomes.is_pending(row)], NO_ANSWER)
            ticket.gone = True


_groups: WeakKeyDictionary[LoopSession, dict[tuple[str, str], Group]] = WeakKeyDictionary()


def group_of(session: LoopSession, assignee: Assignee) -> Group:
    """Give the group of a client's appends to one queue."""
    return _groups.setdefault(session, {}).setdefault(session.locks.identity(assignee), Group())


def _limits(tickets: Sequence[Ticket]) -> CallLimits:
    """Bound a request by who has the most time: the others' own deadlines end their waiting for it."""
    ends = [ticket.limits.give_up_at for ticket in tickets]
    latest = None if None in ends else max(end for end in ends if end is not None)
    return CallLimits(latest, tickets[0].limits.patience)


_Error = TypeVar("_Error", bound=Exception)


def _own(error: _Error | None) -> _Error | None:
    """Copy an error that several callers get: each of them carries its own result."""
    if not isinstance(error, AlloError):
        return error
    own = copy.copy(error)
    own.__cause__ = error
    return own
