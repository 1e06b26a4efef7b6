"""`allo-async sandbox`: the sandbox as a server, for trying things out by hand."""

import functools
from collections.abc import Callable
from typing import Annotated, Any

import typer

from allo_async.cli.fault_option import HELP, ScriptedFault, read_fault
from allo_async.cli.terminal import ERR, OUT

_NOTHING_IS_SENT = "Sandbox: nothing is sent to Allo, nobody is called."


def _read_region(text: str) -> str | None:
    from allo_async._numbers.plans import check_region  # noqa: PLC0415 - help does without it
    from allo_async.errors import InvalidRegionError  # noqa: PLC0415 - help does without it

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
    from allo_async.cli.serving import serve  # noqa: PLC0415 - help does without it
    from allo_async.sandbox import Sandbox  # noqa: PLC0415 - help does without it

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
    serve(server, fault or (), port=port)


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
