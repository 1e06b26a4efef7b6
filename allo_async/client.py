"""The client: one key, one way to the API, as many queues as the team has."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self
from weakref import WeakKeyDictionary

import aiohttp

from allo_async import settings as defaults
from allo_async._sending.lane import Lane
from allo_async._sending.pacing import WRITES_PER_SECOND, Pace
from allo_async._sending.sender import Sender
from allo_async._sending.transport import Transport
from allo_async._wire.assignee import Assignee
from allo_async.clock import Clock, SystemClock
from allo_async.errors import ClientClosedError
from allo_async.queue import DialingQueue
from allo_async.settings import Settings


class _NotGiven:
    """Tells a teammate that was not given from one given as `None`, which is an error."""

    def __repr__(self) -> str:
        return "…"


_NOT_GIVEN: Final = _NotGiven()


class AlloClient:
    """A client of Allo's Power Dialer API, for one API key.

    Make one per process and keep it: requests of all its queues are paced together. It may be made outside a running
    loop; sessions are made at the first request, one for each event loop that uses the client.

    Args:
        api_key: The key, `ak_live_…`; by default what `ALLO_API_KEY` says.
        base_url: The API's root; by default what `ALLO_BASE_URL` says, else `https://api.withallo.com`. Plain HTTP is
            accepted for loopback only.
        session: The caller's own aiohttp session, which is used as it is and stays open.
        timeout: Seconds for one attempt.
        retry_budget: Seconds from a request's first failure within which it may be tried again; 0 for no retries.
        max_reply_bytes: The largest answer that is read, in bytes.
        trace_configs: aiohttp's trace configurations, for the session that the client makes.
        trust_env: Go through the proxy that the environment names (`HTTPS_PROXY`, `NO_PROXY`, …).
        clock: Where time comes from; tests hand in their own.

    Raises:
        MissingApiKeyError: No key was given, and `ALLO_API_KEY` is not set.
        InsecureUrlError: The base URL would carry the key in the clear.
        ConfigurationError: Any other setting that is of no use.

    Example:
        ```python
        async with AlloClient() as allo:
            result = await allo.queue(email="rep@acme.com").append(["+12125550010"])
        ```
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        session: aiohttp.ClientSession | None = None,
        timeout: float = defaults.DEFAULT_TIMEOUT,
        retry_budget: float = defaults.DEFAULT_RETRY_BUDGET,
        max_reply_bytes: int = defaults.DEFAULT_MAX_REPLY_BYTES,
        trace_configs: Sequence[aiohttp.TraceConfig] = (),
        trust_env: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._settings = Settings.resolve(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            retry_budget=retry_budget,
            max_reply_bytes=max_reply_bytes,
            trust_env=trust_env,
        )
        self._session = session
        self._trace_configs = trace_configs
        self._clock = clock or SystemClock()
        self._lanes: WeakKeyDictionary[asyncio.AbstractEventLoop, Lane] = WeakKeyDictionary()
        self._closed = False

    def __repr__(self) -> str:
        return f"<AlloClient {self._settings.base_url}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the running loop's session, unless it is the caller's own; nothing can be sent afterwards."""
        self._closed = True
        lane = self._lanes.pop(asyncio.get_running_loop(), None)
        if lane is not None:
            await lane.transport.close()

    def queue(self, *, user_id: str | _NotGiven = _NOT_GIVEN, email: str | _NotGiven = _NOT_GIVEN) -> DialingQueue:
        """Give the dialing queue of a teammate, or with neither argument that of the key's owner.

        Args:
            user_id: The teammate's id, `usr-…`.
            email: The teammate's e-mail address.

        Raises:
            InvalidTeammateError: A teammate given as `None` or as an empty string: silently loading the key owner's
                queue instead is what nobody wants. Also when both are given.
        """
        given = {"user_id": user_id, "email": email}
        assignee = Assignee.of(**{name: value for name, value in given.items() if value is not _NOT_GIVEN})
        return DialingQueue(assignee, self._lane, clock=self._clock)

    def _lane(self) -> Lane:
        if self._closed:
            raise ClientClosedError("the client is closed")
        loop = asyncio.get_running_loop()
        lane = self._lanes.get(loop)
        if lane is None:
            lane = self._lanes[loop] = self._new_lane()
        return lane

    def _new_lane(self) -> Lane:
        transport = Transport(
            self._settings, clock=self._clock, session=self._session, trace_configs=self._trace_configs
        )
        pace = Pace(WRITES_PER_SECOND, clock=self._clock)
        return Lane(transport, Sender(transport, pace, clock=self._clock, retry_budget=self._settings.retry_budget))
