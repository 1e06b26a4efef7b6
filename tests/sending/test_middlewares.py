"""aiohttp's client middlewares, as callers add them."""

import aiohttp
import pytest

from allo_async import AlloClient, ConfigurationError, errors
from allo_async.sandbox import Sandbox, faults


@pytest.fixture(name="sandbox")
async def _sandbox():
    async with Sandbox() as sandbox:
        yield sandbox


def client(sandbox, *middlewares, **options):
    return AlloClient(sandbox.api_key, base_url=sandbox.url, middlewares=middlewares, **options)


async def test_middlewares_see_every_attempt(sandbox):
    """The first is the outermost; each may add a header, and sees a retry as a request of its own."""
    seen = []

    async def outer(request, handler):
        request.headers["X-Tenant"] = "acme"
        response = await handler(request)
        seen.append(response.status)
        return response

    async def inner(request, handler):
        seen.append(request.headers["X-Tenant"])
        return await handler(request)

    sandbox.script(faults.error(409, "DIALING_QUEUE_APPEND_CONFLICT"), times=1)
    async with client(sandbox, outer, inner) as allo:
        result = await allo.queue().append(["+12125550010"])

    # The look at the queue's tail, the refused append, another look and the append that is taken.
    assert seen[-2:] == ["acme", 200]
    assert seen.count("acme") == len(seen) / 2 == len(sandbox.ledger.requests)
    assert 409 in seen
    assert len(result.added) == 1


async def test_middleware_that_repeats_a_write_doubles_nothing(sandbox):
    """A retry of a middleware's own is refused; its rows are in the queue once, where they are found."""

    async def repeating(request, handler):
        response = await handler(request)
        if request.method == "POST":
            response = await handler(request)
        return response

    async with client(sandbox, repeating, retry_budget=0) as allo:
        result = await allo.queue().append(["+12125550010"])

    assert sandbox.numbers() == ["+12125550010"]
    assert (len(result.added), result.recovered) == (1, 1)
    assert sum(request.method == "POST" for request in sandbox.ledger.requests) == 1


@pytest.mark.parametrize("most", [4_000_000, 50])
async def test_middleware_may_read_the_reply(sandbox, most):
    """One that logs replies takes nothing away, and a reply above the bound is still none."""

    async def logging(request, handler):
        response = await handler(request)
        await response.text()
        return response

    async with client(sandbox, logging, retry_budget=0, max_reply_bytes=most) as allo:
        if most == 50:
            with pytest.raises(errors.ReplyTooLargeError):
                await allo.me()
        else:
            assert len((await allo.queue().append(["+12125550010"])).added) == 1
            assert [number.number_to async for number in allo.queue().numbers()] == ["+12125550010"]


async def test_middleware_that_raises_is_an_error_with_the_account(sandbox):
    """Before the request leaves, its rows are pending; afterwards, they are found by the look at the queue."""

    async def raising(request, handler):
        if request.method == "POST":
            raise KeyError("tenant")
        return await handler(request)

    async with client(sandbox, raising) as allo:
        with pytest.raises(errors.TransportError, match="the request was not sent: KeyError") as caught:
            await allo.queue().append(["+12125550010"])

    assert caught.value.result.totals.pending == 1
    assert sandbox.numbers() == []


@pytest.mark.parametrize("middlewares", [5, "x", [5], lambda request, handler: None])
def test_middlewares_that_are_none_are_refused(middlewares):
    """Anything but a list of functions is told when the client is made."""
    with pytest.raises(ConfigurationError, match="middlewares must be a list of functions"):
        AlloClient("ak_live_x", middlewares=middlewares)


@pytest.mark.parametrize("option", [{"middlewares": [print]}, {"trace_configs": [aiohttp.TraceConfig()]}])
async def test_parts_of_a_session_are_not_silently_ignored(option):
    """With a session of the caller's own, they belong to that session."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ConfigurationError, match="give them to yours"):
            AlloClient("ak_live_x", session=session, **option)
