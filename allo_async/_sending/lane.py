"""Everything of a client that belongs to one event loop."""

import attrs

from allo_async._sending.sender import Sender
from allo_async._sending.transport import Transport
from allo_async._sending.turns import Turns


@attrs.frozen
class Lane:
    """The way out for the requests made on one event loop.

    Attributes:
        transport: Owns the loop's aiohttp session.
        sender: Sends one request until it is settled.
        turns: Keeps appends to the same queue apart.
    """

    transport: Transport
    sender: Sender
    turns: Turns = attrs.field(factory=Turns)
