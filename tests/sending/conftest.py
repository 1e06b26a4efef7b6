import inspect
import itertools
import re

import aiohttp
import pytest
from aioresponses import CallbackResult, aioresponses

from allo_async import AlloClient

KEY = "ak_live_secret123"
QUEUE = re.compile(r"https://api\.withallo\.com/v2/api/dialing-queues/current\?.*")
EMPTY = {"data": [], "pagination": {"page": 0, "size": 0, "total_count": 0, "total_pages": 0, "has_more": False}}


class _StreamWriter:
    output_size = 0


class _Response(aiohttp.ClientResponse):
    """What aioresponses makes lacks the `stream_writer` that aiohttp asks for since 3.14."""

    def __init__(self, *args, **kwargs):
        if "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters:
            kwargs.setdefault("stream_writer", _StreamWriter())
        super().__init__(*args, **kwargs)


@pytest.fixture(name="server")
def _server():
    """A mocked HTTP edge, where every queue is empty; `refused_reads` are those, from 1, that are refused."""
    with aioresponses() as mocked:
        post = mocked.post
        mocked.post = lambda url, **kwargs: post(url, response_class=_Response, **kwargs)
        mocked.refused_reads = range(0)
        reads = itertools.count(1)

        def read(url, **kwargs):
            if next(reads) in mocked.refused_reads:
                return CallbackResult(
                    status=403, payload={"error": {"code": "FORBIDDEN", "message": "No."}}, response_class=_Response
                )
            return CallbackResult(payload=EMPTY, response_class=_Response)

        mocked.get(QUEUE, callback=read, repeat=True)
        yield mocked


@pytest.fixture(name="allo")
async def _allo(clock):
    async with AlloClient(KEY, clock=clock, retry_budget=20) as client:
        yield client
