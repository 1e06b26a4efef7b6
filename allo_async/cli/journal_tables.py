"""The work of `allo-async journal`: the loads of a journal on the screen, and the fates of its rows as CSV."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from allo_async import Journal, Totals
from allo_async.cli.asking import answered
from allo_async.cli.exit_code import ExitCode
from allo_async.cli.exporting import Export, beside_file, read_journal, without_file, write
from allo_async.cli.terminal import ERR, OUT
from allo_async.leads.columns import ColumnsError
from allo_async.leads.leads_file import UnreadableFileError, read_leads_file
from allo_async.models import JournaledRow


def show_journal(file: Path, *, as_json: bool) -> None:
    """Print the loads of a journal and how far each came."""
    loads = answered(Journal(file).loads())
    if as_json:
        told: list[dict[str, Any]] = [{**attrs.asdict(load), "rows": load.totals.rows} for load in loads]
        OUT.say_json(told)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("load", overflow="fold")
    for name in ("begun", "ended"):
        table.add_column(name, no_wrap=True)
    for field in attrs.fields(Totals):
        table.add_column(field.name.replace("_", " "), justify="right", no_wrap=True)
    for load in loads:
        counts = (f"{count:,}" for count in attrs.astuple(load.totals))
        table.add_row(load.load_id, _when(load.begun_at), _when(load.ended_at), *counts)
    OUT.print(table)


def export_journal(
    file: Path, out: Path, *, load: str | None, leads_file: Path | None, field_map: Sequence[str], force: bool
) -> None:
    """Write the fate of every row to *out*, beside the lines and the columns of the file that was loaded.

    Raises:
        typer.BadParameter: *out* is there already, and is not to be replaced.
        typer.Exit: The journal cannot be read, or *out* cannot be written; it was told on standard error.
    """
    source = leads_file or file.with_name(file.name.removesuffix(".journal"))
    if out.exists() and (not force or out.resolve() in {file.resolve(), source.resolve()}):
        way_on = "name another one" if force else "add --force to replace it, or name another one"
        raise typer.BadParameter(f"{out} is there already: {way_on}")
    fates = answered(read_journal(Journal(file), load))
    table = _beside(fates, source, field_map) if source != file or leads_file else without_file(fates)
    try:
        write(table, out)
    except OSError as error:
        ERR.say(f"{out} cannot be written: {error.strerror}", style="red")
        raise typer.Exit(ExitCode.ERROR) from error
    OUT.say(f"{len(table.rows):,} rows written to {out}")


def _beside(fates: Sequence[JournaledRow], source: Path, field_map: Sequence[str]) -> Export:
    try:
        table = beside_file(fates, read_leads_file(source), field_map)
    except (UnreadableFileError, ColumnsError) as error:
        ERR.say(f"The file that was loaded cannot be put beside the fates: {error}", style="yellow")
        ERR.say("The journal's rows are written without it; --file names the file.")
        return without_file(fates)
    if table.missing:
        ERR.say(
            f"{source} has changed: {table.missing:,} rows of the journal are not in it; they stand at the end,"
            " without a line.",
            style="yellow",
        )
    if table.fresh:
        ERR.say(f"{table.fresh:,} rows of {source} are not in the journal.")
    return table


def _when(moment: datetime | None) -> str:
    return "not yet" if moment is None else f"{moment.astimezone():%d %b %H:%M}"
