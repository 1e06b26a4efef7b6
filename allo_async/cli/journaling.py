"""The journal of `load`: where it is, what it has already, and how to go on."""

from collections.abc import Sequence
from pathlib import Path

import typer

from allo_async import InputChangedError, Journal, JournalError
from allo_async.cli.job import RepLoad


def journal_of(file: Path, given: Path | None, *, wanted: bool, sandbox: bool) -> Journal | None:
    """Give the journal of a load of *file*: the one that was named, or one beside the file.

    Raises:
        typer.BadParameter: One was named, and none is wanted.
    """
    if given is not None and not wanted:
        raise typer.BadParameter("--journal and --no-journal exclude each other")
    if given is not None:
        return Journal(given)
    # An embedded sandbox forgets everything, and so does its load.
    return None if sandbox or not wanted else Journal(file.with_name(f"{file.name}.journal"))


async def begun_before(journal: Journal, load_ids: Sequence[str]) -> str | None:
    """Say what the journal has of these loads already; `None` for nothing.

    Raises:
        JournalError: It cannot be read.
    """
    if not journal.path.exists():
        return None
    loads = [load for load in await journal.loads() if load.load_id in load_ids]
    settled = sum(load.totals.added + load.totals.skipped for load in loads)
    if not sum(load.totals.rows for load in loads):
        return None
    begun = min(load.begun_at for load in loads).astimezone()
    return (
        f"Going on with the load begun on {begun:%d %b %Y at %H:%M}, of which {settled:,} rows are settled"
        f" ({journal.path.name}). --fresh would load everything again."
    )


def explained(error: Exception, load: RepLoad) -> str | None:
    """Say in the command's words what a journal's *error* means; `None` for another error."""
    if isinstance(error, InputChangedError):
        where = f"line {load.leads[error.index].line}" if error.index < len(load.leads) else "the end of the file"
        return (
            f"{where} is not what it was when this file was loaded before: --on-changed-input append sends only what"
            " is new, --fresh loads everything again"
        )
    if isinstance(error, JournalError):
        return f"{error.args[0]} (--journal FILE takes another one, --no-journal none)"
    return None
