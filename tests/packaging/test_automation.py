"""What CI and the hooks run: make targets that exist, with no more rights than they take, on every supported Python."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def jobs_of(file):
    return yaml.safe_load(file.read_text("utf-8"))["jobs"]


def steps_of(file):
    """Yield each step of *file* with the values of its job's matrix."""
    for job in jobs_of(file).values():
        matrix = job.get("strategy", {}).get("matrix", {})
        for step in job.get("steps", []):
            yield step, matrix


def made(command, matrix):
    """Return the targets that the words after `make` name, one for each value of the matrix."""
    found = set()
    for name in re.findall(r"\bmake ((?:\$\{\{ matrix\.\w+ \}\})|[a-z-]+)", command):
        placeholder = re.fullmatch(r"\$\{\{ matrix\.(\w+) \}\}", name)
        found |= set(matrix[placeholder[1]]) if placeholder else {name}
    return found


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_make_targets_that_exist(file):
    """Each `make` of a workflow names a target of the Makefile."""
    targets = {target for step, matrix in steps_of(file) for target in made(step.get("run", ""), matrix)}

    assert targets - TARGETS == set()


def test_workflows_make_all_that_check_all_makes():
    """Whatever `make check-all` runs, CI runs on its own."""
    ran = {
        target
        for step, matrix in steps_of(ROOT / ".github/workflows/ci.yml")
        for target in made(step.get("run", ""), matrix)
    }
    needed = re.search(r"^check-all: (.*?) ##", MAKEFILE, re.MULTILINE)[1].split()

    assert len(needed) > 5
    assert set(needed) - ran == set()


def test_ci_and_hooks_make_targets_that_exist():
    """`.ci/run` and each hook of pre-commit name targets of the Makefile."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"][0]["hooks"]
    commands = [*(hook["entry"] for hook in hooks), (ROOT / ".ci/run").read_text("utf-8")]

    named = [made(command, {}) for command in commands]
    assert all(named)
    assert set().union(*named) - TARGETS == set()


def test_every_supported_python_is_tested():
    """The Pythons of the classifiers are those of CI's matrix, and the oldest is the one that the package requires."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    promised = re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))

    assert jobs_of(ROOT / ".github/workflows/ci.yml")["test"]["strategy"]["matrix"]["python"] == promised
    assert project["requires-python"] == f">={promised[0]}"


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_have_few_rights_and_fixed_actions(file):
    """A workflow has no right by default, no job may write to the repository, and an action is fixed by its commit."""
    rights = [right for job in jobs_of(file).values() for right in job["permissions"].items()]
    actions = [step["uses"] for step, _ in steps_of(file) if "uses" in step]

    assert yaml.safe_load(file.read_text("utf-8"))["permissions"] == {}
    assert set(rights) <= {("contents", "read"), ("id-token", "write")}
    assert [action for action in actions if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)] == []


def test_phony_targets_are_all():
    """A file that is called like a target keeps no target from running."""
    phony = re.search(r"^\.PHONY: (.*)", MAKEFILE.replace("\\\n", " "), re.MULTILINE)[1].split()

    assert set(phony) == TARGETS
