"""`allo-async journal`: what a journal holds, and the fate of every row as CSV."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from allo_async import Journal, Totals
from allo_async.cli.asking import answered
from allo_async.cli.terminal import OUT

app = typer.Typer(name="journal", help="What a journal of loads holds.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The journal, leads.csv.journal beside leads.csv by default.")]


@app.command()
def show(
    file: File, as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False
) -> None:
    """Show the loads of a journal and how far each came."""
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


@app.command()
def export(
    file: File,
    out: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    load: Annotated[str | None, typer.Option(help="Which load; needed where there are several.")] = None,
) -> None:
    """Write the fate of every row of a load as CSV: index, number, fate, reason, position, queue."""
    journal = Journal(file)
    if load is None:
        names = [found.load_id for found in answered(journal.loads())]
        if len(names) != 1:
            raise typer.BadParameter(f"say which with --load: {', '.join(names) or 'the journal is empty'}")
        load = names[0]
    rows = answered(journal.write_csv(load, out))
    OUT.say(f"{rows:,} rows written to {out}")


def _when(moment: datetime | None) -> str:
    return "not yet" if moment is None else f"{moment.astimezone():%d %b %H:%M}"
