"""`allo-async queue`: look at a dialing queue, empty it, rename it."""

from typing import Annotated

import attrs
import typer
from rich.table import Table

from allo_async import AlloClient, QueueNumber, QueueState
from allo_async.cli.asking import ask
from allo_async.cli.consent import Filter, Yes, agree_to_lose
from allo_async.cli.job import queue_of
from allo_async.cli.terminal import OUT

app = typer.Typer(name="queue", help="Look at a dialing queue, empty it, rename it.", no_args_is_help=True)

Of = Annotated[str | None, typer.Option("--of", help="The rep, by e-mail address or id; by default the key's owner.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(
    of: Of = None,
    numbers: Annotated[bool, typer.Option("--numbers", help="List the entries too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how full a queue is, its settings, and with --numbers its entries."""

    async def question(allo: AlloClient) -> tuple[QueueState, list[QueueNumber]]:
        queue = queue_of(allo, of)
        return await queue.state(), [number async for number in queue.numbers()] if numbers else []

    state, entries = ask(question, rep=of)
    if as_json:
        settings = attrs.asdict(state.settings) if state.settings is not None else None
        told = [attrs.asdict(entry) for entry in entries]
        OUT.say_json({"size": state.size, "room": state.room, "settings": settings, "numbers": told})
        return
    OUT.print(_settings(state))
    if entries:
        OUT.print(_entries(entries))


@app.command()
def clear(
    of: Of = None,
    number: Annotated[str | None, typer.Option(help="Remove every entry of this number.")] = None,
    position: Annotated[int | None, typer.Option(min=0, help="Remove the entry at this place, from 0.")] = None,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Remove all that were not called yet.")] = False,
    yes: Yes = False,
) -> None:
    """Remove entries from a queue, after asking."""
    wanted = Filter(number=number, position=position, unassigned=unassigned)
    if not wanted.usable:
        raise typer.BadParameter("say which: --number or --position or both, or --unassigned alone")
    if not yes:
        agree_to_lose(of, wanted, "empty")
    removed = ask(
        lambda allo: queue_of(allo, of).clear(number=number, position=position, unassigned=unassigned), rep=of
    )
    OUT.say(f"{removed} removed")


@app.command()
def reset(
    of: Of = None,
    name: Annotated[str | None, typer.Option(help="The new queue's name.")] = None,
    yes: Yes = False,
) -> None:
    """Replace a rep's queue by a fresh, empty one, after asking."""
    if not yes:
        agree_to_lose(of, Filter(), "replace")
    settings = ask(lambda allo: queue_of(allo, of).reset(name=name), rep=of)
    OUT.say(f"{settings.id} is the queue now, and empty")


@app.command()
def rename(name: Annotated[str, typer.Argument(help="The new name.")], of: Of = None) -> None:
    """Rename a queue."""
    settings = ask(lambda allo: queue_of(allo, of).update(name=name), rep=of)
    OUT.say(f"{settings.id} is called {settings.name}")


def _settings(state: QueueState) -> Table:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("numbers", f"{state.size:,}")
    table.add_row("room", f"{state.room:,}")
    if state.settings is None:
        table.add_row("queue", "none yet: the first append makes one")
        return table
    for name in ("id", "name", "assignee_id", "voicemail_handling", "do_not_disturb"):
        table.add_row(name.replace("_", " "), str(getattr(state.settings, name) or ""))
    return table


def _entries(entries: list[QueueNumber]) -> Table:
    table = Table()
    for column in ("position", "number", "called", "result"):
        table.add_column(column, overflow="fold")
    for entry in entries:
        table.add_row(
            str(entry.position), entry.number_to, str(entry.call_start_date or ""), entry.routing_result or ""
        )
    return table
