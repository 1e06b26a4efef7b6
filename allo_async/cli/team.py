"""`allo-async users` and `allo-async whoami`: the team, and the key itself."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from allo_async.cli.asking import ask


def users(
    role: Annotated[str | None, typer.Option(help="Only ADMIN, MANAGER or MEMBER.")] = None,
    status: Annotated[str | None, typer.Option(help="ACTIVE, which is the default, or BLOCKED.")] = None,
) -> None:
    """List the team."""
    table = Table("id", "name", "email", "role", "status")
    for user in ask(lambda allo: allo.users(role=role, status=status)):
        table.add_row(*(escape(value or "") for value in (user.id, user.name, user.email, user.role, user.status)))
    Console().print(table)


def whoami() -> None:
    """Tell what the API key is and may do."""
    me = ask(lambda allo: allo.me())
    table = Table(show_header=False)
    table.add_row("key", escape(me.api_key_id or ""))
    table.add_row("team", escape((me.team.name if me.team is not None else None) or ""))
    table.add_row("scopes", escape(", ".join(me.scopes)))
    if me.rate_limits is not None:
        limits = f"{me.rate_limits.read_per_second} reads, {me.rate_limits.write_per_second} writes a second"
        table.add_row("limits", limits)
    Console().print(table)
