"""The constraints for `make test-lowest` are the bounds that pyproject.toml declares."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def lowest(*extras):
    """Return the versions that the script prints for *extras*, by name."""
    command = [sys.executable, ROOT / "scripts" / "lowest-versions", *extras]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(line.split("==") for line in printed.splitlines())


def test_each_dependency_is_tried_at_its_bound():
    """Each dependency of the core and of an extra alone has the version that it is declared with."""
    for extra, needed in EXTRAS.items():
        assert lowest(extra) == dict(one.split(">=") for one in [*PROJECT["dependencies"], *needed])


def test_extras_that_share_a_dependency_agree_on_a_version():
    """With all extras, a dependency of two of them has the higher bound: the lower one does not install."""
    alone, shared = lowest("redis")["redis"], lowest("worker")["redis"]

    assert alone != shared
    assert lowest("redis", "worker")["redis"] == lowest()["redis"] == shared
