import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold():
    """The layers, the doors and the sandbox's independence are as pyproject.toml says."""
    # A process of its own, since import-linter takes over the logging of the one that it runs in.
    code = "import sys; from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True))"

    checked = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


def test_import_loads_no_extra():
    """Importing the package loads no command, no sandbox, no server and no database."""
    heavy = {"typer", "rich", "fastapi", "uvicorn", "sqlite3", "aiohttp.web", "allo_async.sandbox"}
    heavy |= {"redis", "taskiq", "pydantic", "opentelemetry"}
    code = f"import sys, allo_async; print(*({heavy!r} & sys.modules.keys()))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.split() == []
