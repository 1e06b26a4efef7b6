"""A middleman before the sandbox, who hands requests on or keeps them, and answers what a test wants.

What stands in the sandbox's ledger is what happened, whatever the client was told.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable

import attrs
from yarl import URL

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")

#: Sends as it likes: endless bodies, drops.
Performance = Callable[[asyncio.StreamWriter], Awaitable[None]]

#: Makes the bytes that go out from the honest head and body.
Change = Callable[[bytes, bytes], bytes]


@attrs.frozen
class Strike:
    """What happens to some of the requests.

    Attributes:
        reply: Bytes that go out as they are, or a performance.
        change: Makes the reply from the honest one instead, so that the request is handed on.
        commit: Whether the request is handed on first.
        method: Which requests.
        at: Which of those, from 1.
    """

    reply: bytes | Performance = b""
    change: Change | None = None
    commit: bool = False
    method: str = "POST"
    at: range = range(1, 2)


class Middleman:
    """Listens on a port of its own while it is entered."""

    def __init__(self, upstream: str) -> None:
        self._upstream = URL(upstream)
        self._strikes: list[tuple[Strike, list[int]]] = []
        self._tasks = set[asyncio.Task[None]]()
        self._writers = list[asyncio.StreamWriter]()
        self.requests: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def strike(self, strike: Strike) -> None:
        self._strikes.append((strike, [0]))

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_):
        # Connections that are being accepted have no task yet, and could not be closed.
        for _ in range(5):
            await asyncio.sleep(0)
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _accept(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await self._talk(reader, writer)
        self._tasks.discard(task)
        writer.close()

    async def _talk(self, reader, writer):
        while True:
            head, body = await _message(reader)
            method = head.split(b" ", 1)[0].decode()
            self.requests.append(head)
            strike = self._struck(method)
            if strike is None:
                writer.write(b"".join(await self._hand_on(head, body)))
                await writer.drain()
                continue
            honest = await self._hand_on(head, body) if strike.commit or strike.change else (b"", b"")
            reply = strike.change(*honest) if strike.change else strike.reply
            if callable(reply):
                await reply(writer)
            else:
                writer.write(reply)
                await writer.drain()
            if not _LENGTH.search(reply if isinstance(reply, bytes) else b""):
                return

    def _struck(self, method):
        found = None
        for strike, seen in self._strikes:
            if strike.method == method:
                seen[0] += 1
                if seen[0] in strike.at and found is None:
                    found = strike
        return found

    async def _hand_on(self, head, body):
        reader, writer = await asyncio.open_connection(self._upstream.host, self._upstream.port)
        self._writers.append(writer)
        try:
            writer.write(head + body)
            return await _message(reader)
        finally:
            writer.close()


async def _message(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return head, await reader.readexactly(int(length[1])) if length else b""
