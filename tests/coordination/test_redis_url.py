"""The URL of a Redis server: no error shows a password, and a cluster is refused in words."""

import copy
import pickle
import subprocess

import pytest

from allo_async import AlloClient, ConfigurationError, CoordinationLostError
from allo_async.redis import RedisCoordination
from allo_async.sandbox import Sandbox
from tests import redis_server
from tests.redis_server import RedisServer

SECRET = "S3cretPart"


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{SECRET}/rest@cache.example:6379/0",
        f"redis://:{SECRET}#rest@cache.example:6379/0",
        f"redis://user:{SECRET}?rest@cache.example/0",
        f"redis://:12345/{SECRET}@cache.example",
        f"redis://:12345?{SECRET}@cache.example",
        f"redis://:12345#{SECRET}",
        f"rediss://user:{SECRET}@cache.example:port",
        f"redis://:{SECRET}@[cache.example",
        f"redis://:{SECRET}@cache.example/0?socket_timeout={SECRET}",
        f"unix://user:{SECRET}/more@/run/redis.sock",
        f"http://:{SECRET}@cache.example",
    ],
)
def test_password_is_in_no_error(url):
    """A password with a mark that ends a part of a URL is refused, and the error and its causes do not repeat it."""
    with pytest.raises(ConfigurationError, match="%2F") as caught:
        RedisCoordination(url)

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert SECRET not in str(caught.value)
    assert "12345" not in str(caught.value)


def test_password_is_in_no_repr():
    """Neither what reaches Redis nor its client shows it."""
    coordination = RedisCoordination(f"redis://:{SECRET}%2Frest@cache.example")

    assert SECRET not in repr(coordination)


async def test_cluster_is_refused_in_words(tmp_path, monkeypatch):
    """A node of a cluster answers for some keys alone: the error says so, and names the way out."""
    start = subprocess.Popen

    def in_cluster_mode(command, **options):
        config = tmp_path / "nodes.conf"
        return start([*command, "--cluster-enabled", "yes", "--cluster-config-file", config], **options)

    monkeypatch.setattr(redis_server.subprocess, "Popen", in_cluster_mode)
    with RedisServer() as server:
        together = RedisCoordination(server.url, on_coordination_loss="raise")
        async with (
            Sandbox() as sandbox,
            AlloClient(sandbox.api_key, base_url=sandbox.url, coordination=together) as allo,
        ):
            with pytest.raises(CoordinationLostError, match="Redis Cluster"):
                await allo.me()


def test_coordination_is_not_pickled():
    """A pickle would hold the password; a copy is the same one."""
    coordination = RedisCoordination(f"redis://:{SECRET}@cache.example")

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(coordination, protocol)

    assert copy.deepcopy(coordination) is copy.copy(coordination) is coordination
