"""Everything of a client that belongs to one event loop, and one of it for each loop that uses the client."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Sequence
from math import inf

import aiohttp
import attrs

from allo_async._sending.call_limits import CallScopes
from allo_async._sending.instrumentation import Observers, checked
from allo_async._sending.key_state import Coordination, KeyState, Tails, key_state_of
from allo_async._sending.queue_locks import QueueLocks
from allo_async._sending.rows_per_request import RowsPerRequest
from allo_async._sending.sender import Sender
from allo_async._sending.transport import Transport
from allo_async.clock import Clock, FewAtOnce
from allo_async.errors import ClientClosedError
from allo_async.events import Observer
from allo_async.models import QUEUE_CAPACITY
from allo_async.proxy import check_session
from allo_async.settings import Settings

# As in "at most 25,000 numbers", "cannot exceed 1 000", "a limit of 1000"; not "up to 30 seconds", or "100 more".
_NUMBER = r"(\d{1,3}(?:[,.' \u00a0\u202f]\d{3})+|\d{1,9})(?!\d)"
_ENTRIES = r"\s+(?:phone )?(?:numbers|contacts|entries)"
_TOLD = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:maximum|limit|capacity)(?: of| is)?\s+{_NUMBER}",
        rf"(?:at most|up to|than|exceed)\s+{_NUMBER}(?={_ENTRIES}|\W*$)",
        rf"(?<!adding )(?<!add )(?<!has ){_NUMBER}{_ENTRIES}",
    )
]

# No queue is that long, whatever a reply says.
_LARGEST_QUEUE = 1_000_000


class ServerLimits:
    """How many rows one request may have, and how many numbers a queue holds.

    Args:
        queue_capacity: Numbers that a queue holds until the server says otherwise.

    """

    def __init__(self, queue_capacity: int = QUEUE_CAPACITY) -> None:
        self._rows = RowsPerRequest()
        self._argument = queue_capacity
        self._told: int | None = None
        # The most numbers that are known to have stood in a queue.
        self._most = 0

    @property
    def queue_capacity(self) -> int:
        """Numbers that a queue holds: the argument, over it what a refusal named, and over both what stood in one."""
        return max(self._argument if self._told is None else self._told, self._most)

    @property
    def rows_per_request(self) -> float:
        """The most rows of one request; infinite until a request was refused as too large."""
        return self._rows.most

    def too_large(self, rows: int) -> None:
        """Record that a request of *rows* rows was refused as too large."""
        self._rows.refused(rows)

    def took(self, rows: int) -> None:
        """Record that the server took a request of *rows* rows."""
        if self.rows_per_request < inf:
            self._rows.taken(rows)

    def queue_refused(self, message: str, rows: int = 0) -> None:
        """Believe the number of a refusal for lack of room, unless it counts the *rows* of the refused request."""
        for pattern in _TOLD:
            for told in pattern.finditer(message):
                capacity = int(re.sub(r"\D", "", told[1]))
                # A queue that has held more proves that the number is none, or is not that of all queues.
                if capacity and capacity != rows and self._most <= capacity <= _LARGEST_QUEUE:
                    self._told = capacity
                    return

    def queue_counted(self, size: int) -> None:
        """Record that a queue has *size* numbers."""
        if size <= _LARGEST_QUEUE:
            self._most = max(self._most, size)

    def queue_grew(self, size: int) -> None:
        """Record that an append has made a queue *size* numbers long: a smaller limit of a reply holds no more."""
        self.queue_counted(size)
        if self._told is not None and self._most > self._told:
            self._told = None


# Real seconds within which another thread's loop closes its session.
_CLOSING = 2.0


@attrs.frozen(eq=False)
class LoopSession:
    """The way out for the requests made on one event loop.

    Attributes:
        transport: Owns the loop's aiohttp session.
        sender: Sends one request until it is settled.
        calls: Bounds the calls that are under way.
        key_state: The state that all clients of the key share.
        clock: Where time comes from.
        preparing: Held while the rows of a list are prepared: lists that begin together leave one after the other.
        preparing_few: The same for rows that are so few that they hold up nobody.
        beginning: Where calls wait that begin together.
        resuming: Where calls wait whose rows were settled together.
        server_limits: The limits that the server's replies name.
    """

    transport: Transport
    sender: Sender
    calls: CallScopes
    key_state: KeyState
    clock: Clock
    preparing: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)
    preparing_few: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)
    beginning: FewAtOnce = attrs.field(factory=FewAtOnce, init=False)
    resuming: FewAtOnce = attrs.field(factory=FewAtOnce, init=False)
    server_limits: ServerLimits = attrs.field(factory=ServerLimits)

    @property
    def locks(self) -> QueueLocks:
        """Keeps appends to the same queue apart."""
        return self.key_state.locks

    @property
    def observers(self) -> Observers:
        """The observers of the client's events."""
        return self.sender.observers

    @property
    def tails(self) -> Tails:
        """The last entries of each queue, by the assignee's identity."""
        return self.key_state.tails

    async def close(self) -> None:
        """End all calls, and let nothing more out."""
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self.key_state.leave, self.observers)
            stack.push_async_callback(self.transport.close)
            # Calls that have not begun yet go on first, and find the client closed.
            stack.push_async_callback(self.beginning.turn)
            await self.calls.close()


