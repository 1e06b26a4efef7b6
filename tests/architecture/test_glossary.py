"""One word for one thing: words that were given up stay given up."""

import io
import re
import tokenize
from pathlib import Path

import allo_async

ROOT = Path(__file__).parents[2]
PACKAGE = Path(allo_async.__file__).parent

# The core; the command and the sandbox have words of their own.
FOLDERS = ["_coordination", "_loading", "_sending", "_wire", "file", "redis", "journal", "worker"]

# As a part of a name, and as a word of a docstring or a comment. To follow once nothing has them any more: pace,
# turns.
WORDS = {
    *("lane", "lanes", "courier", "couriers", "brim", "brims", "sighting", "sightings", "accounts"),
    *("ticket", "tickets", "carrier", "carriers", "seat", "seats", "paces", "patience"),
}

# As a part of a name alone, because the word has another meaning in prose. To follow: mark.
NAMES = {"recognize", "careful", "hang"}

GLOSSARY = [
    *("rep", "assignee", "reply", "request", "chunk", "batch"),
    *("tail", "lock", "lease", "caller", "waiter", "queue"),
]


def parts(name):
    """Return the words of an identifier, in lower case."""
    return [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def breaches(source):
    """Return the given-up words of *source*, each with its line."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            told = (WORDS | NAMES).intersection(parts(token.string))
        elif token.type == tokenize.COMMENT or token.string.startswith('"""'):
            told = WORDS.intersection(re.findall(r"[a-z]+", token.string.lower()))
        else:
            continue
        found += [(token.start[0], word) for word in sorted(told)]
    return found


def test_given_up_words_stay_away():
    """No name, docstring or comment of the core has a word that was given up."""
    files = [file for folder in FOLDERS for file in sorted((PACKAGE / folder).rglob("*.py"))]

    found = [
        f"{file.relative_to(PACKAGE)}:{line}: {word}"
        for file in files
        for line, word in breaches(file.read_text("utf-8"))
    ]

    assert files
    assert found == []


def test_breach_is_seen():
    """A given-up word is found in a class, an attribute, a comment and a docstring, and in no longer word."""
    source = '"""A lane."""\nclass NewCourier: ...\nx.brim_of = 1  # a sighting\nplanes = accountable = "lane"\n'

    assert breaches(source) == [(1, "lane"), (2, "courier"), (3, "brim"), (3, "sighting")]


def test_glossary_names_each_thing():
    """CONTRIBUTING explains each word of the glossary, in a line of its own."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")

    assert re.findall(r"^- \*\*(\w+)\*\*: .+", text, re.MULTILINE) == GLOSSARY
