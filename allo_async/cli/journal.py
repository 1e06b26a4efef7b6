"""`allo-async journal`: what a journal holds, and the fate of every row as CSV."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(name="journal", help="Show a journal of loads, or export it.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The journal, leads.csv.journal beside leads.csv by default.")]


@app.command()
def show(
    file: File, as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False
) -> None:
    """Show the loads of a journal and how far each came."""
    from allo_async.cli.journal_tables import show_journal  # noqa: PLC0415 - help does without it

    show_journal(file, as_json=as_json)


@app.command()
def export(
    file: File,
    out: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    load: Annotated[str | None, typer.Option(help="Only this load; by default all that the journal has.")] = None,
    leads_file: Annotated[
        Path | None,
        typer.Option("--file", help="The file that was loaded, which by default stands beside the journal."),
    ] = None,
    field_map: Annotated[
        list[str] | None, typer.Option("--map", help="The columns as they were named to load. Repeatable.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write the fate of every row as CSV, beside the lines and the columns of the file that was loaded."""
    from allo_async.cli.journal_tables import export_journal  # noqa: PLC0415 - help does without it

    export_journal(file, out, load=load, leads_file=leads_file, field_map=field_map or (), force=force)
