"""The tables of `users` and `whoami`: the team, and the key itself."""

import attrs
from rich.table import Table

from allo_async.cli.asking import ask
from allo_async.cli.terminal import OUT


def show_users(*, role: str | None, status: str | None, as_json: bool) -> None:
    """Print the users of the team, those of *role* and *status* alone."""
    team = ask(lambda allo: allo.users(role=role, status=status))
    if as_json:
        OUT.say_json([attrs.asdict(user) for user in team])
        return
    table = Table()
    for column in ("id", "name", "email", "role", "status"):
        table.add_column(column, overflow="fold")
    for user in team:
        table.add_row(*(value or "" for value in (user.id, user.name, user.email, user.role, user.status)))
    OUT.print(table)


def show_key(*, as_json: bool) -> None:
    """Print what the API key is and what it may do."""
    me = ask(lambda allo: allo.me())
    if as_json:
        OUT.say_json(attrs.asdict(me))
        return
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("key", me.api_key_id or "")
    table.add_row("team", (me.team.name if me.team is not None else None) or "")
    table.add_row("scopes", ", ".join(me.scopes))
    if me.rate_limits is not None:
        limits = f"{me.rate_limits.read_per_second} reads, {me.rate_limits.write_per_second} writes a second"
        table.add_row("limits", limits)
    OUT.print(table)
