"""`allo-async load`: a file of leads into the dialing queues of its reps."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import attrs
import typer

from allo_async import (
    AlloError,
    ConfigurationError,
    JournalError,
    OnChangedInput,
    OnFullQueue,
    SpreadStrategy,
)
from allo_async._loading.suppression_list import SuppressionList
from allo_async.cli.coordination import Where, coordination_by
from allo_async.cli.dealing import deal, every_lead
from allo_async.cli.journaling import explained
from allo_async.cli.not_added import write_not_added
from allo_async.cli.options import LoadOptions
from allo_async.cli.planning import show_plans
from allo_async.cli.regions import without_region
from allo_async.cli.report import ExitCode, Report
from allo_async.cli.running import LoadJob
from allo_async.cli.screen import show
from allo_async.cli.signals import exit_code, finishing, run
from allo_async.cli.source import journal_of_source, read_source, say_how_read, shown_path
from allo_async.cli.terminal import ERR, OUT
from allo_async.cli.unknown_rep import NoRepFoundError
from allo_async.cli.wording import sentence
from allo_async.leads.columns import ColumnsError
from allo_async.leads.leads_file import LeadsFile, UnreadableFileError
from allo_async.leads.suppression import read_suppression


def load(
    file: Annotated[
        Path, typer.Argument(help="CSV, a workbook (XLSX, XLS, ODS), JSON or JSON Lines; - is standard input.")
    ],
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REP",
            help="The rep whose queue gets all rows, by e-mail address, id or name; several share them. Repeatable.",
        ),
    ] = None,
    to_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column that names each row's rep.")
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Load the queue of the API key's owner.")] = False,
    region: Annotated[str | None, typer.Option(metavar="CC", help="How to read national numbers, e.g. FR.")] = None,
    field_map: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help='A column by name: --map number="Direct line". Repeatable.'),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="The sheet of a workbook, by name; its first by default.")
    ] = None,
    every_number: Annotated[
        bool, typer.Option("--every-number", help="Load each phone number of a row, and not only the first.")
    ] = False,
    ignore_do_not_call: Annotated[
        bool, typer.Option("--ignore-do-not-call", help="Load rows of people that FILE says not to call.")
    ] = False,
    chunk_size: Annotated[int, typer.Option(min=1, max=1000, help="Rows to send at once.")] = 1000,
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Send a number as often as it is there.")
    ] = False,
    strategy: Annotated[
        SpreadStrategy, typer.Option(help="How several reps share the rows: alike, or one after another.")
    ] = "even",
    on_full_queue: Annotated[
        OnFullQueue, typer.Option(help="If a queue is full: fail, leave the rest pending, or wait for room.")
    ] = "raise",
    skip_queued: Annotated[
        bool, typer.Option("--skip-queued", help="Leave out numbers that stand in the queue already.")
    ] = False,
    suppress: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="A file of numbers that must not be called: one a line, or a table. Repeatable."
        ),
    ] = None,
    deadline: Annotated[float | None, typer.Option(min=0, help="Seconds after which to stop.")] = None,
    journal: Annotated[
        Path | None,
        typer.Option(help="The journal, which records the load as it goes; FILE.journal beside FILE by default."),
    ] = None,
    no_journal: Annotated[bool, typer.Option("--no-journal", help="Keep no journal.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what earlier runs of this load did, and load everything again.")
    ] = False,
    on_changed_input: Annotated[
        OnChangedInput, typer.Option(help="If FILE has changed: fail, or send only the rows that are new.")
    ] = "raise",
    coordination: Where = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print what would happen, and write nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 5 if any row was skipped.")] = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Try it out: no key, no network, nobody is called.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log each retry.")] = False,
) -> None:
    """Load a file of leads into dialing queues, and report the fate of every row.

    Of several phone columns the first that holds a number is taken: mobile,
    then direct, plain, work, home, other ones. People that a column of FILE
    says not to call, such as "Do Not Call", are left out.

    Rows that did not get in go to a file beside FILE, leads.not-added.csv for
    leads.csv, with the reason in its column allo_reason.

    A journal records the load as it goes. If a load was stopped or killed, run
    the same command again: it goes on where the load ended, and sends nothing
    twice.

    The API key comes from ALLO_API_KEY, a proxy from HTTPS_PROXY and NO_PROXY.
    The first Ctrl-C ends every wait and finishes the requests on their way; a
    second one stops at once. SIGTERM and SIGHUP do the same.

    Exit codes; where several fit, the first of 2, 130, 4, 1, 3, 5 counts:

    0: every row is settled, and at least one stands in a queue
    1: an error, such as a wrong key
    2: wrong usage, an unreadable file or no known rep: nothing was sent
    3: rows are pending: not in the queue, safe to send again
    4: rows are in doubt: sent, but without a reply
    5: every row was skipped; with --strict, any row was
    130: interrupted
    129: ended by SIGHUP, such as a closed terminal, as if interrupted
    143: ended by SIGTERM, such as docker stop, as if interrupted
    """
    reps = to or []
    if sum((bool(reps), to_column is not None, mine)) != 1:
        raise typer.BadParameter("say whose queue: --to EMAIL, --to-column HEADER or --mine, one of them")
    if len(reps) > 1 and on_full_queue == "wait":
        raise typer.BadParameter(
            "--on-full-queue wait goes with one queue: with several --to, the others take the rest"
        )
    options = LoadOptions(
        region=region,
        chunk_size=chunk_size,
        keep_duplicates=keep_duplicates,
        skip_queued=skip_queued,
        on_full_queue=on_full_queue,
        deadline=deadline,
        journal=journal_of_source(file, journal, wanted=not no_journal, sandbox=sandbox),
        on_changed_input=on_changed_input,
    )
    try:
        leads = read_source(file, sheet=sheet)
        dealt = deal(
            leads,
            to=reps[0] if len(reps) == 1 else None,
            to_column=to_column,
            field_map=field_map or (),
            region=region,
            every_number=every_number,
            ignore_do_not_call=ignore_do_not_call,
        )
        say_how_read(leads, dealt)
        if (missing := without_region(dealt.loads, region)) is not None:
            ERR.say(missing, style="yellow")
        options = attrs.evolve(options, suppress=_suppressed(suppress or (), dealt.opted_out, region))
        over = reps if len(reps) > 1 else []
        together = coordination_by(coordination)
        whole = every_lead(leads, dealt.columns, region, every_number=every_number)
        job = LoadJob(
            dealt.loads, over, strategy, options, together, sandbox=sandbox, verbose=verbose, fresh=fresh, whole=whole
        )
        if plan:
            show_plans(run(job.plan()), left_out=dealt.left_out_by_reason(), as_json=as_json)
            return
        with finishing():
            loads, finished = run(job.run())
            report = Report(
                file=shown_path(file),
                loads=loads,
                unusable=dealt.unusable,
                finished=finished,
                strict=strict,
                stopped_by=ExitCode(exit_code()),
                journal=options.journal.path if options.journal is not None else None,
            )
            report = _with_rest_written(report, leads)
    except (UnreadableFileError, ColumnsError, NoRepFoundError) as error:
        raise _stopped(error, ExitCode.USAGE, as_json=as_json) from error
    except AlloError as error:
        # Errors of a rep's load are in its report; an error that comes here kept everything from beginning.
        code = ExitCode.ERROR if isinstance(error, ConfigurationError | JournalError) else ExitCode.USAGE
        raise _stopped(error, code, as_json=as_json) from error
    # A user who asked for the end before does not wait for a screen that takes nothing.
    with finishing() if finished else contextlib.nullcontext():
        if as_json:
            OUT.say_json(report.as_json())
        else:
            show(report, OUT)
    raise typer.Exit(report.exit_code)


def _suppressed(files: Sequence[Path], opted_out: Sequence[str], region: str | None) -> SuppressionList | None:
    """Read the numbers that nobody may call, from the suppression lists and from other rows of the file."""
    if not files and not opted_out:
        return None
    suppressed = read_suppression(files, region)
    if files:
        ERR.say(f"Suppression list: {len(suppressed):,} number{'s' * (len(suppressed) != 1)}")
    for number in opted_out:
        suppressed.add(number)
    return suppressed


def _with_rest_written(report: Report, leads: LeadsFile) -> Report:
    try:
        return attrs.evolve(report, written=write_not_added(leads, report.reasons))
    except OSError as error:
        # The fates of the rows are reported all the same.
        return attrs.evolve(report, write_error=f"{error.filename}: {error.strerror or error}")


def _stopped(error: Exception, code: ExitCode, *, as_json: bool) -> typer.Exit:
    told = (explained(error) or sentence(error)) if isinstance(error, AlloError) else str(error)
    for line in error.lines if isinstance(error, NoRepFoundError) else [told]:
        ERR.say(line, style="red")
    if as_json:
        OUT.say_json({"error": told, "exit_code": int(code)})
    return typer.Exit(code)
