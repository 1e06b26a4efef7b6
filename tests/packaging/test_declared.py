"""Every third-party module is declared where it is imported: by the core, or by the extra that the file belongs to."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import allo_async

ROOT = Path(__file__).parents[2]
PACKAGE = Path(allo_async.__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]

# Files of the package that may import what an extra brings.
PLACES = {
    "cli": "cli/**/*.py",
    "otel": "otel.py",
    "redis": "redis/*.py",
    "worker": "worker/*.py",
    "xlsx": "leads/workbook.py",
}

# Imported in a method that its own package alone calls, and which is there then.
CALLED_BY = {"models/append_result.py": {"pydantic_core"}}

OWN = {"allo_async", "benchmarks", "examples", "tests"}

DISTRIBUTIONS = packages_distributions()


def names(requirements):
    """Return the names of *requirements*, as they are compared."""
    return {re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower() for requirement in requirements}


def group(name):
    """Return the requirements of a dependency group and of those that it includes."""
    for entry in PROJECT["dependency-groups"][name]:
        yield from [entry] if isinstance(entry, str) else group(entry["include-group"])


def imported(source):
    """Return the top-level modules that *source* imports anywhere, but for Python's and the project's own."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - OWN


def undeclared(source, declared):
    """Return the modules that *source* imports and none of the *declared* requirements brings."""
    return {module for module in imported(source) if not names(DISTRIBUTIONS.get(module, [])) & names(declared)}


CORE = PROJECT["project"]["dependencies"]


def of_the_package():
    """Yield each file of the package with the requirements that it may rely on."""
    for file in sorted(PACKAGE.rglob("*.py")):
        place = file.relative_to(PACKAGE)
        extras = [extra for extra, glob in PLACES.items() if file in PACKAGE.glob(glob)]
        yield place, file.read_text("utf-8"), [*CORE, *(needed for extra in extras for needed in EXTRAS[extra])]


def test_package_declares_what_it_imports():
    """The core, and each extra, declares every module that its files import."""
    missing = {
        str(place): found
        for place, source, declared in of_the_package()
        if (found := undeclared(source, declared) - CALLED_BY.get(str(place), set()))
    }

    assert set(PLACES) == set(EXTRAS)
    assert missing == {}


@pytest.mark.parametrize("extra", [None, *EXTRAS])
def test_nothing_is_declared_in_vain(extra):
    """Every requirement of the core and of an extra is imported by the files that it is for."""
    files = PACKAGE.glob(PLACES[extra]) if extra else PACKAGE.rglob("*.py")
    modules = {module for file in files for module in imported(file.read_text("utf-8"))}
    used = {name for module in modules for name in names(DISTRIBUTIONS.get(module, []))}

    assert names(EXTRAS[extra] if extra else CORE) - used == set()


def test_development_declares_what_it_imports():
    """Tests, examples and benchmarks import only what the package or the group `dev` declares."""
    declared = [*CORE, *(needed for extra in EXTRAS.values() for needed in extra), *group("dev")]
    files = [file for folder in ("benchmarks", "examples", "tests") for file in sorted((ROOT / folder).rglob("*.py"))]

    missing = {
        str(file.relative_to(ROOT)): found for file in files if (found := undeclared(file.read_text("utf-8"), declared))
    }

    assert files
    assert missing == {}


@pytest.mark.parametrize("code", ["import yarl", "def late():\n    from yarl.sub import URL", "import os, yarl as url"])
def test_breach_is_seen(code):
    """An undeclared import is found at the top, in a function, under another name, and only if it is undeclared."""
    assert undeclared(code, ["aiohttp>=3", "yarl-of-another"]) == {"yarl"}
    assert undeclared(code, ["aiohttp>=3", "Yarl>=1.25"]) == set()
