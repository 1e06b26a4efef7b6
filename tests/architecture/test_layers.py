import subprocess
import sys
from pathlib import Path

from importlinter import cli

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold():
    """The layers, the doors and the sandbox's independence are as pyproject.toml says."""
    assert cli.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == cli.EXIT_STATUS_SUCCESS


def test_import_loads_no_extra():
    """Importing the package loads no command, no sandbox, no server and no database."""
    heavy = {"typer", "rich", "fastapi", "uvicorn", "redis", "sqlite3", "aiohttp.web", "allo_async.sandbox"}
    code = f"import sys, allo_async; print(*({heavy!r} & sys.modules.keys()))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.split() == []
