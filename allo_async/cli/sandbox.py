"""`allo-async sandbox`: the sandbox as a server, for trying things out by hand."""

import asyncio
import functools
import signal
from collections.abc import Callable
from typing import Annotated, Any

import typer

from allo_async.cli.report import ExitCode
from allo_async.cli.signals import first_signal, run
from allo_async.cli.terminal import ERR, OUT
from allo_async.sandbox import Sandbox

_NOTHING_IS_SENT = "Sandbox: nothing is sent to Allo, nobody is called."


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for a free one.")] = 8787,
    region: Annotated[str, typer.Option(help="How the server reads national numbers.")] = "US",
) -> None:
    """Run a server that behaves as the Allo API does, in memory, until Ctrl-C. Nobody is called."""
    try:
        run(_serve(port, region))
    except OSError as error:
        ERR.say(
            f"cannot listen on port {port}: {error.strerror or 'it is taken'}. Take a free one: --port 0", style="red"
        )
        raise typer.Exit(ExitCode.ERROR) from error
    except KeyboardInterrupt:
        OUT.say("Stopped.")
        # Ctrl-C is how people end it.
        if first_signal() not in {None, signal.SIGINT}:
            raise


def lively_sandbox(*, region: str | None) -> Sandbox:
    """Make a sandbox as the real API is on a busy morning: limits, a few conflicts, a few rate limits.

    Args:
        region: How it reads national numbers.
    """
    return Sandbox(region=region or "US", latency=0.04, conflict_rate=0.08, rate_limit_rate=0.05, seed=7)


def saying_if_nothing_is_sent(load: Callable[..., None]) -> Callable[..., None]:
    """Return *load* as a command that says on its first and its last line that nothing is sent, where that is so."""

    @functools.wraps(load)
    def said(*, sandbox: bool, as_json: bool, **options: Any) -> None:
        screen = ERR if as_json else OUT
        if sandbox:
            screen.say(_NOTHING_IS_SENT)
        try:
            load(sandbox=sandbox, as_json=as_json, **options)
        finally:
            if sandbox:
                screen.say(_NOTHING_IS_SENT)

    return said


async def _serve(port: int, region: str) -> None:
    async with Sandbox(port=port, region=region) as server:
        OUT.say(f"The sandbox listens on {server.url}. Its team: " + ", ".join(user.email for user in server.users))
        OUT.say("Paste this where you want to use it:")
        OUT.say("")
        OUT.say(f"export ALLO_API_KEY={server.api_key}")
        OUT.say(f"export ALLO_BASE_URL={server.url}")
        OUT.say("")
        OUT.say("Ctrl-C stops it.")
        await asyncio.Event().wait()
