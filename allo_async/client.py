"""The client: one key, one way to the API, as many queues as the team has."""

# `help` shows the names of types as they stand here, and not all that they stand for.
from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from allo_async import settings as defaults
from allo_async._loading.plan import plan_spread
from allo_async._loading.rows import Rows
from allo_async._loading.spread import SpreadLoad
from allo_async._loading.spread_run import SpreadRun
from allo_async._loading.suppress_option import Suppress
from allo_async._sending.in_flight import InFlightRequest
from allo_async._sending.key_state import Coordination
from allo_async._sending.session import LoopSessions
from allo_async._wire.data import read_any, read_data, read_list
from allo_async._wire.replies import Reply
from allo_async._wire.requests import (
    NOT_GIVEN,
    Request,
    custom_request,
    me_request,
    teammate,
    user_request,
    users_request,
)
from allo_async.causes import bare
from allo_async.choices import OnChangedInput, SpreadStrategy
from allo_async.clock import Clock, SystemClock
from allo_async.errors import AlloError
from allo_async.events import Observer
from allo_async.journal import Journal
from allo_async.models import QUEUE_CAPACITY, Me, Plan, SpreadResult, User
from allo_async.options import Options, names_options
from allo_async.queue import DialingQueue, assignees_of
from allo_async.settings import Settings
from allo_async.validators import check_client

_Answer = TypeVar("_Answer")


