"""The work of `allo-async sandbox`: a sandbox of its own, as a server until Ctrl-C."""

import asyncio
import signal
from collections.abc import Sequence

import typer

from allo_async.cli.cancelling import run
from allo_async.cli.exit_code import ExitCode
from allo_async.cli.fault_option import ScriptedFault
from allo_async.cli.signals import first_signal
from allo_async.cli.terminal import ERR, OUT
from allo_async.sandbox import Sandbox


def serve(server: Sandbox, faults: Sequence[ScriptedFault], *, port: int) -> None:
    """Run *server* on *port* with *faults* until a signal ends it.

    Raises:
        typer.Exit: It cannot listen on its port; it was told on standard error.
        KeyboardInterrupt: A signal other than Ctrl-C did.
    """
    for scripted in faults:
        server.script(scripted.fault, at=scripted.at)
    try:
        run(_serve(server))
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


async def _serve(server: Sandbox) -> None:
    server.ledger.keeps = 1  # nobody can ask for it
    async with server:
        OUT.say(f"The sandbox listens on {server.url}. Its team: " + ", ".join(user.email for user in server.users))
        OUT.say("Paste this where you want to use it:")
        OUT.say("")
        OUT.say(f"export ALLO_API_KEY={server.api_key}")
        OUT.say(f"export ALLO_BASE_URL={server.url}")
        OUT.say("")
        OUT.say("Ctrl-C stops it.")
        await asyncio.Event().wait()
