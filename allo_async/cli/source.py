"""The input of `load`, a file or standard input; and how it was read, for people to check."""

import sys
from collections.abc import Sequence
from pathlib import Path

from allo_async import Journal
from allo_async.cli.dealing import Dealt
from allo_async.cli.journaling import journal_of
from allo_async.cli.terminal import ERR
from allo_async.leads.leads_file import LeadsFile, UnreadableFileError, read_bounded, read_leads, read_leads_file

_STDIN = Path("-")
_STDIN_NAME = "standard input"
_LINES_SHOWN = 8
_COLUMNS_SHOWN = 30


def read_source(file: Path, *, sheet: str | None) -> LeadsFile:
    """Read *file*; `-` is standard input, whose rows that do not get in go to `stdin.not-added.csv` right here.

    Raises:
        UnreadableFileError: It holds no rows that can be read.
    """
    if file != _STDIN:
        return read_leads_file(file, sheet=sheet)
    # As some services and cron start a program.
    if sys.stdin is None:
        raise UnreadableFileError("standard input is closed")
    return read_leads(read_bounded(sys.stdin.buffer, _STDIN_NAME), Path("stdin.csv"), name=_STDIN_NAME, sheet=sheet)


def shown_path(file: Path) -> Path:
    """Return how reports call *file*."""
    return Path(_STDIN_NAME) if file == _STDIN else file


def journal_of_source(file: Path, given: Path | None, *, wanted: bool, sandbox: bool) -> Journal | None:
    """Return the journal of a load; standard input has one only if the user names it.

    Raises:
        typer.BadParameter: One was named, and none is wanted.
    """
    if file == _STDIN and given is None:
        return None
    return journal_of(file, given, wanted=wanted, sandbox=sandbox)


def say_how_read(leads: LeadsFile, dealt: Dealt) -> None:
    """Print which column is which field, which ones are not used, and which lines are no leads."""
    ERR.say(f"Columns: {dealt.columns}")
    if dealt.columns.not_used:
        ERR.say(f"not used: {_first(dealt.columns.not_used, _COLUMNS_SHOWN, ', …')}")
    if leads.aside:
        shown = _first(leads.aside, _LINES_SHOWN, " …")
        ERR.say(f"no leads, but titles or footers: {leads.unit}{'s' * (len(leads.aside) > 1)} {shown}")


def _first(things: Sequence[object], count: int, more: str) -> str:
    return ", ".join(map(str, things[:count])) + more * (len(things) > count)
