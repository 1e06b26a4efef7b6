import asyncio
import contextlib
import gzip

import aiohttp
import orjson
import pytest

from allo_async import AlloClient, ConnectionFailedError, TransportError, UnreadableReplyError, errors
from allo_async.sandbox import Sandbox, faults

KEY = "ak_live_secret123"
EMPTY = orjson.dumps({"data": [], "pagination": {"page": 1, "size": 20, "total_count": 0}})
ADDED = orjson.dumps({"data": {"added": [{"number_to": "+12125550010", "position": 0}], "skipped": []}})


def answer(body, *headers, status="200 OK"):
    lines = (
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def raw_server(answer_to):
    """A server that answers a method with the bytes of *answer_to*, and closes the connection; gives its URL."""

    async def serve(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b"content-length: " in head:
                await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
            writer.write(answer_to(head.split()[0].decode().upper()))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1")
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


UNREADABLE = {
    "not HTTP": b"\x00\x01garbage\r\n\r\n",
    "a header without end": answer(ADDED, "X-Policy: " + "a" * 200_000),
    "an unknown length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    "not gzip": answer(ADDED, "Content-Encoding: gzip"),
    "a broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_unreadable_answer_is_not_called_a_missing_connection(content, method):
    """An answer that cannot be read is an UnreadableReplyError, of a read as of a write, and shows no query."""
    async with raw_server(lambda _: content) as url, AlloClient(KEY, base_url=url, retry_budget=0) as allo:
        with pytest.raises(UnreadableReplyError, match="cannot be read") as caught:
            await allo.request(method, "/v2/api/tags", params={"number": "+12125550010"})

    assert "connect" not in str(caught.value)
    assert "2125550010" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        answer(ADDED, "Content-Security-Policy: " + "a" * 9_000),
        answer(gzip.compress(ADDED), "Content-Encoding: gzip"),
        answer(b"\xef\xbb\xbf" + ADDED),
        answer(ADDED.decode().encode("utf-16")),
    ],
    ids=["large header", "gzip", "byte order mark", "UTF-16"],
)
async def test_what_a_proxy_does_to_an_answer_costs_no_row(content):
    """A large header and another encoding leave every row settled by the one answer."""
    async with (
        raw_server(lambda method: content if method == "POST" else answer(EMPTY)) as url,
        AlloClient(KEY, base_url=url, retry_budget=0) as allo,
    ):
        result = await allo.queue().append(["+12125550010"])

    assert [row.index for row in result.added] == [0]


async def test_refused_connection_is_called_so():
    """Where nothing listens, the words are that there was no connection."""
    async with raw_server(lambda _: b"") as url:
        pass
    async with AlloClient(KEY, base_url=url, retry_budget=0) as allo:
        with pytest.raises(ConnectionFailedError, match="could not connect"):
            await allo.me()


@pytest.mark.parametrize("owned", [True, False], ids=["our session", "the caller's session"])
@pytest.mark.parametrize("honours", [True, False])
async def test_write_leaves_once_unless_its_key_is_honoured(owned, honours):
    """A clear by position whose answer is lost on a kept-alive connection takes one number off, no second one."""
    numbers = [f"+1212555{at:04}" for at in range(10, 15)]
    async with (
        Sandbox(honour_idempotency=honours) as sandbox,
        aiohttp.ClientSession() as session,
        AlloClient(sandbox.api_key, base_url=sandbox.url, session=None if owned else session) as allo,
    ):
        queue = allo.queue()
        await queue.append(numbers)
        sandbox.script(faults.drop(commit=True), method="DELETE", times=1)
        if honours:
            assert await queue.clear(position=0) == 1
        else:
            with pytest.raises(errors.ConnectionLostError, match="may have acted"):
                await queue.clear(position=0)

        keys = [request.idempotency_key for request in sandbox.ledger.requests if request.method == "DELETE"]
        assert sandbox.numbers() == numbers[1:]
        assert len(keys) == (2 if honours else 1)
        assert len(set(keys)) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "POST"])
async def test_no_write_is_repeated_by_aiohttp(method):
    """Every write on a broken kept-alive connection leaves once an attempt."""
    seen = []

    def answer_to(arrived):
        seen.append(arrived)
        return b""

    async with raw_server(answer_to) as url, AlloClient(KEY, base_url=url, retry_budget=0) as allo:
        with pytest.raises(errors.ConnectionLostError):
            await allo.request(method, "/v2/api/tags")

    assert len(seen) == (2 if method == "GET" else 1)


def failing_trace(signal, error):
    """A trace config that raises at *signal*."""

    async def fail(*_):
        raise error

    trace = aiohttp.TraceConfig()
    getattr(trace, signal).append(fail)
    return trace


def causes(error):
    """An error with all of its causes."""
    while error is not None:
        yield error
        error = error.__cause__


SIGNALS = {
    "on_request_start": False,
    "on_connection_create_start": False,
    "on_request_chunk_sent": True,
    "on_request_end": True,
}


@pytest.mark.parametrize("error", [KeyError("trace"), OSError("disk full")], ids=repr)
@pytest.mark.parametrize(("signal", "left"), SIGNALS.items(), ids=SIGNALS)
async def test_error_of_a_trace_config_is_ours_with_its_cause(signal, left, error):
    """An append whose trace config raises ends as an AlloError, in doubt only if bytes had left."""
    async with (
        Sandbox() as sandbox,
        AlloClient(
            sandbox.api_key, base_url=sandbox.url, trace_configs=[failing_trace(signal, error)], retry_budget=0
        ) as allo,
    ):
        with pytest.raises(errors.AlloError) as caught:
            await allo.queue().append(["+12125550010"])

        totals = caught.value.result.totals
        assert (totals.pending, totals.in_doubt) == ((0, 1) if left else (1, 0))
        assert "could not connect" not in str(caught.value)
        assert error in causes(caught.value)


async def test_cancellation_that_nobody_asked_for_is_an_error():
    """A trace config that raises CancelledError ends an append as an AlloError, and cancels nobody."""
    trace = failing_trace("on_request_end", asyncio.CancelledError())
    async with (
        Sandbox() as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, trace_configs=[trace], retry_budget=0) as allo,
    ):
        with pytest.raises(errors.AlloError) as caught:
            await allo.queue().append(["+12125550010"])

    assert caught.value.result.totals.in_doubt == 1


async def test_session_of_another_loop_or_closed_is_named():
    """A session of the caller's that cannot be used is an error in words, and sends nothing."""

    async def make():
        return aiohttp.ClientSession()

    other = asyncio.new_event_loop()
    foreign = await asyncio.to_thread(other.run_until_complete, make())
    closed = await make()
    await closed.close()
    for session, words in ((foreign, "another event loop"), (closed, "is closed")):
        async with Sandbox() as sandbox, AlloClient(sandbox.api_key, base_url=sandbox.url, session=session) as allo:
            with pytest.raises(TransportError, match=words) as caught:
                await allo.queue().append(["+12125550010"])

        assert caught.value.result.totals.pending == 1
        assert not sandbox.ledger.requests
    await asyncio.to_thread(other.run_until_complete, foreign.close())
    other.close()
