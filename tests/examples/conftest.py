import os
from pathlib import Path

import pytest

from allo_async.sandbox import Sandbox

ROOT = Path(__file__).parents[2]


@pytest.fixture(name="sandbox")
async def _sandbox():
    async with Sandbox(region="FR", write_per_second=None) as sandbox:
        yield sandbox


def environment_of(sandbox, tmp_path):
    """What an example is told by its environment."""
    return {
        **os.environ,
        "ALLO_API_KEY": sandbox.api_key,
        "ALLO_BASE_URL": sandbox.url,
        "ALLO_COORDINATION_DIRECTORY": str(tmp_path / "together"),
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(name="environment")
def _environment(sandbox, tmp_path):
    return environment_of(sandbox, tmp_path)


@pytest.fixture(name="root")
def _root():
    return ROOT
