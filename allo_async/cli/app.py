"""The command's face: its subcommands and their common options."""

from typing import Annotated

import typer

from allo_async.cli import journal, queue
from allo_async.cli.door import Door
from allo_async.cli.load import load
from allo_async.cli.sandbox import sandbox, saying_if_nothing_is_sent
from allo_async.cli.team import users, whoami
from allo_async.cli.terminal import OUT
from allo_async.version import __version__

app = typer.Typer(name="allo-async", cls=Door, no_args_is_help=True, pretty_exceptions_enable=False)
app.command()(saying_if_nothing_is_sent(load))
app.command()(sandbox)
app.command()(users)
app.command()(whoami)
app.add_typer(queue.app)
app.add_typer(journal.app)


def _print_version(wanted: bool) -> None:
    if wanted:
        OUT.say(f"allo-async {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print the traceback if the command fails by a mistake of its own.")
    ] = False,
) -> None:
    """Lead lists into Allo's dialing queues, with an account of every row."""
