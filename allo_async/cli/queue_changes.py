"""The work of `allo-async queue`: a queue is shown, emptied, replaced or renamed."""

import attrs
import typer
from rich.table import Table

from allo_async import AlloClient, QueueNumber, QueueState
from allo_async.cli.asking import ask
from allo_async.cli.consent import Filter, agree_to_lose
from allo_async.cli.job import queue_of
from allo_async.cli.terminal import OUT


def show_queue(of: str | None, *, numbers: bool, as_json: bool) -> None:
    """Print how full the queue of a rep is, its settings, and with *numbers* its entries."""

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


def clear_queue(of: str | None, *, number: str | None, position: int | None, unassigned: bool, yes: bool) -> None:
    """Remove the entries that are meant, after asking unless *yes* says that it is agreed.

    Raises:
        typer.BadParameter: Allo takes no such filter, or there is no terminal to ask on.
    """
    wanted = Filter(number=number, position=position, unassigned=unassigned)
    if not wanted.usable:
        raise typer.BadParameter("say which: --number or --position or both, or --unassigned alone")
    if not yes:
        agree_to_lose(of, wanted, "empty")
    removed = ask(
        lambda allo: queue_of(allo, of).clear(number=number, position=position, unassigned=unassigned), rep=of
    )
    OUT.say(f"{removed} removed")


def reset_queue(of: str | None, *, name: str | None, yes: bool) -> None:
    """Replace the queue of a rep by an empty one, after asking unless *yes* says that it is agreed."""
    if not yes:
        agree_to_lose(of, Filter(), "replace")
    settings = ask(lambda allo: queue_of(allo, of).reset(name=name), rep=of)
    OUT.say(f"{settings.id} is the queue now, and empty")


def rename_queue(of: str | None, name: str) -> None:
    """Rename the queue of a rep."""
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
