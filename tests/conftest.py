import signal

import pytest

from tests.clocks import ManualClock
from tests.redis_server import RedisServer


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    """No test depends on the machine's own key, server or proxy."""
    for name in ("ALLO_API_KEY", "ALLO_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def _signals():
    """No test depends on what the starter of the suite ignores, as a shell does for what runs in the background."""
    for number, known in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, None), (signal.SIGHUP, None)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, known or signal.SIG_DFL)


@pytest.fixture(name="clock")
def _clock():
    return ManualClock()


@pytest.fixture(scope="session", name="redis_server")
def _redis_server():
    """A Redis server that tests share, and so must not stop."""
    with RedisServer() as server:
        yield server
