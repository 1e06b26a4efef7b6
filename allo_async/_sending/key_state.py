"""The state that a key's clients share on an event loop: rate limits, the locks of its queues, and their tails."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable
from typing import Any, Literal, Protocol
from weakref import WeakKeyDictionary, WeakValueDictionary

import attrs

from allo_async._coordination.store import MemoryStore, Store
from allo_async._sending.instrumentation import Observers
from allo_async._sending.queue_locks import Identity, LeasedLock, QueueLocks, kind_of
from allo_async._sending.rate_limiter import RateLimiter
from allo_async._sending.store_connection import StoreConnection
from allo_async._wire.answers import ClockReading, KnownEnd
from allo_async._wire.hints import LARGEST_LIMIT, RateLimit
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.events import Event
from allo_async.models.team import READS_PER_SECOND, WRITES_PER_SECOND
from allo_async.settings import DEFAULT_MAX_RETRY_AFTER, Settings
from allo_async.validators import one_of

_log = logging.getLogger(__name__)

#: The last entries of each queue, and when they were read.
Tails = dict[Identity, KnownEnd]

#: The reaction to a slow, lost or frozen store: go on with the process's own limits and locks, or raise.
OnCoordinationLoss = Literal["local", "raise"]

#: The check of it.
known: Callable[[Any, Any, OnCoordinationLoss], None] = one_of("local", "raise")


class RateLimiters:
    """A key's two limits [guide]: reads (GET) and writes (everything else), apart.

    Args:
        clock: Where time comes from.
        connection: To the stores; by default to a store of its own.
        max_retry_after: The longest pause that is believed, in seconds.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        connection: StoreConnection | None = None,
        max_retry_after: float = DEFAULT_MAX_RETRY_AFTER,
    ) -> None:
        connection = connection or StoreConnection(MemoryStore(clock), clock=clock)

        def limiter(limit: int, name: str) -> RateLimiter:
            return RateLimiter(limit, clock=clock, connection=connection, name=name, max_retry_after=max_retry_after)

        self.reads = limiter(READS_PER_SECOND, "reads")
        self.writes = limiter(WRITES_PER_SECOND, "writes")
        self._max_retry_after = max_retry_after
        self._disbelieved = set[str]()

    def of(self, request: Request) -> RateLimiter:
        """Return the limiter that *request* counts against."""
        return self.reads if request.reads else self.writes

    def pause(self, seconds: float) -> float:
        """Hold up all requests for *seconds*, as far as they are believed, and return those.

        A 429 is the key's, whichever limit it was.
        """
        if seconds > self._max_retry_after:
            self._disbelieve("the server asks for a pause of %g s; %g s are believed", seconds, self._max_retry_after)
            seconds = self._max_retry_after
        self.reads.expect_pause(seconds)
        self.writes.pause(seconds)
        return seconds

    def update(self, request: Request, told: RateLimit, *, since: float) -> None:
        """Follow the limit that the reply to *request* names; the request left at *since*."""
        if told.limit > LARGEST_LIMIT:
            self._disbelieve("the server tells of a limit of %d requests a second, which is ignored", told.limit)
        else:
            self.of(request).update(told, since=since)

    def _disbelieve(self, told: str, *figures: float) -> None:
        if told not in self._disbelieved:
            self._disbelieved.add(told)
            _log.warning(told, *figures)


class Coordination(Protocol):
    """A way for several processes to keep the limits of a key together.

    It is opaque: a `FileCoordination` or a `RedisCoordination` is made and handed to the clients. There is no other
    kind, and none can be written outside of this package.
    """

    @property
    def on_coordination_loss(self) -> OnCoordinationLoss:
        """The reaction to the loss of the store."""
        ...

    def _store(self, key: str, clock: Clock) -> Store:
        """Return the store of the key with the keyed hash *key*."""
        ...


@attrs.define(eq=False, slots=True, weakref_slot=True)
class KeyState:
    """Belongs to a key, and not to a client.

    Attributes:
        limiters: Let requests go.
        locks: Keeps appends to the same queue apart.
        tails: The last entries of each queue, by the assignee's identity; the holder of the queue's lock changes them.
        clock: The server's clock, as the entries of an append have shown it.
        connection: To the stores, which is opened again when it is needed after a `close`.
        watching: The observers of the clients that use this.
    """

    limiters: RateLimiters
    locks: QueueLocks = attrs.field(factory=QueueLocks)
    tails: Tails = attrs.field(factory=dict[Identity, KnownEnd])
    connection: StoreConnection | None = None
    clock: ClockReading | None = attrs.field(default=None, init=False)
    watching: list[Observers] = attrs.field(factory=list[Observers], init=False)

    @classmethod
    def open(
        cls, settings: Settings, clock: Clock, coordination: Coordination | None, local: MemoryStore | None = None
    ) -> "KeyState":
        """Make what the clients of a key share on the running loop.

        Args:
            settings: Of the clients; what they have in common is the key and the server.
            clock: The clients' own.
            coordination: The way to the key's other processes.
            local: The store of this process, by default the one that all loops share.
        """
        key = _hashed(settings, "key")
        connection = StoreConnection(
            local or MemoryStore(clock, (key, clock)),
            None if coordination is None else lambda: coordination._store(key, clock),  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - opaque to others
            clock=clock,
            raises=coordination is not None and coordination.on_coordination_loss == "raise",
        )
        tails: Tails = {}
        turns: dict[str, tuple[str, str]] = {}

        def forget(identity: Identity) -> None:
            tails.pop(identity, None)

        def make_lock(identity: Identity) -> LeasedLock:
            return LeasedLock(
                f"queue:{_hashed(settings, *identity)}",
                kind_of(identity),
                connection=connection,
                on_taken_over=lambda: forget(identity),
                tell_kinds=locks.others_use,
                clock=clock,
                turns=turns,
            )

        locks = QueueLocks(make_lock)
        limiters = RateLimiters(clock=clock, connection=connection, max_retry_after=settings.max_retry_after)
        state = cls(limiters, locks, tails, connection)
        connection.emit = state.emit
        return state

    def join(self, observers: Observers) -> None:
        """Record that one more client uses this."""
        self.watching.append(observers)

    async def leave(self, observers: Observers) -> None:
        """Record that a client does so no longer; the last one closes the connection."""
        self.watching.remove(observers)
        if not self.watching and self.connection is not None:
            await self.connection.close()

    def emit(self, event: Event) -> None:
        """Emit *event* to the observers of all clients."""
        for observers in self.watching:
            observers.emit(event)


_Key = tuple[str, Clock, Coordination | None, float]

_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[_Key, KeyState]] = WeakKeyDictionary()


def key_state_of(settings: Settings, clock: Clock, coordination: Coordination | None) -> KeyState:
    """Return what the clients of this key on the running loop share."""
    of_loop = _of_loop.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    key = (_hashed(settings, "key"), clock, coordination, settings.max_retry_after)
    shared = of_loop.get(key)
    if shared is None:
        shared = of_loop[key] = KeyState.open(settings, clock, coordination)
    return shared


def _hashed(settings: Settings, *parts: str) -> str:
    message = "\n".join(("allo_async", str(settings.base_url), *parts))
    return hmac.digest(settings.api_key.text.encode(), message.encode(), hashlib.sha256).hex()[:32]
