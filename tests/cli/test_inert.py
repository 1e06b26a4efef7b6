"""Text from files, servers and arguments is shown, and obeyed nowhere."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_async.cli.inert import inert
from allo_async.cli.terminal import Screen
from allo_async.sandbox import faults
from tests.end_to_end.numbers import us_numbers

MARIE = "marie@acme.example"

# A colour, a link, a title, a bell, a line break, a mark of direction, markup and an emoji code of rich's.
HOSTILE = (
    "\x1b[31mred\x1b]8;;http://evil.example\x07x\x1b]0;t\x07\r\n\u202egpj\u2066\x9b2J[bold]b[/bold][link=x]:smile:"
)
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f]")


@given(st.text())
def test_inert_text_is_printable_and_whole(text):
    """No character is left that a screen obeys, and printable text is left as it was."""
    assert inert(text).isprintable()
    assert text.isprintable() == (inert(text) == text) or any(character.isspace() for character in text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\u202e", r"\u202e"),
        ("Prénom\u00a0:", "Prénom :"),
        ("\ud800", r"\ud800"),
        ("Zoé 李", "Zoé 李"),
        ("\u2028", r"\u2028"),
    ],
)
def test_what_is_obeyed_is_written_out(text, shown):
    """Escapes are shown as people write them; accents, other scripts and plain spaces stay."""
    assert inert(text) == shown


def in_header(tmp_path, sandbox):
    path = tmp_path / "leads.csv"
    header = HOSTILE.replace(";", "")
    path.write_text(f'Phone,"{header}"\n{us_numbers(1)[0]},a@b.example\n', "utf-8", newline="")
    return ["load", path, "--to", MARIE, "--map", f"emails={header}"]


def in_wanted_column(tmp_path, sandbox):
    path = tmp_path / "leads.csv"
    path.write_text("Phone\n+12125550100\n", "utf-8")
    return ["load", path, "--to-column", HOSTILE]


def in_rep(tmp_path, sandbox):
    path = tmp_path / "leads.csv"
    path.write_text(f'Phone,Rep\n{us_numbers(1)[0]},"{HOSTILE}"\n+12125550100,{MARIE}\n', "utf-8", newline="")
    return ["load", path, "--to-column", "Rep"]


def in_file_name(tmp_path, sandbox):
    path = tmp_path / ("a\x1b[31m\x07\u202eb[bold].csv")
    path.write_text("Phone\nn/a\n+12125550100\n", "utf-8")
    return ["load", path, "--to", MARIE]


def in_missing_file(tmp_path, sandbox):
    return ["load", tmp_path / "a\x1b[31m\n\u202e[bold]b.csv", "--to", MARIE]


def in_to(tmp_path, sandbox):
    path = tmp_path / "leads.csv"
    path.write_text("Phone\n+12125550100\n", "utf-8")
    return ["load", path, "--to", HOSTILE]


def in_skip_reason(tmp_path, sandbox):
    sandbox.script(faults.skip_reason(HOSTILE) if hasattr(faults, "skip_reason") else _skips(HOSTILE))
    path = tmp_path / "leads.csv"
    path.write_text("Phone\n+12125550100\n", "utf-8")
    return ["load", path, "--to", MARIE]


def _skips(reason):
    def change(content):
        data = content["data"]
        data["skipped"] = [{"number": entry["number_to"], "reason": reason} for entry in data["added"]]
        data["added"] = []
        return content

    return faults.reply(change, name="odd reason")


def in_server_message(tmp_path, sandbox):
    sandbox.script(faults.error(400, HOSTILE, message=HOSTILE))
    path = tmp_path / "leads.csv"
    path.write_text("Phone\n+12125550100\n", "utf-8")
    return ["load", path, "--to", MARIE]


def in_user_name(tmp_path, sandbox):
    sandbox.add_user(f"x{HOSTILE}@acme.example", name=HOSTILE)
    return ["users"]


def in_ambiguous_name(tmp_path, sandbox):
    for place in range(2):
        sandbox.add_user(f"{place}{HOSTILE}@acme.example", name="Jo Doe")
    path = tmp_path / "leads.csv"
    path.write_text("Phone\n+12125550100\n", "utf-8")
    return ["load", path, "--to", "jo doe"]


def in_queue_name(tmp_path, sandbox):
    return ["queue", "rename", HOSTILE, "--of", MARIE]


def in_option(tmp_path, sandbox):
    return ["queue", "show", HOSTILE]


def in_choice(tmp_path, sandbox):
    return ["load", "x.csv", "--to", MARIE, "--strategy", HOSTILE]


def in_load_id(tmp_path, sandbox):
    return ["journal", "show", tmp_path / "a\x1b[31m\u202e.journal"]


PLACES = [
    in_header,
    in_wanted_column,
    in_rep,
    in_file_name,
    in_missing_file,
    in_to,
    in_skip_reason,
    in_server_message,
    in_user_name,
    in_ambiguous_name,
    in_queue_name,
    in_option,
    in_choice,
    in_load_id,
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__.removeprefix("in_"))
def test_hostile_text_is_shown_and_not_obeyed(sandbox, run, tmp_path, place):
    """Wherever it is planted, no escape reaches the screen, and what was planted can be seen."""
    arguments = place(tmp_path, sandbox)

    result = run(*arguments, code=None)

    assert not OBEYED.search(result.output)
    assert r"\x1b[31m" in result.output
    assert r"\u202e" in result.output
    assert "[bold]" in result.output or place is in_load_id


def test_queue_that_is_shown_is_inert(sandbox, run):
    """A queue's own name is shown inert as well."""
    run("queue", "rename", HOSTILE, "--of", MARIE, code=0)

    shown = run("queue", "show", "--of", MARIE, code=0).output

    assert not OBEYED.search(shown)
    assert r"\x1b[31m" in shown


def test_every_console_is_the_inert_one():
    """No module of the command but one makes a console of its own, or knows rich's markup."""
    from pathlib import Path  # noqa: PLC0415 - as above

    import allo_async.cli as package  # noqa: PLC0415 - it is looked at, not used

    modules = [path for path in Path(package.__path__[0]).glob("*.py") if path.name != "terminal.py"]
    offenders = [
        path.name
        for path in modules
        if re.search(r"rich\.markup|rich\.console import|typer\.echo|\bprint\(f?\"|\[/\]", path.read_text("utf-8"))
    ]
    assert offenders == []
    assert Screen().render_str("[red]x[/]").plain == "[red]x[/]"
