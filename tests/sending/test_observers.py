import asyncio
import functools
import logging
from unittest.mock import AsyncMock

import pytest

from allo_async import AlloClient, ConfigurationError
from allo_async.sandbox import Sandbox

KEY = "ak_live_secret123"


async def on_event(_, __=None):
    """An observer that would never run."""


async def events_of(_):
    """An async generator is no better."""
    yield


class Watcher:
    """An object whose call and whose method are async."""

    async def __call__(self, _):
        pass

    async def watch(self, _):
        pass


ASYNC = {
    "function": on_event,
    "generator": events_of,
    "partial": functools.partial(on_event, 1),
    "object": Watcher(),
    "partial of an object": functools.partial(functools.partial(Watcher())),
    "method": Watcher().watch,
    "mock": AsyncMock(),
}


@pytest.mark.parametrize("observer", ASYNC.values(), ids=ASYNC)
def test_async_observer_is_refused(observer):
    """An observer that nothing would await is an error when the client is made."""
    with pytest.raises(ConfigurationError, match="nothing awaits an async one"):
        AlloClient(KEY, observers=[print, observer])


def test_observer_that_cannot_be_called_is_refused():
    """Anything but a function is an error when the client is made."""
    with pytest.raises(ConfigurationError, match="a list of functions, and str is none"):
        AlloClient(KEY, observers=["print"])


async def test_returned_coroutine_is_logged(caplog):
    """A plain observer that returns a coroutine is logged, since the coroutine will not run."""
    caplog.set_level(logging.ERROR, "allo_async")
    async with (
        Sandbox() as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, observers=[lambda _: asyncio.sleep(0)]) as allo,
    ):
        await allo.me()

    assert "an observer failed" in caplog.text
    assert "returned a coroutine" in caplog.text
