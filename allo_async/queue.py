"""A rep's dialing queue, as callers work with it."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import TypeVar, Unpack, cast

from allo_async._loading.load_log import LoadLog
from allo_async._loading.outcomes import into_result
from allo_async._loading.pending_append import AppendCall
from allo_async._loading.plan import plan_append
from allo_async._loading.queue_names import changing
from allo_async._loading.rows import Rows
from allo_async._loading.stream import AppendStream
from allo_async._loading.tail import read_numbers, read_state
from allo_async._sending.call_limits import CallLimits
from allo_async._sending.in_flight import InFlightRequest
from allo_async._sending.session import LoopSessions
from allo_async._wire.data import read_any, read_removed, read_settings
from allo_async._wire.replies import Reply
from allo_async._wire.requests import Assignee, Request, clear_request, reassign_request, reset_request, update_request
from allo_async.clock import Clock
from allo_async.errors import AlloError, BadRequestError, ConfigurationError, InputChangedError, NotFoundError
from allo_async.models import AppendResult, Plan, QueueNumber, QueueSettings, QueueState
from allo_async.options import AppendOptions, Options, PlanOptions

_Answer = TypeVar("_Answer")


class DialingQueue:
    """The current dialing queue of a teammate or of the key's owner; made by `AlloClient.queue`.

    Making one sends nothing: the server creates the queue at the first append when there is none.

    Attributes:
        assignee: Whose queue it is.
    """

    def __init__(self, assignee: Assignee, sessions: LoopSessions, *, clock: Clock) -> None:
        self.assignee = assignee
        self._sessions = sessions
        self._clock = clock

    def __repr__(self) -> str:
        return f"<DialingQueue of {self.assignee}>"

    async def append(
        self, numbers: Rows, *, into: AppendResult | None = None, **options: Unpack[AppendOptions]
    ) -> AppendResult:
        """Append *numbers* to the end of the queue, in order, and tell what became of every row.

        A queue that cannot hold them all is filled to the capacity.

        Args:
            numbers: Rows from any sync or async iterable: a string, a whole number, a mapping with the API's field
                names, or a `Contact`. A value that means "not given" (NaN, NA, NaT, `None`, blank text) is left out; of
                a data frame, pass `df.to_dict("records")`. A row that cannot be used is skipped as `INVALID_CONTACT`;
                it costs no other row.
            into: An empty result to fill, for whoever has to know the fates after a cancellation, which raises no
                `AlloError`. At any moment it holds the rows of the chunks that are done. Once the call has ended,
                however it ended, it holds every row that was taken from *numbers*: the first `into.totals.rows`.
            **options: See `AppendOptions`.

        Returns:
            *into*, or a new result: every row in exactly one of four lists. A row that the server's answer does not
            mention is in doubt.

        Raises:
            QueueFullError: The queue is full; `.result.pending` has what to send elsewhere.
            AssigneeNotFoundError: There is no such teammate.
            DeadlineExceededError: The deadline passed.
            RateLimitedError: A rate limit would take more than the patience; `.retry_after` tells how long it lasts.
            ClientClosedError: The client was closed.
            SuppressionError: Nobody can tell which numbers are suppressed; no row went unchecked.
            JournalError: The journal cannot be used; nothing was sent that is not in it.
            InputChangedError: The input is not what it was when the load began, also where that is seen only in rows
                that were not sent any more. Its `.result` accounts for every row.
            AlloError: Anything else that ended the call. Its `.result` accounts for every row of *numbers*, except for
                those that an async iterable had not given yet.
            InvalidRegionError: There is no such region; nothing was taken.

        Example:
            ```python
            rows = ["+1 (212) 555-0010", {"number": "06 12 34 56 78", "name": "Marie"}]
            result = await queue.append(rows, region="FR")
            print(result.summary())
            ```
        """
        result = into_result(into, AppendResult)
        stream = self.append_stream(numbers, **options)
        stream.expect_rest()
        try:
            try:
                async with stream:
                    async for chunk in stream:
                        result.extend(chunk)
            finally:
                result.extend(stream.unfinished)
        except AlloError as error:
            error.result = result
            await _add_rest(result, stream)
            raise
        await _add_rest(result, stream)
        return result

    def append_stream(self, numbers: Rows, **options: Unpack[AppendOptions]) -> AppendStream:
        """Append *numbers* as `append` does, but give the result of each chunk as it comes.

        An error that the iteration raises has in `.result` the fates of the rows that were taken but not yielded. Rows
        that were not taken from *numbers* by then are in no result.

        Example:
            ```python
            async with queue.append_stream(rows) as stream:
                async for batch in stream:
                    print(batch.summary())
            print(stream.totals)
            ```
        """
        checked = Options(**options)
        terms = {"server": self._sessions.server, "queue": self.assignee.fields(), "region": checked.region}

        def open_call(limits: CallLimits, log: LoadLog) -> AppendCall:
            return AppendCall(
                self.assignee,
                limits,
                log,
                chunk_size=checked.chunk_size,
                # What is written down keeps its key, and so is sent by itself.
                alone=not self._sessions.merges or log.writes,
                waits_for_room=checked.when_full == "wait",
                poll_interval=checked.poll_interval,
            )

        return AppendStream(
            numbers,
            self.assignee,
            checked.preparer(),
            self._sessions.current,
            open_call,
            clock=self._clock,
            chunk_size=checked.chunk_size,
            deadline=checked.bound(),
            patience=checked.patience,
            when_full=checked.when_full,
            skip_queued=checked.skip_queued,
            log=checked.log(terms, [self.assignee], clock=self._clock),
        )

    async def plan(self, numbers: Rows, **options: Unpack[PlanOptions]) -> Plan:
        """Tell what `append` would do with *numbers*, without a write; the queue's room is read.

        Raises:
            SuppressionError: The suppression list or predicate failed.
            AlloError: The queue could not be read.
        """
        checked, session = Options(**options), self._sessions.current()
        async with session.calls.bounded():
            return await plan_append(
                session,
                self.assignee,
                numbers,
                checked.preparer(),
                chunk_size=checked.chunk_size,
                skip_queued=checked.skip_queued,
            )

    async def state(self) -> QueueState:
        """Tell how full the queue is and what it is set to; a user without a queue has an empty state.

        Raises:
            AssigneeNotFoundError: There is no such teammate.
            AlloError: The queue could not be read.
        """
        session = self._sessions.current()
        async with session.calls.bounded():
            return await read_state(session, self.assignee)

    def numbers(self) -> AsyncIterator[QueueNumber]:
        """Iterate over every entry, in order, page by page; entries that come in meanwhile are included.

        Where entries are taken off meanwhile, those behind them move up, and some may be missed.

        Raises:
            AlloError: A page could not be read.

        Example:
            ```python
            async for number in queue.numbers():
                print(number.position, number.routing_result)
            ```
        """
        return read_numbers(self._sessions.current(), self.assignee)

    async def update(
        self, *, name: str | None = None, voicemail_handling: str | None = None, do_not_disturb: str | None = None
    ) -> QueueSettings:
        """Change what is given of the queue's settings; a queue is created where there is none.

        Args:
            name: 1 to 255 characters.
            voicemail_handling: `SKIP` or `NO_SKIP`.
            do_not_disturb: `ENABLED` or `DISABLED`.

        Raises:
            BadRequestError: The server takes no such value.
            AlloError: It could not be done.
        """
        given = {"name": name, "voicemail_handling": voicemail_handling, "do_not_disturb": do_not_disturb}
        settings = {field: value for field, value in given.items() if value is not None}
        return await self._ask(update_request(self.assignee, settings), read_settings)

    async def reset(self, *, name: str | None = None) -> QueueSettings:
        """Give the rep a fresh, empty queue; the one before is no longer the current one.

        Args:
            name: Its name, up to 255 characters.

        Raises:
            AlloError: It could not be done.
        """
        return await self._ask(reset_request(self.assignee, name=name), read_settings)

    async def clear(self, *, number: str | None = None, position: int | None = None, unassigned: bool = False) -> int:
        """Remove entries, and tell how many.

        Args:
            number: Remove every entry of this number, in any format.
            position: Remove the entry at this place, from 0; with *number*, only if it is that number's.
            unassigned: Remove every entry that was not called yet; not together with the others.

        Raises:
            BadRequestError: No filter, or two that exclude each other, with the API's own code; nothing was sent.
            NotFoundError: There is no queue, or no entry at *position*.
            ServerError: The server failed. A removal by position is not tried again then: the next entry may have
                moved up.
            AlloError: It could not be done.
        """
        by_place = number is not None or position is not None
        if unassigned and by_place:
            raise _refused("FILTER_CONFLICT", "unassigned cannot be combined with number or position")
        if not unassigned and not by_place:
            raise _refused("FILTER_REQUIRED", "give number, position or unassigned=True")
        request = clear_request(self.assignee, number=number, position=position, unassigned=unassigned)
        return await self._ask(request, read_removed)

    async def reassign(self, *, to_user_id: str | None = None, to_email: str | None = None) -> None:
        """Move the queue, numbers and all, to a teammate; for admins and managers only.

        Args:
            to_user_id: The teammate's id; or
            to_email: the teammate's e-mail address.

        Raises:
            InvalidTeammateError: Neither is given, or both.
            NotFoundError: There is no queue to move, or no such teammate.
            PermissionDeniedError: The key's owner may not do this.
            ConflictError: The rep is calling right now.
            AlloError: It could not be done.
        """
        to = Assignee.of_one(user_id=to_user_id, email=to_email)
        session = self._sessions.current()
        async with session.calls.bounded(), changing(session, self.assignee, to):
            settings = (await read_state(session, self.assignee)).settings
            if settings is None:
                raise NotFoundError("there is no queue to move", status=404, code="DIALING_QUEUE_NOT_FOUND")
            await session.sender.send(InFlightRequest(reassign_request(settings.id, to), read_any))

    async def _ask(self, request: Request, read: Callable[[Reply], _Answer]) -> _Answer:
        """Send a write with the queue's lock: positions must not move under an append."""
        session = self._sessions.current()
        async with session.calls.bounded(), changing(session, self.assignee):
            return await session.sender.send(InFlightRequest(request, read))


async def _add_rest(result: AppendResult, stream: AppendStream) -> None:
    try:
        result.extend(await stream.drain())
    except InputChangedError as error:
        result.extend(error.result)
        error.result = result
        raise


def _refused(what: str, message: str) -> BadRequestError:
    return BadRequestError(message, status=400, code=f"DIALING_QUEUE_DELETE_{what}", type="validation_error")


def assignees_of(over: object) -> list[Assignee]:
    """Return whose queues *over* are.

    Raises:
        ConfigurationError: It is no list of queues, or names none, or one twice.
    """
    queues: list[object] = list(cast("Iterable[object]", over)) if isinstance(over, Iterable) else []
    assignees = [queue.assignee for queue in queues if isinstance(queue, DialingQueue)]
    if len(assignees) < len(queues) or not isinstance(over, Iterable):
        raise ConfigurationError("over must be a list of queues, such as [client.queue(email=...)]")
    if not assignees or len({assignee.identity for assignee in assignees}) < len(assignees):
        raise ConfigurationError("over must name at least one queue, and none of them twice")
    return assignees
