"""A client's lanes: one for each event loop that uses it."""

import asyncio
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import aiohttp

from allo_async._sending.calls import Calls
from allo_async._sending.lane import Lane
from allo_async._sending.observers import Observers
from allo_async._sending.sender import Sender
from allo_async._sending.shared import Coordination, shared_by
from allo_async._sending.transport import Transport
from allo_async.clock import Clock
from allo_async.errors import ClientClosedError
from allo_async.events import Observer
from allo_async.settings import Settings


class Lanes:
    """Makes a lane when a loop needs it.

    Args:
        settings: The client's.
        clock: Where time comes from.
        session: The caller's own session.
        trace_configs: For the sessions that are made.
        coordination: What the key's other processes are reached by.
        observers: Are told of what happens.
        merges: Whether appends that wait for the same queue leave together.

    Attributes:
        merges: The same.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        session: aiohttp.ClientSession | None,
        trace_configs: Sequence[aiohttp.TraceConfig],
        coordination: Coordination | None,
        observers: Sequence[Observer],
        merges: bool,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._session = session
        self._trace_configs = trace_configs
        self._coordination = coordination
        self._observers = observers
        self._lanes: WeakKeyDictionary[asyncio.AbstractEventLoop, Lane] = WeakKeyDictionary()
        self.merges = merges
        self._closed = False

    @property
    def server(self) -> str:
        """The base URL."""
        return str(self._settings.base_url)

    def current(self) -> Lane:
        """Give the running loop's lane.

        Raises:
            ClientClosedError: `close` was called.
        """
        if self._closed:
            raise ClientClosedError("the client is closed")
        loop = asyncio.get_running_loop()
        lane = self._lanes.get(loop)
        if lane is None:
            lane = self._lanes[loop] = self._new()
        return lane

    async def close(self) -> None:
        """Close the running loop's lane, and make no more."""
        self._closed = True
        lane = self._lanes.pop(asyncio.get_running_loop(), None)
        if lane is not None:
            await lane.close()

    def _new(self) -> Lane:
        transport = Transport(
            self._settings, clock=self._clock, session=self._session, trace_configs=self._trace_configs
        )
        shared = shared_by(self._settings, self._clock, self._coordination)
        observers = Observers(self._observers, self._clock)
        shared.join(observers)
        sender = Sender(
            transport,
            shared.paces,
            clock=self._clock,
            retry_budget=self._settings.retry_budget,
            observers=observers,
            server=self.server,
        )
        return Lane(transport, sender, Calls(self._clock), shared)
