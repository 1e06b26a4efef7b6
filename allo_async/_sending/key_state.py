"""What all clients of one key share on an event loop: its pace, the turns of its queues, and what stands in those."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol
from weakref import WeakKeyDictionary, WeakValueDictionary

import attrs

from allo_async._sending.instrumentation import Observers
from allo_async._sending.pacing import Paces
from allo_async._sending.queue_locks import Identity, QueueLocks
from allo_async._wire.queue_end import ClockReading, KnownEnd, QueueEnd
from allo_async.clock import Clock
from allo_async.events import Event
from allo_async.settings import Settings

#: What stood last in each queue.
Ends = dict[Identity, QueueEnd]


@attrs.define(eq=False, slots=True, weakref_slot=True)
class KeyState:
    """Belongs to a key, and not to a client.

    Attributes:
        paces: Let requests go.
        locks: Keeps appends to the same queue apart.
        ends: What stood last in each queue, by the assignee's identity; changed by who has the queue's turn.
        seen: When this process saw each of those itself; one that has changed since was not.
        clock: The server's clock, as the entries of an append have shown it.
        hang_up: Ends what others are reached by, which begins again when it is needed.
        watching: The observers of the clients that use this.
    """

    paces: Paces
    locks: QueueLocks = attrs.field(factory=QueueLocks)
    ends: Ends = attrs.field(factory=dict[Identity, QueueEnd])
    hang_up: Callable[[], Awaitable[None]] | None = None
    seen: dict[Identity, KnownEnd] = attrs.field(factory=dict[Identity, KnownEnd], init=False)
    clock: ClockReading | None = attrs.field(default=None, init=False)
    watching: list[Observers] = attrs.field(factory=list[Observers], init=False)

    def join(self, observers: Observers) -> None:
        """Note that one more client uses this."""
        self.watching.append(observers)

    async def leave(self, observers: Observers) -> None:
        """Note that a client does so no longer; the last one hangs up."""
        self.watching.remove(observers)
        if not self.watching and self.hang_up is not None:
            await self.hang_up()

    def emit(self, event: Event) -> None:
        """Tell the observers of all clients of *event*."""
        for observers in self.watching:
            observers.emit(event)


class Coordination(Protocol):
    """What lets several processes keep the limits of a key together."""

    def share(self, settings: Settings, clock: Clock) -> KeyState:
        """Make what the clients of this key share on the running loop."""
        ...


_Key = tuple[str, str, Clock, Coordination | None]

_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[_Key, KeyState]] = WeakKeyDictionary()


def key_state_of(settings: Settings, clock: Clock, coordination: Coordination | None) -> KeyState:
    """Give what the clients of this key on the running loop share, as long as there is one."""
    of_loop = _of_loop.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    key = (str(settings.base_url), settings.api_key, clock, coordination)
    shared = of_loop.get(key)
    if shared is None:
        shared = KeyState(Paces(clock=clock)) if coordination is None else coordination.share(settings, clock)
        of_loop[key] = shared
    return shared
