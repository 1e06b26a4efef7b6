import itertools
from contextlib import asynccontextmanager

import pytest

from allo_async._coordination.store import MemoryStore
from allo_async._sending.rate_limiter import RateLimiter
from allo_async._sending.store_connection import StoreConnection
from allo_async.file.store import FileStore
from allo_async.redis.store import RedisStore
from allo_async.sandbox import Sandbox
from allo_async.testing import FastClock
from tests.coordination.fleet import SPEED

_names = (f"test-{place}" for place in itertools.count())


class MovedStore(RedisStore):
    """A store on a server that goes by the test's clock."""

    def __init__(self, server, root, clock):
        super().__init__(server.url, root)
        self._clock = clock
        #: Seconds by which the server's clock was set back.
        self.set_back = 0.0

    async def _run(self, *args):
        is_set, *found = await super()._run(*args)
        now = self._clock.monotonic() - self.set_back
        return [is_set, int(now), (now - int(now)) * 1e6, *found[2:]]


class Witnessed:
    """Notes when a store has let a request leave."""

    departures: list[float]

    async def transact(self, work):
        answer = await super().transact(work)
        if getattr(answer, "granted", False):
            self.departures.append(answer.moment)
        return answer


@asynccontextmanager
async def _shared_limiters(opened, limit, clock, count):
    """The limiters that as many processes have, each with a memory and a shared store of its own."""
    connections = [StoreConnection(MemoryStore(clock), opened, clock=clock, raises=True) for _ in range(count)]
    try:
        yield [RateLimiter(limit, clock=clock, connection=connection) for connection in connections]
    finally:
        for connection in connections:
            await connection.close()


class WitnessedMemory(MemoryStore):
    """A store that notes when it has let a request leave."""

    departures: list[float]

    def apply(self, work):
        answer = super().apply(work)
        if getattr(answer, "granted", False):
            self.departures.append(answer.moment)
        return answer


class LocalFamily:
    """The limiters that the loops and threads of one process have."""

    def __init__(self):
        self._departures = []

    @asynccontextmanager
    async def __call__(self, limit, clock, count=1):
        key, self._departures = next(_names), []

        class _Store(WitnessedMemory):
            departures = self._departures

        connections = [StoreConnection(_Store(clock, key), clock=clock) for _ in range(count)]
        yield [RateLimiter(limit, clock=clock, connection=connection) for connection in connections]

    def departures(self):
        return self._departures


class RedisFamily:
    """The limiters that a key has in several processes."""

    def __init__(self, server):
        self._server = server
        self._departures = []

    @asynccontextmanager
    async def __call__(self, limit, clock, count=1):
        root, self._departures = next(_names), []

        class _Store(Witnessed, MovedStore):
            departures = self._departures

        async with _shared_limiters(lambda: _Store(self._server, root, clock), limit, clock, count) as limiters:
            yield limiters

    def departures(self):
        return self._departures


class FileFamily:
    """The limiters that a key has in several processes of a machine."""

    def __init__(self, directory):
        self._directory = directory
        self._departures = []

    @asynccontextmanager
    async def __call__(self, limit, clock, count=1):
        path, self._departures = self._directory / f"{next(_names)}.json", []

        class _Store(Witnessed, FileStore):
            departures = self._departures

        async with _shared_limiters(lambda: _Store(path, clock), limit, clock, count) as limiters:
            yield limiters

    def departures(self):
        return self._departures


def _make_family(request, name):
    if name == "redis":
        return RedisFamily(request.getfixturevalue("redis_server"))
    return FileFamily(request.getfixturevalue("tmp_path_factory").mktemp("paces")) if name == "file" else LocalFamily()


@pytest.fixture(scope="session", params=["local", "redis", "file"], name="family")
def _family(request):
    """Makes the paces of a key, which keep its limit together, within a process or across several."""
    return _make_family(request, request.param)


@pytest.fixture(scope="session", params=["redis", "file"], name="shared_family")
def _shared_family(request):
    """Makes the paces of a key in several processes."""
    return _make_family(request, request.param)


@pytest.fixture(name="redis_family")
def _redis_family(redis_server):
    """Makes the paces of a key in several processes, which share a Redis server."""
    return RedisFamily(redis_server)


@pytest.fixture(name="sandbox")
async def _sandbox():
    """A server on which four processes take a while, and may send more than they do."""
    async with Sandbox(clock=FastClock(SPEED), append_seconds_per_row=0.004, write_per_second=10) as sandbox:
        yield sandbox
