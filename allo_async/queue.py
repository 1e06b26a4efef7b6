"""A rep's dialing queue, as callers work with it."""

# `help` shows the names of types as they stand here, and not all that they stand for.
from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TypeVar, cast

from allo_async._loading.account import into_result
from allo_async._loading.append_all import append_all
from allo_async._loading.load_log import LoadLog
from allo_async._loading.pending_append import AppendCall
from allo_async._loading.plan import plan_append
from allo_async._loading.queue_names import changing
from allo_async._loading.room_wait import DEFAULT_POLL_INTERVAL
from allo_async._loading.rows import Rows
from allo_async._loading.stream import AppendStream
from allo_async._loading.suppress_option import Suppress
from allo_async._loading.tail import read_numbers, read_state
from allo_async._sending.call_limits import CallLimits
from allo_async._sending.in_flight import InFlightRequest
from allo_async._sending.session import LoopSessions
from allo_async._wire.data import read_any, read_removed, read_settings
from allo_async._wire.replies import Reply
from allo_async._wire.requests import (
    Request,
    clear_request,
    one_teammate,
    reassign_request,
    reset_request,
    update_request,
)
from allo_async.choices import OnChangedInput, OnFullQueue
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError, NotFoundError
from allo_async.journal import Journal
from allo_async.models import QUEUE_CAPACITY, AppendResult, Assignee, Plan, QueueNumber, QueueSettings, QueueState
from allo_async.options import Options, names_options

_Answer = TypeVar("_Answer")


