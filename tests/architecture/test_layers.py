import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import allo_async

ROOT = Path(__file__).parents[2]
PACKAGE = Path(allo_async.__file__).parent


# A process of its own, because import-linter takes over the logging of the one that it runs in.
LINT = "import sys; sys.path.insert(0, ''); from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True))"


def lint(root):
    return subprocess.run([sys.executable, "-c", LINT], cwd=root, capture_output=True, text=True, check=False)


def test_import_contracts_hold():
    """The layers, the doors and the sandbox's independence are as pyproject.toml says."""
    checked = lint(ROOT)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("module", "code", "contract"),
    [
        ("_loading/allocate.py", "import phonenumbers", "phonenumbers has two doors"),
        ("_sending/call_limits.py", "import aiohttp", "aiohttp has one door"),
        ("_loading/added_later.py", "from tenacity import retry", "tenacity has one door"),
        ("models/contact.py", "import cattrs", "cattrs has a door"),
        ("helpers/__init__.py", '"""A package that nobody gave a layer."""', "each package has its layer"),
        ("_wire/requests.py", "from allo_async import queue", "a layer imports only from those below it"),
        ("queue.py", "from allo_async import sandbox", "the sandbox is for the command"),
    ],
)
def test_import_contracts_catch_a_breach(tmp_path, module, code, contract):
    """A foreign package in another module than its door, or a package without a layer, breaks its contract."""
    copied = shutil.copytree(PACKAGE, tmp_path / "allo_async", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    breached = copied / module
    breached.parent.mkdir(exist_ok=True)
    with breached.open("a") as file:
        file.write(f"\n{code}\n")

    checked = lint(tmp_path)

    broken = [line for line in checked.stdout.splitlines() if "BROKEN" in line]
    assert [line for line in broken if contract in line], checked.stdout


def test_import_loads_no_extra():
    """Importing the package loads no command, no sandbox, no server and no database."""
    heavy = {"typer", "rich", "fastapi", "uvicorn", "sqlite3", "aiohttp.web", "allo_async.sandbox"}
    heavy |= {"redis", "taskiq", "pydantic", "opentelemetry", "python_calamine", "multiprocessing", "unittest"}
    heavy |= {f"allo_async.{part}" for part in ("cli", "leads", "journal.store", "file", "otel", "worker", "testing")}
    code = f"import sys, allo_async; print(*({heavy!r} & sys.modules.keys()))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.split() == []