class LoopSessions:
    """Makes a session when a loop needs it.

    Args:
        settings: The client's.
        clock: Where time comes from.
        session: The caller's own session.
        trace_configs: For the sessions that are made.
        middlewares: Likewise.
        coordination: The way to the key's other processes.
        observers: The observers of the client's events.
        merge_appends: Whether appends that wait for the same queue leave together.

    Attributes:
        merge_appends: The same.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        session: aiohttp.ClientSession | None,
        trace_configs: Sequence[aiohttp.TraceConfig],
        middlewares: Sequence[aiohttp.ClientMiddlewareType],
        coordination: Coordination | None,
        observers: Sequence[Observer],
        merge_appends: bool,
    ) -> None:
        if session is not None:
            check_session(settings.base_url, session)
        self._settings = settings
        self._clock = clock
        self._session = session
        self._trace_configs = trace_configs
        self._middlewares = middlewares
        self._coordination = coordination
        self._observers = checked(observers)
        self._sessions: dict[asyncio.AbstractEventLoop, LoopSession] = {}
        self._lifetimes: dict[asyncio.AbstractEventLoop, AsyncGenerator[None]] = {}
        # The limits that one loop has learnt hold for the next one, too.
        self._server_limits = ServerLimits(settings.queue_capacity)
        self.merge_appends = merge_appends
        self._closed = False

    @property
    def server(self) -> str:
        """The base URL."""
        return str(self._settings.base_url)

    def current(self) -> LoopSession:
        """Return the running loop's session.

        Raises:
            ClientClosedError: `close` was called.
        """
        if self._closed:
            raise ClientClosedError("the client is closed")
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None:
            for ended in [other for other in list(self._sessions) if other.is_closed()]:
                self._abandon(ended)
            session = self._sessions[loop] = self._new()
            self._lifetimes[loop] = self._lifetime(loop, session)
            with contextlib.suppress(StopIteration):
                self._lifetimes[loop].__anext__().send(None)
        return session

    async def turn(self) -> None:
        """Return as soon as one more call may begin on the running loop."""
        # A loop's first call makes the session, and a closed client is reported with the call's rows.
        session = None if self._closed else self._sessions.get(asyncio.get_running_loop())
        if session is not None:
            await session.beginning.turn()

    async def close(self) -> None:
        """Close the sessions of all loops, and make no more."""
        self._closed = True
        # Loops that have ended come first: closing the others may be cancelled.
        for loop in list(self._sessions):
            if not loop.is_running():
                self._abandon(loop)
        lifetimes, self._lifetimes = self._lifetimes, {}
        for loop, lifetime in lifetimes.items():
            if loop is asyncio.get_running_loop():
                await lifetime.aclose()
            else:
                await _close_elsewhere(lifetime, loop)

    async def _lifetime(self, loop: asyncio.AbstractEventLoop, session: LoopSession) -> AsyncGenerator[None]:
        """Close *session* with its loop: what runs a loop ends the generators that are open, as `asyncio.run` does."""
        try:
            yield
        finally:
            self._sessions.pop(loop, None)
            self._lifetimes.pop(loop, None)
            await session.close()

    def _abandon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Free what can be freed of a session whose loop has ended without it."""
        session = self._sessions.pop(loop, None)
        self._lifetimes.pop(loop, None)
        if session is not None:
            session.transport.abandon()

    def _new(self) -> LoopSession:
        transport = Transport(
            self._settings,
            clock=self._clock,
            session=self._session,
            trace_configs=self._trace_configs,
            middlewares=self._middlewares,
        )
        shared = key_state_of(self._settings, self._clock, self._coordination)
        observers = Observers(self._observers, self._clock)
        shared.join(observers)
        sender = Sender(
            transport,
            shared.limiters,
            clock=self._clock,
            retry_budget=self._settings.retry_budget,
            observers=observers,
            server=self.server,
        )
        return LoopSession(
            transport, sender, CallScopes(self._clock), shared, self._clock, server_limits=self._server_limits
        )


async def _close_elsewhere(lifetime: AsyncGenerator[None], loop: asyncio.AbstractEventLoop) -> None:
    """End a session's *lifetime* on its *loop*, which another thread runs, and which may end before that."""

    async def end() -> None:
        await lifetime.aclose()

    ending = end()
    try:
        ended = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(ending, loop))
    except RuntimeError:
        ending.close()
    else:
        await asyncio.wait({ended}, timeout=_CLOSING)
