"""Everything of a client that belongs to one event loop."""

import attrs

from allo_async._sending.calls import Calls
from allo_async._sending.sender import Sender
from allo_async._sending.transport import Transport
from allo_async._sending.turns import Turns
from allo_async._wire.queue_end import QueueEnd


@attrs.frozen
class Lane:
    """The way out for the requests made on one event loop.

    Attributes:
        transport: Owns the loop's aiohttp session.
        sender: Sends one request until it is settled.
        calls: Bounds what the client was asked to do.
        turns: Keeps appends to the same queue apart.
        ends: What stood last in each queue, by the assignee's identity; changed by who has the queue's turn.
    """

    transport: Transport
    sender: Sender
    calls: Calls
    turns: Turns = attrs.field(factory=Turns)
    ends: dict[tuple[str, str], QueueEnd] = attrs.field(factory=dict[tuple[str, str], QueueEnd])

    async def close(self) -> None:
        """End all calls, and let nothing more out."""
        self.calls.close()
        await self.transport.close()
