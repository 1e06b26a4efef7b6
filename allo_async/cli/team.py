"""`allo-async users` and `allo-async whoami`: the team, and the key itself."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def users(
    role: Annotated[str | None, typer.Option(help="Only ADMIN, MANAGER or MEMBER.")] = None,
    status: Annotated[str | None, typer.Option(help="ACTIVE, which is the default, or BLOCKED.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the team."""
    from allo_async.cli.team_tables import show_users  # noqa: PLC0415 - help does without it

    show_users(role=role, status=status, as_json=as_json)


def whoami(as_json: AsJson = False) -> None:
    """Show what the API key is and what it may do."""
    from allo_async.cli.team_tables import show_key  # noqa: PLC0415 - help does without it

    show_key(as_json=as_json)
