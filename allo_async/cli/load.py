"""`allo-async load`: a file of leads into the dialing queues of its reps."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import Annotated

import attrs
import typer
from rich.console import Console
from rich.markup import escape

from allo_async import AlloClient, AlloError, ConfigurationError
from allo_async.cli.bar import progress_bar
from allo_async.cli.columns import ColumnsError, find_column, find_columns
from allo_async.cli.job import Lead, LoadOptions, RepLoad, load_all
from allo_async.cli.leads_file import LeadsFile, UnreadableFileError, read_leads_file
from allo_async.cli.not_added import write_not_added
from allo_async.cli.report import ExitCode, Report

_err = Console(stderr=True)


@attrs.frozen
class _Dealt:
    """The rows by rep, and those that are nobody's."""

    loads: list[RepLoad]
    unusable: dict[int, str]


def load(
    file: Annotated[Path, typer.Argument(help="CSV (any delimiter, UTF-8, UTF-16 or Windows-1252) or JSON Lines.")],
    to: Annotated[str | None, typer.Option(help="The rep, by e-mail address, whose queue gets all rows.")] = None,
    to_column: Annotated[str | None, typer.Option(help="The column that names each row's rep.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Load the queue of the API key's owner.")] = False,
    region: Annotated[str | None, typer.Option(help="How to read national numbers, e.g. FR.")] = None,
    field_map: Annotated[
        list[str] | None, typer.Option("--map", help='A column by name: --map number="Direct line". Repeatable.')
    ] = None,
    chunk_size: Annotated[int, typer.Option(min=1, max=1000, help="Rows to send at once.")] = 1000,
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Send a number as often as it is there.")
    ] = False,
    deadline: Annotated[float | None, typer.Option(help="Seconds after which to stop.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail when rows were skipped.")] = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Try it out: no key, no network, nobody is called.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log each retry.")] = False,
) -> None:
    """Load a file of leads into dialing queues, and tell what became of every row.

    The rows that did not get in are written to FILE's name with .not-added in it, with the reason in the column
    allo_reason. The key comes from ALLO_API_KEY.

    Exit codes: 0 every row is settled; 1 an error, such as a wrong key; 2 wrong usage or an unreadable file;
    3 rows are pending; 4 rows are in doubt; 5 rows were skipped, with --strict; 130 interrupted.
    """
    if sum((to is not None, to_column is not None, mine)) != 1:
        raise typer.BadParameter("say whose queue: --to EMAIL, --to-column HEADER or --mine, one of them")
    options = LoadOptions(region=region, chunk_size=chunk_size, keep_duplicates=keep_duplicates, deadline=deadline)
    try:
        leads = read_leads_file(file)
        dealt = _deal(leads, to, to_column, field_map or ())
        finished = asyncio.run(_run(dealt.loads, options, sandbox=sandbox, verbose=verbose))
    except (UnreadableFileError, ColumnsError) as error:
        raise _stopped(error, ExitCode.USAGE) from error
    except AlloError as error:
        # Those of a rep's load are in its report; what comes here kept everything from beginning.
        raise _stopped(error, ExitCode.ERROR if isinstance(error, ConfigurationError) else ExitCode.USAGE) from error
    report = Report(file=file, loads=dealt.loads, unusable=dealt.unusable, finished=finished, strict=strict)
    written = write_not_added(leads, report.reasons)
    if as_json:
        typer.echo(json.dumps(report.as_json(written), ensure_ascii=False, indent=2))
    else:
        report.print(Console(), written)
    raise typer.Exit(report.exit_code)


def _deal(leads: LeadsFile, to: str | None, to_column: str | None, field_map: Iterable[str]) -> _Dealt:
    """Find each row's rep; a row without one is nobody's, and never the key owner's."""
    columns = find_columns(leads.columns, field_map)
    rep_column = find_column(leads.columns, to_column) if to_column is not None else None
    _err.print(f"Columns: {escape(str(columns))}", highlight=False)
    by_rep: dict[str | None, list[Lead]] = {}
    unusable: dict[int, str] = {}
    for row in leads.rows:
        rep = to if rep_column is None else str(row.cells.get(rep_column) or "").strip().lower()
        if row.problem is not None:
            unusable[row.line] = f"UNREADABLE_ROW: line {row.line}, {row.problem}"
        elif rep == "":
            unusable[row.line] = f"NO_REP: line {row.line} has nothing in {rep_column!r}"
        else:
            by_rep.setdefault(rep, []).append(Lead(row.line, columns.contact(row.cells)))
    return _Dealt([RepLoad(rep, rows) for rep, rows in by_rep.items()], unusable)


async def _run(loads: list[RepLoad], options: LoadOptions, *, sandbox: bool, verbose: bool) -> bool:
    rows = sum(len(load.leads) for load in loads)
    description = f"Loading {rows:,} rows for {len(loads)} rep{'s' * (len(loads) != 1)}"
    async with _client(loads, options, sandbox=sandbox) as allo:
        with progress_bar(_err, description, rows, verbose=verbose) as progress:
            return await load_all(allo, loads, options, progress)


@contextlib.asynccontextmanager
async def _client(loads: list[RepLoad], options: LoadOptions, *, sandbox: bool) -> AsyncGenerator[AlloClient]:
    if not sandbox:
        async with AlloClient() as allo:
            yield allo
        return
    from allo_async.cli.sandbox import lively_sandbox  # noqa: PLC0415 - a server that is seldom needed

    async with (
        lively_sandbox([load.rep for load in loads], region=options.region) as server,
        AlloClient(server.api_key, base_url=server.url) as allo,
    ):
        yield allo


def _stopped(error: Exception, code: ExitCode) -> typer.Exit:
    _err.print(f"[red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
    return typer.Exit(code)