class AlloClient:
    """A client of Allo's Power Dialer API, for one API key: make one per process and keep it.

    It may be made outside a running loop; each event loop that uses it gets a session at its first request.

    Args:
        api_key: The key, `ak_live_…`; by default what `ALLO_API_KEY` says.
        base_url: The API's root; by default what `ALLO_BASE_URL` says, else `https://api.withallo.com`. Plain HTTP is
            accepted for loopback only.
        session: The caller's own aiohttp session, which is used as it is and stays open.
        timeout: Seconds for one attempt.
        retry_budget: Seconds from a request's first failure within which it may be tried again; 0 for no retries.
        max_reply_bytes: The largest reply that is read, in bytes.
        max_retry_after: Seconds for which a 429 may hold up the key; a longer time is taken for a mistake, such as a
            Unix time, and cut to this.
        trace_configs: aiohttp's trace configurations, for the session that the client makes.
        middlewares: aiohttp's client middlewares, likewise. Each sees every attempt of a request, with the key in its
            headers; a write that one of them sends a second time is refused.
        trust_env: Go through the proxy that the environment names (`HTTPS_PROXY`, `NO_PROXY`, …).
        coordination: An `allo_async.file.FileCoordination` or an `allo_async.redis.RedisCoordination`, by which the
            key's processes keep its limits together; by default each process keeps them for itself.
        observers: Plain functions, called with each event as it happens; see `allo_async.events`.
        merge_appends: Send appends that wait for the same queue as one request; each call still has its own result.
        queue_capacity: Numbers that a queue holds; a number that a refusal names, or that a queue holds, counts more.
        clock: The source of time; tests pass an `allo_async.testing.FastClock`.

    Raises:
        ConfigurationError: A setting is of no use, such as a URL over which the key would travel in the clear.

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
        max_retry_after: float = defaults.DEFAULT_MAX_RETRY_AFTER,
        trace_configs: Sequence[aiohttp.TraceConfig] = (),
        middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
        trust_env: bool = False,
        coordination: Coordination | None = None,
        observers: Sequence[Observer] = (),
        merge_appends: bool = True,
        queue_capacity: int = QUEUE_CAPACITY,
        clock: Clock | None = None,
    ) -> None:
        try:
            check_client(
                coordination=coordination,
                clock=clock,
                session=session,
                observers=observers,
                trace_configs=trace_configs,
                middlewares=middlewares,
                merge_appends=merge_appends,
                trust_env=trust_env,
            )
            self._settings = Settings.resolve(
                api_key=api_key,
                base_url=base_url,
                timeout=timeout,
                retry_budget=retry_budget,
                max_reply_bytes=max_reply_bytes,
                max_retry_after=max_retry_after,
                trust_env=trust_env,
                queue_capacity=queue_capacity,
            )
        except (AlloError, TypeError, ValueError) as error:
            coordination = None
            raise bare(error) from None
        finally:
            # Error trackers record the locals of every frame.
            del api_key, base_url
        self._clock = clock or SystemClock()
        self._sessions = LoopSessions(
            self._settings,
            clock=self._clock,
            session=session,
            trace_configs=trace_configs,
            middlewares=middlewares,
            coordination=coordination,
            observers=observers,
            merge_appends=merge_appends,
        )

    def __repr__(self) -> str:
        return f"<AlloClient {self._settings.base_url}>"

    @property
    def base_url(self) -> str:
        """The API's root, without a slash at its end."""
        return self._sessions.server

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the running loop's session, unless it is the caller's own; nothing can be sent afterwards.

        Calls that are under way end at once with a `ClientClosedError`, whose `.result` has the fate of every row; they
        have ended when `close` returns.
        """
        await self._sessions.close()

    def queue(self, *, user_id: str = NOT_GIVEN, email: str = NOT_GIVEN) -> DialingQueue:
        """Return the dialing queue of a teammate, or with neither argument that of the key's owner.

        Args:
            user_id: The teammate's id, `usr-…`.
            email: The teammate's e-mail address.

        Raises:
            InvalidTeammateError: A teammate given as `None` or as an empty string, or both arguments are given.
        """
        return DialingQueue(teammate(user_id=user_id, email=email), self._sessions, clock=self._clock)

    @names_options
    async def spread(
        self,
        numbers: Rows,
        *,
        over: Sequence[DialingQueue],
        strategy: SpreadStrategy = "even",
        region: str | None = None,
        chunk_size: int = QUEUE_CAPACITY,
        keep_duplicates: bool = False,
        skip_queued: bool = False,
        suppress: Suppress | None = None,
        deadline: float | None = None,
        max_rate_limit_wait: float | None = None,
        journal: Journal | str | os.PathLike[str] | None = None,
        load_id: str | None = None,
        on_changed_input: OnChangedInput = "raise",
        on_progress: Callable[[SpreadRun], object] | None = None,
        into: SpreadResult | None = None,
    ) -> SpreadResult:
        """Append one list to several queues: each row to exactly one of them, as far as there is room.

        Each queue's room is read, the rows are dealt, and the queues are loaded at the same time, each in input order.
        Rows that a queue turns out not to hold are dealt to the others, behind those that the others got before. A
        queue that fails costs the others nothing; its error is in the result.

        Args:
            numbers: Rows as for `DialingQueue.append`; all of them are taken first.
            over: The queues.
            strategy: `"even"` keeps the queues' added counts within one of each other as far as room allows; `"fill"`
                fills one queue after another.
            region: The country of numbers without a country code, in ISO 3166, e.g. `FR`.
            chunk_size: Rows of one request, 1 to 1,000.
            keep_duplicates: Send a number again that came up before in the whole list.
            skip_queued: Skip numbers that stand in any of the queues.
            suppress: Numbers that must not be called, or an async function that picks those, as for `append`; the
                function is called for all rows before any is sent.
            deadline: Seconds for the whole call; `None` for no bound.
            max_rate_limit_wait: Seconds that a rate limit may hold up one request; a longer wait is refused at once.
            journal: A file, by its path or as a `Journal`, in which the load is written down so that it can go on.
            load_id: The name of the load in the journal; by default the journal is for one load.
            on_changed_input: If the rows are others: `"raise"` an `InputChangedError`, or `"append"` those not known.
            on_progress: A plain function, called at the beginning and after each chunk with the `SpreadRun`. If the
                function raises, the load ends in order with a `CallbackError`.
            into: An empty result to fill once the call has ended, however it ended: by a cancellation, too.

        Returns:
            The fate of every row, each row's queue, and each queue's counts; rows without room are pending.

        Raises:
            ConfigurationError: *over* is empty or names a queue twice, or an option is of no use.
            DeadlineExceededError: The deadline passed; `.result` is a `SpreadResult`.
            RowSourceError: The iterable raised; nothing was sent.
            SuppressionError: The suppression list or function failed; nothing was sent.
        """
        options = Options(
            strategy=strategy,
            region=region,
            chunk_size=chunk_size,
            keep_duplicates=keep_duplicates,
            skip_queued=skip_queued,
            suppress=suppress,
            deadline=deadline,
            max_rate_limit_wait=max_rate_limit_wait,
            journal=journal,
            load_id=load_id,
            on_changed_input=on_changed_input,
        )
        assignees = assignees_of(over)
        # Other queues, or another strategy, go on with what is left; another region would read other numbers.
        terms = {"server": self._sessions.server, "region": options.region}
        load = SpreadLoad(
            self._sessions.current(),
            assignees,
            options.preparer(),
            strategy=options.strategy,
            chunk_size=options.chunk_size,
            skip_queued=options.skip_queued,
            merge_appends=self._sessions.merge_appends,
            clock=self._clock,
            deadline=options.bound(),
            max_rate_limit_wait=options.max_rate_limit_wait,
            log=options.log(terms, assignees, clock=self._clock),
            on_progress=on_progress,
            into=into,
        )
        return await load.load(numbers)

    @names_options
    async def plan(
        self,
        numbers: Rows,
        *,
        over: Sequence[DialingQueue],
        strategy: SpreadStrategy = "even",
        region: str | None = None,
        chunk_size: int = QUEUE_CAPACITY,
        keep_duplicates: bool = False,
        skip_queued: bool = False,
        suppress: Suppress | None = None,
    ) -> Plan:
        """Return what `spread` would do with *numbers*, without a write; the queues' room is read.

        Args:
            numbers: Rows as for `DialingQueue.append`.
            over: The queues.
            strategy: `"even"` or `"fill"`, as for `spread`.
            region: The country of numbers without a country code, in ISO 3166, e.g. `FR`.
            chunk_size: Rows of one request, 1 to 1,000.
            keep_duplicates: Send a number again that came up before in the whole list.
            skip_queued: Skip numbers that stand in any of the queues.
            suppress: Numbers that must not be called, or an async function that picks those; as for `append`.

        Raises:
            ConfigurationError: *over* is empty or names a queue twice, or an option is of no use.
            SuppressionError: The suppression list or function failed.
            AlloError: A queue could not be read.
        """
        options = Options(
            strategy=strategy,
            region=region,
            chunk_size=chunk_size,
            keep_duplicates=keep_duplicates,
            skip_queued=skip_queued,
            suppress=suppress,
        )
        assignees = assignees_of(over)
        session = self._sessions.current()
        async with session.calls.bounded():
            return await plan_spread(
                session,
                assignees,
                numbers,
                options.preparer(),
                strategy=options.strategy,
                chunk_size=options.chunk_size,
                skip_queued=options.skip_queued,
            )

    async def users(self, *, role: str | None = None, status: str | None = None) -> list[User]:
        """List the team.

        Args:
            role: Only `ADMIN`, `MANAGER` or `MEMBER`.
            status: `ACTIVE`, which the server takes by default, or `BLOCKED`.

        Raises:
            InsufficientScopeError: The key lacks `USERS_READ`.
            AlloError: The team could not be read.
        """
        return await self._ask(users_request(role=role, status=status), read_list(User))

    async def user(self, user_id: str) -> User:
        """Return one teammate.

        Raises:
            InvalidTeammateError: *user_id* cannot be a user id.
            NotFoundError: There is no such user.
            AlloError: The teammate could not be read.
        """
        return await self._ask(user_request(user_id), read_data(User))

    async def me(self) -> Me:
        """Return the key's team, scopes and limits; any valid key may ask."""
        return await self._ask(me_request(), read_data(Me))

    async def request(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, json: Any = None
    ) -> Any:
        """Call any other endpoint, with the same authentication, rate limit, retries and errors.

        If the reply to a write is lost, the client asks for it again under one idempotency key. After a 5xx, which does
        not consume the key, the client tries only a GET again.

        Args:
            method: The HTTP method.
            path: The path below the base URL, from its slash.
            params: The query; `None` values are left out.
            json: The body.

        Returns:
            The reply's JSON, `None` for an empty one.

        Raises:
            ConfigurationError: The arguments make no request to this API, to which alone the key goes.
            AlloError: The request failed.

        Example:
            ```python
            tags = await allo.request("GET", "/v2/api/tags")
            ```
        """
        return await self._ask(custom_request(method, path, params=params, json=json), read_any)

    async def _ask(self, request: Request, read: Callable[[Reply], _Answer]) -> _Answer:
        session = self._sessions.current()
        async with session.calls.bounded():
            try:
                return await session.sender.send(InFlightRequest(request, read))
            finally:
                if not request.reads:
                    # It may have changed any queue.
                    session.tails.clear()
