"""`allo-async queue`: look at a dialing queue, empty it, rename it."""

from typing import Annotated

import typer

app = typer.Typer(name="queue", help="Look at a dialing queue, empty it, rename it.", no_args_is_help=True)

Of = Annotated[str | None, typer.Option("--of", help="The rep, by e-mail address or id; by default the key's owner.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(
    of: Of = None,
    numbers: Annotated[bool, typer.Option("--numbers", help="List the entries too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how full a queue is, its settings, and with --numbers its entries."""
    from allo_async.cli.queue_changes import show_queue  # noqa: PLC0415 - help does without it

    show_queue(of, numbers=numbers, as_json=as_json)


@app.command()
def clear(
    of: Of = None,
    number: Annotated[str | None, typer.Option(help="Remove every entry of this number.")] = None,
    position: Annotated[int | None, typer.Option(min=0, help="Remove the entry at this place, from 0.")] = None,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Remove all that were not called yet.")] = False,
    yes: Yes = False,
) -> None:
    """Remove entries from a queue, after asking."""
    from allo_async.cli.queue_changes import clear_queue  # noqa: PLC0415 - help does without it

    clear_queue(of, number=number, position=position, unassigned=unassigned, yes=yes)


@app.command()
def reset(
    of: Of = None,
    name: Annotated[str | None, typer.Option(help="The new queue's name.")] = None,
    yes: Yes = False,
) -> None:
    """Replace a rep's queue by a fresh, empty one, after asking."""
    from allo_async.cli.queue_changes import reset_queue  # noqa: PLC0415 - help does without it

    reset_queue(of, name=name, yes=yes)


@app.command()
def rename(name: Annotated[str, typer.Argument(help="The new name.")], of: Of = None) -> None:
    """Rename a queue."""
    from allo_async.cli.queue_changes import rename_queue  # noqa: PLC0415 - help does without it

    rename_queue(of, name)
