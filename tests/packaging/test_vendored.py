"""The package without its metadata: copied into another project, or frozen into an application."""

import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import pytest

import allo_async

PACKAGE = Path(allo_async.__file__).parent

VERSION = "import sys, allo_async; print(allo_async.__version__, allo_async.__file__)"
METADATA = "from importlib.metadata import version; version('allo-async')"
USER_AGENT = """
import asyncio
from aiohttp import web
from allo_async import AlloClient

async def me(request):
    print(request.headers["User-Agent"])
    return web.json_response({}, status=401)

async def main():
    server = web.AppRunner(app := web.Application())
    app.router.add_route("*", "/{path:.*}", me)
    await server.setup()
    await (site := web.TCPSite(server, "127.0.0.1", 0)).start()
    async with AlloClient("key", base_url=f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}") as allo:
        try:
            await allo.me()
        finally:
            await server.cleanup()

try:
    asyncio.run(main())
except Exception as error:
    assert "401" in repr(error) or "Authentication" in repr(error), repr(error)
"""


@pytest.fixture(name="run")
def _run(tmp_path):
    """Run code where `allo_async` is a copied folder, and its dependencies are all else that is installed."""
    vendored, installed = tmp_path / "vendored", tmp_path / "installed"
    shutil.copytree(PACKAGE, vendored / "allo_async", ignore=shutil.ignore_patterns("__pycache__"))
    installed.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("allo_async", "_allo_async", "__editable__")):
            (installed / entry.name).symlink_to(entry)
    path = f"import sys; sys.path[:0] = {[str(vendored), str(installed)]!r}\n"

    def run(code):
        # -I -S: neither the current directory nor site-packages, where the metadata is.
        return subprocess.run(
            [sys.executable, "-I", "-S", "-c", path + code], capture_output=True, text=True, check=False
        )

    return run


def test_metadata_have_the_version_of_the_code():
    """The installed package's metadata tell the version that the code tells."""
    assert version("allo-async") == allo_async.__version__


def test_copied_folder_knows_its_version(run, tmp_path):
    """A copy of the folder imports where there is no metadata, with the right version."""
    assert "PackageNotFoundError" in run(METADATA).stderr

    done = run(VERSION)

    assert done.stdout.split() == [allo_async.__version__, str(tmp_path / "vendored/allo_async/__init__.py")], (
        done.stderr
    )


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("sys.argv = ['allo-async', '--version']; from allo_async.__main__ import main; main()", "allo-async {}"),
        (USER_AGENT, "allo-async/{} "),
        ("from allo_async.otel import OpenTelemetryObserver as o; print(o()._tracer is not None, '{}')", "True"),
    ],
    ids=["command", "user agent", "otel"],
)
def test_copied_folder_tells_its_version(run, code, told):
    """The command, a request and an observer work without metadata, and tell the version where they do."""
    done = run(code)

    assert done.stdout.startswith(told.format(allo_async.__version__)), done.stderr
