import pytest

from allo_async import AlloClient
from allo_async.sandbox import Sandbox
from allo_async.testing import FastClock


@pytest.fixture(autouse=True)
def _slowly(monkeypatch):
    """Let tails grow old more slowly: of the fast clock's seconds, several pass in a real millisecond or two."""
    for module in ("tail", "reconcile"):
        monkeypatch.setattr(f"allo_async._loading.{module}.LONG_BEFORE", 1_000.0)


@pytest.fixture(name="clock")
def _clock():
    """A second of pace, backoff or server time takes 20 ms."""
    return FastClock(50)


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    # At this speed of time a millisecond of jitter would be a refusal: the limits are a hundred times the real ones.
    async with Sandbox(clock=clock, write_per_second=500, read_per_second=2_000) as sandbox:
        yield sandbox


@pytest.fixture(name="allo")
async def _allo(sandbox, clock):
    # Five real seconds, in which a loopback server has answered on the busiest machine.
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=500) as client:
        yield client
