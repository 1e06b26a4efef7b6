import contextlib
from collections.abc import Mapping

import aiohttp
import pytest

from allo_async.sandbox import Sandbox

APPEND = "/v2/api/dialing-queues/current/numbers"


class Caller:
    """Calls the sandbox as anyone would, without this project's client."""

    def __init__(self, session, sandbox):
        self._session = session
        self._sandbox = sandbox

    async def __call__(self, method, path, *, key=None, headers: Mapping[str, str] | None = None, **kwargs):
        authorization = {"Authorization": f"Api-Key {key or self._sandbox.api_key}"}
        request = self._session.request(
            method, self._sandbox.url + path, headers={**authorization, **(headers or {})}, **kwargs
        )
        async with request as response:
            body = await response.read()
            content = await response.json() if response.content_type == "application/json" and body else body
            return response.status, content, response.headers

    async def append(self, numbers, *, idempotency_key=None, key=None, **fields):
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        rows = [row if isinstance(row, dict) else {"number": row} for row in numbers]
        return await self("POST", APPEND, json={"numbers": rows, **fields}, headers=headers, key=key)


@pytest.fixture(name="open_sandbox")
async def _open_sandbox(clock):
    """Opens sandboxes with options, each with a caller."""
    async with contextlib.AsyncExitStack() as stack:

        async def opened(**options):
            sandbox = await stack.enter_async_context(Sandbox(clock=clock, **options))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            return sandbox, Caller(session, sandbox)

        yield opened


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    async with Sandbox(clock=clock, write_per_second=None) as sandbox:
        yield sandbox


@pytest.fixture(name="call")
async def _call(sandbox):
    async with aiohttp.ClientSession() as session:
        yield Caller(session, sandbox)
