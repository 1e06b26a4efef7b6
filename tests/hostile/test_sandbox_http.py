"""The sandbox below the API: bytes that are no request, and clients that go away."""

import asyncio
import json
import logging

import aiohttp
import pytest

from allo_async.sandbox import Sandbox

QUEUE = "/v2/api/dialing-queues/current"
NUMBERS = f"{QUEUE}/numbers"


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    async with Sandbox(clock=clock) as sandbox:
        yield sandbox


async def raw(sandbox, data):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
    writer.write(data)
    head, _, body = (await asyncio.wait_for(reader.read(), 10)).partition(b"\r\n\r\n")
    writer.close()
    return head.split()[1], json.loads(body)


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00 hello\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"FOO / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /?a=\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_in_the_envelope(sandbox, caplog, data):
    """Bytes that are no request are refused in the envelope, and are no error of the server's to log."""
    status, document = await raw(sandbox, data)

    assert (status, document["error"]["code"]) == (b"400", "BAD_REQUEST")
    assert document["error"]["request_id"].startswith("req_")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_client_that_asks_whether_to_go_on_is_told(sandbox):
    """`Expect: 100-continue`, which curl sends before a large body, is answered at once."""
    port = int(sandbox.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {QUEUE} HTTP/1.1\r\nHost: x\r\nAuthorization: Api-Key {sandbox.api_key}\r\nContent-Length: 2\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n".encode())

    assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10) == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"{}")
    assert b" 200 OK" in await asyncio.wait_for(reader.readline(), 10)
    writer.close()


@pytest.mark.parametrize("sent", [0, 20, 200])
async def test_client_may_go_away_in_the_middle(sandbox, caplog, sent):
    """A client that hangs up within its request leaves no trace, and others are served."""
    port = int(sandbox.url.rpartition(":")[2])
    head = (
        f"POST {NUMBERS} HTTP/1.1\r\nHost: x\r\nAuthorization: Api-Key {sandbox.api_key}\r\nContent-Length: 900\r\n\r\n"
    )
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{head}{'x' * 100}".encode()[:sent])
    await writer.drain()
    writer.transport.abort()

    async with aiohttp.ClientSession() as session, session.get(sandbox.url) as response:
        assert response.status == 401
    assert sandbox.numbers() == []
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
