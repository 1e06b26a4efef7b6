"""Consent: what a command is about to take away is shown first, and asked for."""

import sys
from collections.abc import Sequence

import attrs
import phonenumbers
import typer

from allo_async import AlloClient, QueueNumber
from allo_async.cli.asking import ask
from allo_async.cli.job import queue_of
from allo_async.cli.terminal import ERR

_SHOWN = 10
_SAME = {
    phonenumbers.MatchType.EXACT_MATCH,
    phonenumbers.MatchType.NSN_MATCH,
    phonenumbers.MatchType.SHORT_NSN_MATCH,
}


@attrs.frozen(kw_only=True)
class Filter:
    """Which entries of a queue are meant; with nothing, all of them."""

    number: str | None = None
    position: int | None = None
    unassigned: bool = False

    @property
    def usable(self) -> bool:
        """Whether Allo would take it."""
        return self.unassigned != (self.number is not None or self.position is not None)

    def takes(self, entry: QueueNumber) -> bool:
        """Return whether *entry* is one of those."""
        if self.unassigned:
            return entry.call_start_date is None
        at_place = self.position is None or entry.position == self.position
        return at_place and (self.number is None or _same(self.number, entry.number_to))


def agree_to_lose(of: str | None, wanted: Filter, verb: str) -> None:
    """Show what of a queue goes, and ask whether to go on.

    Raises:
        typer.Abort: The user does not want to.
        typer.BadParameter: There is no terminal to ask on.
        typer.Exit: The queue could not be read; it was told on standard error.
    """
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"this would {verb} a queue, and there is no terminal to ask on: add --yes to agree")

    async def look(allo: AlloClient) -> tuple[str | None, list[QueueNumber]]:
        queue = queue_of(allo, of)
        settings = (await queue.state()).settings
        return settings.name if settings is not None else None, [entry async for entry in queue.numbers()]

    name, entries = ask(look, rep=of)
    going = [entry for entry in entries if wanted.takes(entry)]
    named = f"“{name}”" if name else "without a name"
    ERR.say(f"The queue {named} of {of or 'the key owner'} has {len(entries):,} entries; {len(going):,} of them go:")
    _list(going)
    typer.confirm("Go on?", abort=True, err=True)


def _list(going: Sequence[QueueNumber]) -> None:
    for entry in going[:_SHOWN]:
        ERR.say(f"  {entry.position}  {entry.number_to}  {'called' if entry.call_start_date else 'not called yet'}")
    if len(going) > _SHOWN:
        ERR.say(f"  … and {len(going) - _SHOWN:,} more")


def _same(given: str, number: str) -> bool:
    return phonenumbers.is_number_match(given, number) in _SAME
