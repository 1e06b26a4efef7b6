"""Every Python block of the README is run, and prints what stands below it."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from allo_async.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```\s+```text\n(.*?)```", README, re.DOTALL)


def test_every_python_block_has_its_output():
    """No Python block of the README is left untried."""
    assert README.count("```python") == len(SNIPPETS) > 0


@pytest.mark.parametrize(("code", "output"), SNIPPETS, ids=range(len(SNIPPETS)))
async def test_snippet_prints_what_the_readme_says(code, output, tmp_path, redis_server):
    """A snippet runs as it stands, against a sandbox."""
    async with Sandbox() as sandbox:
        environment = {
            **os.environ,
            "ALLO_API_KEY": sandbox.api_key,
            "ALLO_BASE_URL": sandbox.url,
            "REDIS_URL": redis_server.url,
            "PYTHONPATH": str(ROOT),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            code,
            env=environment,
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        stdout, stderr = await process.communicate()

    assert (stdout.decode(), process.returncode) == (output, 0), stderr.decode()


def test_links_lead_somewhere():
    """Every link to a file of this repository finds it."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)

    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_make_targets_exist():
    """Every `make` target that the README names is in the Makefile."""
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert [
        name
        for name in re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)
        if f"\n{name}:" not in f"\n{makefile}"
    ] == []
