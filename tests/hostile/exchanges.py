"""Hostile exchanges: bytes that are no HTTP, bodies without end, lengths that lie."""

import asyncio
import gzip
import zlib
from collections.abc import Iterator

from tests.hostile.making import MILLION, Means, added, http, http_json
from tests.hostile.middleman import Performance


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
        await writer.drain()


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _drip_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-A: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _flood_of_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"".join(b"X-A%d: b\r\n" % i for i in range(500)))
        await writer.drain()


async def _early_hints(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.001)


async def _silence(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def _reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _half(writer: asyncio.StreamWriter) -> None:
    whole = http(added())
    writer.write(whole[: len(whole) - 40])
    await writer.drain()


def _bomb(bits: int) -> bytes:
    # 256 MiB of zeros.
    squeezer = zlib.compressobj(9, zlib.DEFLATED, bits)
    zeros = b"\0" * 2**20
    return b"".join(squeezer.compress(zeros) for _ in range(256)) + squeezer.flush()


def exchanges() -> Iterator[tuple[str, Means, bytes | Performance]]:
    done, unknown = Means.DONE, Means.UNKNOWN
    yield from (
        ("endless body", unknown, _endless),
        ("dripping body", unknown, _drip),
        ("dripping headers", unknown, _drip_headers),
        ("flood of headers", unknown, _flood_of_headers),
        ("early hints for ever", unknown, _early_hints),
        ("silence", unknown, _silence),
        ("reset", unknown, _reset),
        ("half a body", unknown, _half),
        ("gzip bomb", unknown, http(_bomb(31), "Content-Encoding: gzip")),
        ("deflate bomb", unknown, http(_bomb(15), "Content-Encoding: deflate")),
        ("gzip that is none", unknown, http(b"not gzip", "Content-Encoding: gzip")),
        ("unknown encoding", unknown, http(b"\x01\x02", "Content-Encoding: zstd-99")),
        ("padded gzip", done, http(gzip.compress(b" " * 2**22 + http_json(added())), "Content-Encoding: gzip")),
        ("header of a megabyte", unknown, http(added(), "X-A: " + "a" * MILLION)),
        ("ten thousand headers", unknown, http(added(), *(f"X-A{i}: b" for i in range(10_000)))),
        ("NUL in a header", unknown, http(added(), b"X-A: a\0b")),
        ("bare CR in a header", unknown, http(added(), b"X-A: a\rX-B: c")),
        ("two lengths", unknown, http(added(), "Content-Length: 5")),
        ("negative length", unknown, http(added(), "Content-Length: -5", length=None)),
        ("absurd length", unknown, http(added(), "Content-Length: 99999999999999999999", length=None)),
        ("length and chunks", unknown, http(b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked")),
        (
            "chunk of negative size",
            unknown,
            http(b"-5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=None),
        ),
        ("no headers", unknown, b"HTTP/1.1 200 OK\r\n\r\n"),
        ("HTTP 0.9", unknown, http_json(added())),
        ("HTTP 3.7", unknown, http(added()).replace(b"HTTP/1.1", b"HTTP/3.7")),
        ("garbage", unknown, bytes(range(256)) * 8),
        ("another protocol", unknown, b"SSH-2.0-OpenSSH_9.2\r\n"),
        ("TLS", unknown, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)),
        ("status 000", unknown, http(added(), status="000 X")),
        ("status 99", unknown, http(added(), status="99 X")),
        ("status 1000", unknown, http(added(), status="1000 X")),
        ("status in words", unknown, http(added(), status="OK OK")),
        ("bytes in the reason", done, http(added(), status=b"200 \xff\xfe")),
        ("fifty continues", done, b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + http(added())),
        ("another protocol from now on", unknown, http(b"", "Upgrade: ws", "Connection: Upgrade", status="101 Switch")),
        ("cookies", done, http(added(), *(f"Set-Cookie: a{i}={'x' * 1000}" for i in range(20)))),
        ("another charset", done, http(http_json(added()), kind="application/json; charset=utf-7")),
        ("a charset that is none", done, http(http_json(added()), kind="application/json; charset=" + "x" * 3_000)),
        ("HTML says the type", done, http(http_json(added()), kind="text/html")),
    )
