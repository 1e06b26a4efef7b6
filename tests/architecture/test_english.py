"""Plain English, in one word for one thing, wherever a user looks: pages, help, docstrings, errors and logs."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest
from typer.main import get_command

import allo_async
from allo_async.cli.app import app
from tests.documents import PAGES, name, prose

PACKAGE = Path(allo_async.__file__).parent

# Earlier names of options, errors and counts, and words of an earlier design that no user would know.
GIVEN_UP = re.compile(
    r"\bmerge=|\b(?:patience|when[_-]full|NoReplyError|left[_ ]over|expect_rest|take_rest|whoever"
    r"|(?:lane|courier|brim|ticket|carrier|seat|sighting)s?)\b",
    re.IGNORECASE,
)

# A sentence names its actor. It begins a line of its own, or follows a mark, a bullet or a cell's border.
WITHOUT_ACTOR = re.compile(r"(?:^|[.:!?]\s|^[-|] |\| )\s*(?:Who|Whoever|What|Those who)\b", re.MULTILINE)

# A summary says Return, Raise or Record.
OPENINGS = re.compile(r"(?:Tell|Give|Note|Let|Hear)s?\b")

# Modules whose names users import, besides what `allo_async` exports.
PUBLIC = ["errors", "events", "testing", "sandbox", "sandbox.faults", "otel", "redis", "file", "worker", "leads"]

# The functions and methods whose texts a user reads.
SPEAKING = {"say", "debug", "info", "warning", "error"}


def faults(text):
    """Return the given-up words of *text* and its sentences without an actor."""
    return GIVEN_UP.findall(text) + [found.strip() for found in WITHOUT_ACTOR.findall(text)]


def docstrings(tree):
    """Return each docstring of a module, with the line of its owner."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = [node for node in ast.walk(tree) if isinstance(node, owners) and ast.get_docstring(node)]
    return [(getattr(node, "lineno", 1), ast.get_docstring(node)) for node in documented]


def messages(tree):
    """Return the texts of what a module raises, logs and prints, each with its line."""
    calls = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    calls += [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _speaks(node.func)]
    return [
        (call.lineno, part.value)
        for call in calls
        if isinstance(call, ast.Call)
        for part in ast.walk(call)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


def _speaks(function):
    return isinstance(function, ast.Attribute) and function.attr in SPEAKING


def public_docstrings():
    """Return the docstrings of all that users can import, by name."""
    things = {f"allo_async.{exported}": getattr(allo_async, exported) for exported in allo_async.__all__}
    for path in PUBLIC:
        module = importlib.import_module(f"allo_async.{path}")
        things[module.__name__] = module
        things |= {f"{module.__name__}.{one}": thing for one, thing in vars(module).items() if not one.startswith("_")}
    for path, thing in list(things.items()):
        if inspect.isclass(thing):
            things |= {f"{path}.{one}": member for one, member in vars(thing).items() if not one.startswith("_")}
    ours = {path: thing for path, thing in things.items() if _is_ours(thing)}
    return {path: text for path, thing in ours.items() if (text := inspect.getdoc(thing))}


def _is_ours(thing):
    documented = inspect.ismodule(thing) or inspect.isclass(thing) or inspect.isroutine(thing)
    if not (documented or isinstance(thing, property)):
        return False
    home = thing.__name__ if inspect.ismodule(thing) else getattr(thing, "__module__", "allo_async") or ""
    return home.startswith("allo_async")


def commands(command=None, path="allo-async"):
    """Return each command and group of the command line, by what a user types."""
    command = command or get_command(app)
    found = {path: command}
    for word, each in getattr(command, "commands", {}).items():
        found |= commands(each, f"{path} {word}")
    return found


def sources():
    """Return the syntax tree of each module of the package."""
    files = sorted(PACKAGE.rglob("*.py"))
    return {str(file.relative_to(PACKAGE.parent)): ast.parse(file.read_text("utf-8")) for file in files}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_speak_plainly(page):
    """No page that users read has a word that was given up, or a sentence without an actor."""
    assert faults(prose(page.read_text("utf-8"))) == []


def test_help_speaks_plainly():
    """No help text of any command has a word that was given up, or a sentence without an actor."""
    told = {
        path: [command.help or "", *(getattr(parameter, "help", None) or "" for parameter in command.params)]
        for path, command in commands().items()
    }

    assert len(told) > 10
    assert {path: found for path, texts in told.items() if (found := faults("\n\n".join(texts)))} == {}


def test_public_docstrings_speak_plainly():
    """No docstring of anything that users import has a word that was given up, or a sentence without an actor."""
    told = public_docstrings()

    assert {"allo_async.AlloClient.spread", "allo_async.testing.FastClock", "allo_async.worker.Loads"} <= told.keys()
    assert {path: found for path, text in told.items() if (found := faults(text))} == {}


def test_messages_speak_plainly():
    """Nothing that the package raises, logs or prints has a word that was given up, or a sentence without an actor."""
    told = [(file, line, text) for file, tree in sources().items() for line, text in messages(tree)]

    assert len(told) > 100
    assert [(file, line, found) for file, line, text in told if (found := faults(text))] == []


def test_docstrings_name_their_actor():
    """No docstring of the package, private ones included, opens with a verb such as Tell, or with Who or What."""
    told = [(file, line, text) for file, tree in sources().items() for line, text in docstrings(tree)]

    assert len(told) > 1000
    assert [(file, line, text) for file, line, text in told if OPENINGS.match(text) or WITHOUT_ACTOR.search(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Set patience=3.",
        "a queue is filled to the brim",
        "`merge=False`",
        "--when-full wait",
        "Return it. Who asks is told.",
        "message: What the API says.",
        "| What it is | yes |",
        "- Those who wait",
    ],
)
def test_fault_is_seen(text):
    """A word that was given up and a sentence without an actor are found."""
    assert faults(text) != []


def test_plain_text_is_left_alone():
    """A longer word, another option and a question in the middle of a sentence are no faults."""
    assert faults("merge_appends=False; the planes say what is accountable. Columns that say who is meant.") == []
