import asyncio
import itertools
from contextlib import asynccontextmanager

import pytest

from allo_async._coordination.link import Link
from allo_async._coordination.pace import SharedPace
from allo_async._sending.pacing import Pace
from allo_async.file.store import FileStore
from allo_async.redis import scripts
from allo_async.redis.store import RedisStore
from allo_async.sandbox import Sandbox
from allo_async.testing import FastClock
from tests.coordination.fleet import SPEED

# Scripts read the time of a clock that tests move from a key.
MOVED = "local function now() return tonumber(redis.call('GET', 'moved clock')) end"

_names = (f"test-{place}" for place in itertools.count())


class MovedStore(RedisStore):
    """A store on a server that goes by the test's clock."""

    def __init__(self, server, root, clock):
        super().__init__(server.url, root)
        self._server, self._clock = server, clock
        #: Seconds by which the server's clock was set back.
        self.set_back = 0.0

    async def _run(self, script, keys, *args):
        self._server.redis.set("moved clock", round((self._clock.monotonic() - self.set_back) * 1e6))
        return await super()._run(script, keys, *args)


@asynccontextmanager
async def _shared_paces(opened, limit, clock, count):
    """The paces that as many processes have, each with a store of its own."""
    links = [Link(opened, clock=clock, raises=True) for _ in range(count)]
    yield [SharedPace(limit, clock=clock, link=link, name="writes") for link in links]
    await asyncio.gather(*(link.hang_up() for link in links))


class LocalFamily:
    """The paces that clients of one key have within one process: one and the same."""

    @asynccontextmanager
    async def __call__(self, limit, clock, count=1):
        yield [Pace(limit, clock=clock)] * count

    @staticmethod
    def departures(paces, moments):
        return moments


class RedisFamily:
    """The paces that a key has in several processes."""

    def __init__(self, server):
        self._server = server
        self._root = ""

    @asynccontextmanager
    async def __call__(self, limit, clock, count=1):
        root = self._root = next(_names)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scripts, "CLOCK", MOVED)
            async with _shared_paces(lambda: MovedStore(self._server, root, clock), limit, clock, count) as paces:
                yield paces

    def departures(self, paces, moments):
        # When a request of ours leaves, others may have moved the test's clock: the server's count is what counts.
        return [int(moment) / 1e6 for moment in self._server.redis.lrange(f"{self._root}:writes:departures", 0, -1)]


class WitnessedStore(FileStore):
    """A store that notes when it has let a request leave."""

    def __init__(self, path, clock, departures):
        super().__init__(path, clock)
        self._departures = departures

    async def admit(self, *args, **kwargs):
        may, wait = await super().admit(*args, **kwargs)
        if may and kwargs["leaves"]:
            self._departures.append(self._clock.monotonic())
        return may, wait


class FileFamily:
    """The paces that a key has in several processes of a machine."""

    def __init__(self, directory):
        self._directory = directory
        self._departures = []

    @asynccontextmanager
    async def __call__(self, limit, clock, count=1):
        path, departures = self._directory / f"{next(_names)}.json", []
        self._departures = departures
        async with _shared_paces(lambda: WitnessedStore(path, clock, departures), limit, clock, count) as paces:
            yield paces

    def departures(self, paces, moments):
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
