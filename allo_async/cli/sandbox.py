"""`allo-async sandbox`: the sandbox as a server, for trying things out by hand."""

import asyncio
import functools
import signal
from collections.abc import Callable
from typing import Annotated, Any

import typer

from allo_async._numbers.plans import check_region
from allo_async.cli.fault_option import HELP, ScriptedFault, read_fault
from allo_async.cli.report import ExitCode
from allo_async.cli.signals import first_signal, run
from allo_async.cli.terminal import ERR, OUT
from allo_async.errors import InvalidRegionError
from allo_async.sandbox import Sandbox

_NOTHING_IS_SENT = "Sandbox: nothing is sent to Allo, nobody is called."


def _read_region(text: str) -> str | None:
    try:
        return check_region(text)
    except InvalidRegionError as error:
        raise typer.BadParameter(str(error)) from error


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for a free one.")] = 8787,
    region: Annotated[
        str, typer.Option(metavar="CC", parser=_read_region, help="How the server reads national numbers.")
    ] = "US",
    read_per_second: Annotated[int, typer.Option(min=1, help="GET requests that a key may make in a second.")] = 20,
    write_per_second: Annotated[int, typer.Option(min=1, help="Other requests that a key may make in a second.")] = 5,
    capacity: Annotated[int, typer.Option(min=1, help="Numbers that a queue holds.")] = 1000,
    latency: Annotated[float, typer.Option(min=0, max=3600, help="Seconds that a request takes, such as 0.03.")] = 0.0,
    seconds_per_row: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds on top that an append takes for each row.")
    ] = 0.0,
    conflict_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of appends refused with 409.")] = 0.0,
    rate_limit_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of appends refused with 429.")] = 0.0,
    fault: Annotated[
        list[ScriptedFault] | None, typer.Option(parser=read_fault, metavar="KIND[@WHICH]", help=HELP)
    ] = None,
) -> None:
    """Run a server that behaves as the Allo API does, in memory, until Ctrl-C. It calls nobody."""
    server = Sandbox(
        port=port,
        region=region,
        read_per_second=read_per_second,
        write_per_second=write_per_second,
        capacity=capacity,
        latency=latency,
        append_seconds_per_row=seconds_per_row,
        conflict_rate=conflict_rate,
        rate_limit_rate=rate_limit_rate,
    )
    for scripted in fault or ():
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
