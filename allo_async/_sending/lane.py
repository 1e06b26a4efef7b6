"""Everything of a client that belongs to one event loop."""

import asyncio
import contextlib

import attrs

from allo_async._sending.calls import Calls
from allo_async._sending.observers import Observers
from allo_async._sending.sender import Sender
from allo_async._sending.shared import Ends, Shared
from allo_async._sending.transport import Transport
from allo_async._sending.turns import Turns


@attrs.frozen(eq=False)
class Lane:
    """The way out for the requests made on one event loop.

    Attributes:
        transport: Owns the loop's aiohttp session.
        sender: Sends one request until it is settled.
        calls: Bounds what the client was asked to do.
        shared: What is the key's, and not the client's alone.
        preparing: Held by who prepares rows that are there already.
    """

    transport: Transport
    sender: Sender
    calls: Calls
    shared: Shared
    preparing: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)

    @property
    def turns(self) -> Turns:
        """Keeps appends to the same queue apart."""
        return self.shared.turns

    @property
    def observers(self) -> Observers:
        """Are told of what happens."""
        return self.sender.observers

    @property
    def ends(self) -> Ends:
        """What stood last in each queue, by the assignee's identity."""
        return self.shared.ends

    async def close(self) -> None:
        """End all calls, and let nothing more out."""
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self.shared.leave, self.observers)
            stack.push_async_callback(self.transport.close)
            await self.calls.close()
