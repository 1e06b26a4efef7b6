"""The command's face: its subcommands and their common options."""

from typing import Annotated

import typer

from allo_async import __version__
from allo_async.cli import journal, queue
from allo_async.cli.load import load
from allo_async.cli.sandbox import sandbox
from allo_async.cli.team import users, whoami

app = typer.Typer(name="allo-async", no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
app.command()(load)
app.command()(sandbox)
app.command()(users)
app.command()(whoami)
app.add_typer(queue.app)
app.add_typer(journal.app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"allo-async {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Lead lists into Allo's dialing queues, with an account of every row."""
