"""What all clients of one key share on an event loop: its pace, the turns of its queues, and what stands in those."""

import asyncio
from weakref import WeakKeyDictionary, WeakValueDictionary

import attrs

from allo_async._sending.pacing import Paces
from allo_async._sending.turns import Turns
from allo_async._wire.queue_end import QueueEnd
from allo_async.clock import Clock
from allo_async.settings import Settings


@attrs.define(eq=False, slots=True, weakref_slot=True)
class Shared:
    """Belongs to a key, and not to a client.

    Attributes:
        paces: Let requests go.
        turns: Keeps appends to the same queue apart.
        ends: What stood last in each queue, by the assignee's identity; changed by who has the queue's turn.
    """

    paces: Paces
    turns: Turns = attrs.field(factory=Turns)
    ends: dict[tuple[str, str], QueueEnd] = attrs.field(factory=dict[tuple[str, str], QueueEnd])


_Key = tuple[str, str, Clock]

_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[_Key, Shared]] = WeakKeyDictionary()


def shared_by(settings: Settings, clock: Clock) -> Shared:
    """Give what the clients of this key on the running loop share, as long as there is one."""
    of_loop = _of_loop.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    key = (str(settings.base_url), settings.api_key, clock)
    shared = of_loop.get(key)
    if shared is None:
        shared = of_loop[key] = Shared(Paces(clock=clock))
    return shared
