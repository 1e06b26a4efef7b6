"""What the command loads before it does anything."""

import subprocess
import sys

import pytest

import allo_async

# What a load, a question or the sandbox needs, and help does not.
LIBRARY = {"aiohttp", "asyncio", "cattrs", "orjson", "phonenumbers", "python_calamine", "redis", "sqlite3", "tenacity"}
LIBRARY |= {f"allo_async.{part}" for part in ("client", "errors", "journal", "leads", "models", "queue", "sandbox")}

SCRIPT = """
import allo_async
from allo_async import *
from allo_async import errors

print(AlloClient is allo_async.AlloClient, allo_async.__version__, errors.AlloError is AlloError)
print(hasattr(allo_async, "Alloclient"))
"""


def loaded(*arguments):
    """Return the names of all modules that the command imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "allo_async", *arguments], capture_output=True, text=True, check=True
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], *([name, "--help"] for name in ("load", "sandbox", "queue", "journal", "users"))],
    ids=" ".join,
)
def test_help_loads_no_library(arguments):
    """Help and the version come from what describes the commands, without the parts that carry them out."""
    modules = loaded(*arguments)

    assert "allo_async.cli.load" in modules
    assert modules & LIBRARY == set()


def test_script_named_like_the_command_has_the_library(tmp_path):
    """A user's own script called `allo-async` finds in the package whatever other scripts find there."""
    script = tmp_path / "allo-async"
    script.write_text(SCRIPT)

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == (f"True {allo_async.__version__} True\nFalse\n", "")
