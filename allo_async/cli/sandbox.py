"""`allo-async sandbox`: the sandbox as a server, for trying things out by hand."""

import asyncio
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console

from allo_async.cli.report import ExitCode
from allo_async.sandbox import Sandbox

_out = Console()


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for a free one.")] = 8787,
    region: Annotated[str, typer.Option(help="How the server reads national numbers.")] = "US",
) -> None:
    """Run a server that behaves as the Allo API does, in memory, until Ctrl-C. Nobody is called."""
    try:
        asyncio.run(_serve(port, region))
    except OSError as error:
        Console(stderr=True).print(f"[red]cannot listen on port {port}: {error.strerror or error}[/]")
        raise typer.Exit(ExitCode.ERROR) from error
    except KeyboardInterrupt:
        _out.print("Stopped.")


def lively_sandbox(reps: Iterable[str | None], *, region: str | None) -> Sandbox:
    """Make a sandbox as the real API is on a busy morning: limits, a few conflicts, a few rate limits.

    Args:
        reps: Who is to be in its team besides those who are there anyway.
        region: How it reads national numbers.
    """
    server = Sandbox(region=region or "US", latency=0.04, conflict_rate=0.08, rate_limit_rate=0.05, seed=7)
    known = {user.email for user in server.users}
    for rep in reps:
        if rep is not None and rep not in known:
            server.add_user(rep)
    return server


async def _serve(port: int, region: str) -> None:
    async with Sandbox(port=port, region=region) as server:
        _out.print(f"The sandbox listens on {server.url}. Its team: " + ", ".join(user.email for user in server.users))
        _out.print("Paste this where you want to use it:\n")
        # Without rich: the lines are to be pasted, whatever the width of the terminal.
        typer.echo(f"export ALLO_API_KEY={server.api_key}\nexport ALLO_BASE_URL={server.url}\n")
        _out.print("Ctrl-C stops it.")
        await asyncio.Event().wait()
