"""A proxy as offices have one: it tunnels to any host, which is the sandbox behind a certificate of the tests' own."""

import asyncio
import base64
import contextlib
import ssl
from pathlib import Path

CERTIFICATE = Path(__file__).parent / "proxy" / "certificate.pem"
_KEY = CERTIFICATE.with_name("key.pem")


class ProxyServer:
    """Listens on loopback, remembers whom it was asked for, and may want a password.

    Args:
        port: The sandbox's.
        login: What it wants, `user:password`.
    """

    def __init__(self, port, *, login=None):
        self._port = port
        self._wanted = None if login is None else "Basic " + base64.b64encode(login.encode()).decode()
        self.asked = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _serve(self, reader, writer):
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head.split()[1])
            if self._wanted is not None and f"Proxy-Authorization: {self._wanted}" not in head:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                writer.close()
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(CERTIFICATE, _KEY)
            await writer.start_tls(context)
            behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self._port)
            await asyncio.gather(_copy(reader, behind_writer), _copy(behind_reader, writer))


async def _copy(reader, writer):
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    writer.close()
