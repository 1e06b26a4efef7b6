import pytest

from allo_async import AlloClient


@pytest.fixture(name="seen")
def _seen():
    return []


@pytest.fixture(name="allo")
async def _allo(sandbox, clock, seen):
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, observers=[seen.append]) as client:
        yield client
