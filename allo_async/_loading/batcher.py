"""One writer for each queue: callers pass rows and wait, and a single task sends the rows that have come in.

A request belongs to nobody alone. A task of its own takes the queue's lock, waits for the rate limit, and only then
collects rows, so that all that came in by then leaves together.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import cached_property, partial
from weakref import WeakKeyDictionary, WeakValueDictionary

from allo_async._loading.append_request import AppendRequest
from allo_async._loading.line import Line, SharedBudget
from allo_async._loading.load_log import Batch
from allo_async._loading.outcomes import Outcomes
from allo_async._loading.pending_append import (
    AppendCall,
    MergedRows,
    PendingAppend,
    collect,
    limits_of,
)
from allo_async._loading.prepared_rows import PreparedRow
from allo_async._loading.queue_names import identify, tell_apart
from allo_async._loading.room_wait import RoomWait
from allo_async._loading.tail import QueueTail
from allo_async._sending.call_limits import StoppedError, cancel_and_wait
from allo_async._sending.queue_locks import Identity, kind_of
from allo_async._sending.rate_limiter import Slot
from allo_async._sending.session import LoopSession
from allo_async._wire.answers import KnownEnd
from allo_async.errors import AlloError, ConnectionLostError, RateLimitWaitError
from allo_async.models import Assignee

_CUT_OFF = "the request was cancelled from outside, before its reply came"


class AppendBatcher:
    """The appends of one client to one queue; it lives as long as a caller waits for it.

    Args:
        session: Carries the requests.
        identity: The queue.
    """

    def __init__(self, session: LoopSession, identity: Identity) -> None:
        self._session = session
        self._kind = kind_of(identity)
        self._waiting = Line()
        self._budget: SharedBudget | None = None
        self._request: AppendRequest | None = None
        self._task: asyncio.Task[None] | None = None

    @cached_property
    def _room_wait(self) -> RoomWait:
        return RoomWait(self._session)

    def __repr__(self) -> str:
        rows = sum(len(job.rows) for job in (*self._waiting, *self._room_wait.jobs))
        return f"<AppendBatcher {self._kind}: {rows} rows waiting, {int(self._request is not None)} request in flight>"

    async def append(self, job: PendingAppend) -> None:
        """Return as soon as the rows of *job* are settled.

        Raises:
            QueueFullError: The queue has no room for the rows that are pending.
            StoppedError: The caller asked to end; the rows that were not on their way are pending.
            AlloError: The request that the rows were in was refused, or could not be settled.
        """
        stop, act = job.call.limits.stop, partial(self._stop, job)
        try:
            self._enter(job)
            stop.add(act)
            try:
                await job.waiter
            finally:
                stop.remove(act)
        except BaseException:
            await self._leave(job)
            raise
        job.raise_error()

    def _enter(self, job: PendingAppend) -> None:
        if job.call.waits_for_room and self._room_wait.jobs:
            # Callers that have waited longer get the room first.
            self._room_wait.add(job, self._let_in)
            return
        if self._task is not None:
            job.wait_for_turn(self._session.observers)
        self._waiting.add(job)
        if self._budget is not None:
            self._budget.came(job)
        self._go_on()

    def _stop(self, job: PendingAppend) -> None:
        """End *job* in order: wait for the reply to a request that may have arrived, and send nothing else."""
        job.stopping = True
        if self._request is not None and job in self._request.present:
            self._request.stop()
        else:
            self._drop(job)
            self._fail([job], StoppedError("the caller asked to end"))

    async def _leave(self, job: PendingAppend) -> None:
        """Release a cancelled caller; its rows are in doubt only if they may have arrived, or may still leave."""
        self._drop(job)
        request, task = self._request, self._task
        if request is None or task is None or job not in request.present:
            job.leave()
            return
        request.present.discard(job)
        try:
            if not request.present:
                await cancel_and_wait(task)
            else:
                # The others' rows go on in a request without this caller's, unless this one may have arrived.
                request.stop()
                if not request.on_its_way:
                    await asyncio.wait({task})
        finally:
            if not task.done():
                request.merged.doubt_of(job)
            job.leave()

    def _drop(self, job: PendingAppend) -> None:
        self._room_wait.remove(job)
        self._waiting.remove(job)
        if not self._waiting and self._request is None and self._task is not None:
            self._task.cancel()

    def _go_on(self) -> None:
        """Start the next request, unless one is under way or nothing is left to send."""
        if self._task is not None:
            return
        self._turn_away()
        if self._waiting:
            context = self._waiting.first.context.copy()
            self._task = asyncio.create_task(self._write(), context=context)
            self._task.add_done_callback(self._ended)

    def _turn_away(self) -> None:
        """Take the callers for which the queue has no more room out of the line."""
        while self._waiting:
            job = self._waiting.first
            if job.call.capacity is None or job.call.capacity.allows >= 1:
                return
            self._waiting.remove(job)
            if job.call.waits_for_room:
                self._room_wait.add(job, self._let_in)
            else:
                job.fail(job.call.capacity.refusal, self._session.resuming, shared=True)

    def _let_in(self, jobs: Sequence[PendingAppend]) -> None:
        """Put callers that waited for room before all others."""
        for job in reversed(jobs):
            self._waiting.add_first(job)
        self._go_on()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Go on after a request; where its task was cancelled from outside, no caller is left without an answer."""
        request, self._request, self._task = self._request, None, None
        if task.cancelled() and request is not None and request.in_doubt:
            self._fail(request.merged.jobs, ConnectionLostError(_CUT_OFF))
        self._go_on()

    async def _write(self) -> None:
        try:
            call = self._waiting.first.call
            lock = await self._lock(call)
            try:
                await self._write_locked(call.assignee)
            finally:
                lock.release()
        except Exception as error:  # noqa: BLE001 - it is raised by the callers
            self._fail(list(self._waiting), error)

    async def _lock(self, call: AppendCall) -> asyncio.Lock:
        locks = self._session.locks
        while True:
            locks.use(call.assignee)
            if locks.perhaps_the_same(call.assignee):
                await tell_apart(self._session, call.assignee, call.limits.unstoppable)
            # Nothing may come in between: a caller that asks for another name of the queue sees that this lock is held.
            lock = locks.of(call.assignee)
            with self._session.observers.timed_wait("turn"):
                await lock.acquire()
            if lock is locks.of(call.assignee):
                return lock
            # It became known meanwhile that another name has the same queue.
            lock.release()

    async def _write_locked(self, assignee: Assignee) -> None:
        # Callers that are about to begin, or whose few rows are being prepared, leave with this request.
        await self._session.beginning.turn()
        async with self._session.preparing_few:
            pass
        slot = await self._wait_for_limit()
        if slot is None:
            return
        leaves = False
        try:
            # Just before the request leaves: nobody else has much time to write in between.
            before = await QueueTail(self._session, assignee, self._waiting.widest).known()
            request = self._merge(assignee, before)
            # To merge the rows of many callers takes its stretch of the loop, and to write them out takes another.
            await asyncio.sleep(0)
            leaves = request is not None
        finally:
            if not leaves:
                self._session.key_state.limiters.writes.release(slot)
        if request is not None:
            await self._send(assignee, request, slot)

    async def _wait_for_limit(self) -> Slot | None:
        """Wait until a request may leave; callers that may not wait for so long are refused at once."""
        self._budget = SharedBudget(self._waiting, self._session.sender.budget, self._refuse)
        try:
            with self._session.observers.timed_wait("pace"):
                return await self._session.key_state.limiters.writes.acquire(self._budget)
        except RateLimitWaitError:
            # No caller is left that would wait for so long.
            return None
        finally:
            self._budget = None

    def _refuse(self, job: PendingAppend, error: RateLimitWaitError) -> None:
        self._fail([job], error)

    def _merge(self, assignee: Assignee, before: KnownEnd | None) -> AppendRequest | None:
        parts = collect(self._waiting, self._session.server_limits.rows_per_request)
        if parts:
            merged = MergedRows(parts)
            for job in merged.jobs:
                job.taken()
            self._request = AppendRequest(self._session, merged, Batch(assignee, merged.rows, before))
        return self._request

    async def _send(self, assignee: Assignee, request: AppendRequest, slot: Slot) -> None:
        try:
            await request.send(slot)
        except Exception as error:  # noqa: BLE001 - it is raised by the callers
            if not request.helps_to_go_on(error):
                self._fail(request.merged.jobs, error)
        finally:
            self._finish(request)
        if not self._session.locks.is_known(assignee):
            # Callers under another name wait for the lock to learn whose queue it is, now that it exists. No call waits
            # for it, but it ends with the client, too.
            with contextlib.suppress(AlloError):
                async with self._session.calls.bounded():
                    await identify(self._session, assignee, limits_of(request.merged.jobs))

    def _finish(self, request: AppendRequest) -> None:
        """Resume the callers whose rows are all settled."""
        for job in request.merged.jobs:
            if not job.rows:
                self._waiting.remove(job)
                job.succeed(self._session.resuming)
            elif job.stopping:
                self._fail([job], StoppedError("the caller asked to end"))
        request.present.clear()

    def _fail(self, jobs: Sequence[PendingAppend], error: Exception) -> None:
        for job in jobs:
            self._waiting.remove(job)
            job.fail(error, self._session.resuming, shared=len(jobs) > 1)


_batchers: WeakKeyDictionary[LoopSession, WeakValueDictionary[Identity, AppendBatcher]] = WeakKeyDictionary()


def batcher_of(session: LoopSession, assignee: Assignee) -> AppendBatcher:
    """Return the batcher of a queue, which is there as long as anything waits for it."""
    batchers = _batchers.get(session)
    if batchers is None:
        batchers = _batchers[session] = WeakValueDictionary()
    identity = session.locks.identity(assignee)
    batcher = batchers.get(identity)
    if batcher is None:
        batcher = batchers[identity] = AppendBatcher(session, identity)
    return batcher


async def send_rows(session: LoopSession, call: AppendCall, rows: Sequence[PreparedRow], outcomes: Outcomes) -> None:
    """Send *rows* of a call and record what becomes of them in *outcomes*, which is right at every await.

    Raises:
        QueueFullError: The queue is filled to the capacity, and there are rows left.
        AlloError: The server refused, or could not be reached in time; *outcomes* has what became of the rows.
    """
    rows = outcomes.wanted(rows)
    if rows:
        session.key_state.limiters.writes.check(session.sender.budget(call.limits))
        await batcher_of(session, call.assignee).append(PendingAppend(call, rows, outcomes))
