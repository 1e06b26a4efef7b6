import os
from pathlib import Path

import pytest

from allo_async.sandbox import Sandbox

ROOT = Path(__file__).parents[2]


@pytest.fixture(name="sandbox")
async def _sandbox():
    async with Sandbox(region="FR", write_per_second=None) as sandbox:
        yield sandbox


@pytest.fixture(name="environment")
def _environment(sandbox, tmp_path):
    return {
        **os.environ,
        "ALLO_API_KEY": sandbox.api_key,
        "ALLO_BASE_URL": sandbox.url,
        "ALLO_COORDINATION": str(tmp_path / "together"),
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(name="root")
def _root():
    return ROOT