class DialingQueue:
    """The current dialing queue of a teammate or of the key's owner; made by `AlloClient.queue`.

    Making one sends nothing: the server creates the queue at the first append if there is none.

    Attributes:
        assignee: The rep whose queue it is.
    """

    def __init__(self, assignee: Assignee, sessions: LoopSessions, *, clock: Clock) -> None:
        self.assignee = assignee
        self._sessions = sessions
        self._clock = clock

    def __repr__(self) -> str:
        return f"<DialingQueue of {self.assignee}>"

    @names_options
    async def append(
        self,
        numbers: Rows,
        *,
        region: str | None = None,
        chunk_size: int = QUEUE_CAPACITY,
        keep_duplicates: bool = False,
        skip_queued: bool = False,
        suppress: Suppress | None = None,
        on_full_queue: OnFullQueue = "raise",
        poll_interval: float = DEFAULT_POLL_INTERVAL,
        deadline: float | None = None,
        max_rate_limit_wait: float | None = None,
        journal: Journal | str | os.PathLike[str] | None = None,
        load_id: str | None = None,
        on_changed_input: OnChangedInput = "raise",
        into: AppendResult | None = None,
    ) -> AppendResult:
        """Append *numbers* to the end of the queue, in order, and return what became of every row.

        A queue that cannot hold them all is filled to its capacity first. A row that cannot be used is skipped as
        `INVALID_CONTACT`, and costs no other row.

        Args:
            numbers: Rows from any sync or async iterable: a text, a whole number, a mapping with the API's field names,
                a `Contact`, or the pending rows of another result. A value that means "not given" (NaN, NA, NaT,
                `None`, blank text) is left out. Of a data frame, pass `df.to_dict("records")`.
            region: The country of numbers without a country code, in ISO 3166, e.g. `FR`; if `None`, they go as is.
            chunk_size: Rows of one request, 1 to 1,000.
            keep_duplicates: Send a number again that came up before in this call; else it is a `DUPLICATE_NUMBER`.
            skip_queued: Read the queue first, and skip numbers that stand in it as `ALREADY_QUEUED`.
            suppress: Numbers that must not be called, in any format, which are skipped as `SUPPRESSED`; or an async
                function that is given at most 1,000 and returns those of them, or a bool for each.
            on_full_queue: `"raise"` a `QueueFullError`, `"stop"` and leave the rest pending, or `"wait"` for room.
            poll_interval: Seconds before the first look for room; each next one comes later by half, up to 30 seconds.
            deadline: Seconds for the whole call, the result included; `None` for no bound.
            max_rate_limit_wait: Seconds that a rate limit may hold up one request; a longer wait is refused at once.
            journal: A file, by its path or as a `Journal`, in which the load is written down so that it can go on.
            load_id: The name of the load in the journal; by default the journal is for one load.
            on_changed_input: If the rows are others: `"raise"` an `InputChangedError`, or `"append"` those not known.
            into: An empty result to fill, which a cancellation leaves true; it has the rows of each chunk once that is
                done, and, once the call has ended, each row that was taken: the first `into.totals.rows`.

        Returns:
            *into*, or a new result: every row in exactly one of four lists. A row that the server's reply does not
            mention is in doubt.

        Raises:
            QueueFullError: The queue is full; `.result.pending` has what to send elsewhere.
            AssigneeNotFoundError: There is no such teammate.
            DeadlineExceededError: The deadline passed.
            RateLimitWaitError: A rate limit lasts longer than *max_rate_limit_wait*; `.retry_after` says how long.
            ClientClosedError: The client was closed.
            SuppressionError: The suppression list or function failed; no row went unchecked.
            JournalError: The journal cannot be used; nothing was sent that is not in it.
            InputChangedError: The rows are not those that the load began with, also where only rows differ that were
                not sent any more.
            InvalidRegionError: There is no such region; nothing was taken.
            AlloError: Anything else that ended the call. The `.result` of each accounts for every row of *numbers*,
                except for those that an async iterable had not given yet.

        Example:
            ```python
            rows = ["+1 (212) 555-0010", {"number": "06 12 34 56 78", "name": "Marie"}]
            result = await queue.append(rows, region="FR")
            print(result.summary())
            ```
        """
        begun = self._clock.monotonic()
        # Thousands of calls may begin in one turn of the event loop. All that costs time comes behind this.
        await self._sessions.turn()
        options = Options(
            region=region,
            chunk_size=chunk_size,
            keep_duplicates=keep_duplicates,
            skip_queued=skip_queued,
            suppress=suppress,
            on_full_queue=on_full_queue,
            poll_interval=poll_interval,
            deadline=deadline,
            max_rate_limit_wait=max_rate_limit_wait,
            journal=journal,
            load_id=load_id,
            on_changed_input=on_changed_input,
        )
        return await append_all(
            self._stream(numbers, options, begun=begun, drains=True), into_result(into, AppendResult)
        )

    @names_options
    def append_stream(
        self,
        numbers: Rows,
        *,
        region: str | None = None,
        chunk_size: int = QUEUE_CAPACITY,
        keep_duplicates: bool = False,
        skip_queued: bool = False,
        suppress: Suppress | None = None,
        on_full_queue: OnFullQueue = "raise",
        poll_interval: float = DEFAULT_POLL_INTERVAL,
        deadline: float | None = None,
        max_rate_limit_wait: float | None = None,
        journal: Journal | str | os.PathLike[str] | None = None,
        load_id: str | None = None,
        on_changed_input: OnChangedInput = "raise",
    ) -> AppendStream:
        """Append *numbers* as `append` does, and yield the result of each chunk as it comes.

        An error that the iteration raises has in `.result` the fates of the rows that were taken but not yielded. Rows
        that were not taken from *numbers* by then are in no result.

        Args:
            numbers: Rows, as for `append`.
            region: The country of numbers without a country code, in ISO 3166, e.g. `FR`.
            chunk_size: Rows of one request and of one result, 1 to 1,000.
            keep_duplicates: Send a number again that came up before in this stream.
            skip_queued: Read the queue first, and skip numbers that stand in it.
            suppress: Numbers that must not be called, or an async function that picks those; as for `append`.
            on_full_queue: `"raise"` a `QueueFullError`, `"stop"` and leave the rest pending, or `"wait"` for room.
            poll_interval: Seconds before the first look for room; each next one comes later by half, up to 30 seconds.
            deadline: Seconds for the whole stream; `None` for no bound.
            max_rate_limit_wait: Seconds that a rate limit may hold up one request; a longer wait is refused at once.
            journal: A file, by its path or as a `Journal`, in which the load is written down so that it can go on.
            load_id: The name of the load in the journal; by default the journal is for one load.
            on_changed_input: If the rows are others: `"raise"` an `InputChangedError`, or `"append"` those not known.

        Raises:
            ConfigurationError: An option is of no use. All other errors come from the iteration, as from `append`.

        Example:
            ```python
            async with queue.append_stream(rows) as stream:
                async for chunk in stream:
                    print(chunk.summary())
            print(stream.totals)
            ```
        """
        options = Options(
            region=region,
            chunk_size=chunk_size,
            keep_duplicates=keep_duplicates,
            skip_queued=skip_queued,
            suppress=suppress,
            on_full_queue=on_full_queue,
            poll_interval=poll_interval,
            deadline=deadline,
            max_rate_limit_wait=max_rate_limit_wait,
            journal=journal,
            load_id=load_id,
            on_changed_input=on_changed_input,
        )
        return self._stream(numbers, options)

    @names_options
    async def plan(
        self,
        numbers: Rows,
        *,
        region: str | None = None,
        chunk_size: int = QUEUE_CAPACITY,
        keep_duplicates: bool = False,
        skip_queued: bool = False,
        suppress: Suppress | None = None,
    ) -> Plan:
        """Return what `append` would do with *numbers*, without a write; the queue's room is read.

        Args:
            numbers: Rows, as for `append`.
            region: The country of numbers without a country code, in ISO 3166, e.g. `FR`.
            chunk_size: Rows of one request, 1 to 1,000.
            keep_duplicates: Send a number again that came up before in this call.
            skip_queued: Read the queue, and skip numbers that stand in it.
            suppress: Numbers that must not be called, or an async function that picks those; as for `append`.

        Raises:
            SuppressionError: The suppression list or function failed.
            AlloError: The queue could not be read.
        """
        options = Options(
            region=region,
            chunk_size=chunk_size,
            keep_duplicates=keep_duplicates,
            skip_queued=skip_queued,
            suppress=suppress,
        )
        session = self._sessions.current()
        async with session.calls.bounded():
            return await plan_append(
                session,
                self.assignee,
                numbers,
                options.preparer(),
                chunk_size=options.chunk_size,
                skip_queued=options.skip_queued,
            )

    async def state(self) -> QueueState:
        """Return how full the queue is, and its settings; a user without a queue has an empty state.

        Raises:
            AssigneeNotFoundError: There is no such teammate.
            AlloError: The queue could not be read.
        """
        session = self._sessions.current()
        async with session.calls.bounded():
            return await read_state(session, self.assignee)

    def numbers(self) -> AsyncIterator[QueueNumber]:
        """Iterate over every entry, in order, page by page; entries that come in meanwhile are included.

        If entries are taken off meanwhile, those behind them move up, and some may be missed.

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
        """Change the given settings of the queue; the server creates a queue if there is none.

        Args:
            name: 1 to 255 characters.
            voicemail_handling: `SKIP` or `NO_SKIP`.
            do_not_disturb: `ENABLED` or `DISABLED`.

        Raises:
            BadRequestError: The server takes no such value.
            AlloError: The queue could not be changed.
        """
        given = {"name": name, "voicemail_handling": voicemail_handling, "do_not_disturb": do_not_disturb}
        settings = {field: value for field, value in given.items() if value is not None}
        return await self._ask(update_request(self.assignee, settings), read_settings)

    async def reset(self, *, name: str | None = None) -> QueueSettings:
        """Replace the queue by a fresh, empty one; the one before is no longer the rep's current queue.

        Args:
            name: The new queue's name, up to 255 characters.

        Raises:
            AlloError: The queue could not be replaced.
        """
        return await self._ask(reset_request(self.assignee, name=name), read_settings)

    async def clear(self, *, number: str | None = None, position: int | None = None, unassigned: bool = False) -> int:
        """Remove entries, and return how many.

        Args:
            number: Remove every entry of this number, in any format.
            position: Remove the entry at this place, from 0; with *number*, only if it is that number's.
            unassigned: Remove every entry that was not called yet; not together with the others.

        Raises:
            ConfigurationError: No filter, or two that exclude each other; nothing was sent.
            NotFoundError: There is no queue, or no entry at *position*.
            ServerError: The server failed. A removal by position is not tried again then: the next entry may have
                moved up.
            AlloError: The entries could not be removed.
        """
        by_place = number is not None or position is not None
        if unassigned and by_place:
            raise ConfigurationError("unassigned cannot be combined with number or position")
        if not unassigned and not by_place:
            raise ConfigurationError("clear needs to know what to remove: number, position or unassigned=True")
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
            AlloError: The queue could not be moved.
        """
        to = one_teammate(user_id=to_user_id, email=to_email)
        session = self._sessions.current()
        async with session.calls.bounded(), changing(session, self.assignee, to):
            settings = (await read_state(session, self.assignee)).settings
            if settings is None:
                raise NotFoundError("there is no queue to move", status=None)
            await session.sender.send(InFlightRequest(reassign_request(settings.id, to), read_any))

    def _stream(
        self, numbers: Rows, options: Options, *, begun: float | None = None, drains: bool = False
    ) -> AppendStream:
        terms = {"server": self._sessions.server, "queue": list(self.assignee.identity), "region": options.region}

        def open_call(limits: CallLimits, log: LoadLog) -> AppendCall:
            return AppendCall(
                self.assignee,
                limits,
                log,
                chunk_size=options.chunk_size,
                # What is written down keeps its key, and so is sent by itself.
                alone=not self._sessions.merge_appends or log.writes,
                waits_for_room=options.on_full_queue == "wait",
                poll_interval=options.poll_interval,
            )

        return AppendStream(
            numbers,
            self.assignee,
            options.preparer(),
            self._sessions.current,
            open_call,
            clock=self._clock,
            begun=begun,
            chunk_size=options.chunk_size,
            deadline=options.bound(),
            max_rate_limit_wait=options.max_rate_limit_wait,
            on_full_queue=options.on_full_queue,
            skip_queued=options.skip_queued,
            drains=drains,
            log=options.log(terms, [self.assignee], clock=self._clock),
        )

    async def _ask(self, request: Request, read: Callable[[Reply], _Answer]) -> _Answer:
        """Send a write with the queue's lock: positions must not move under an append."""
        session = self._sessions.current()
        async with session.calls.bounded(), changing(session, self.assignee):
            return await session.sender.send(InFlightRequest(request, read))


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
