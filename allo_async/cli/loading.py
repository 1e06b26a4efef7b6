"""The work of `allo-async load`: from its options to the report and the exit code."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import attrs
import typer

from allo_async import AlloError, ConfigurationError, JournalError
from allo_async._loading.suppression_list import SuppressionList
from allo_async.choices import OnChangedInput, OnFullQueue, SpreadStrategy
from allo_async.cli.cancelling import run
from allo_async.cli.coordination import coordination_by
from allo_async.cli.dealing import deal, every_lead
from allo_async.cli.exit_code import ExitCode
from allo_async.cli.journaling import explained
from allo_async.cli.not_added import write_not_added
from allo_async.cli.options import LoadOptions
from allo_async.cli.planning import show_plans
from allo_async.cli.regions import without_region
from allo_async.cli.report import Report
from allo_async.cli.running import LoadJob
from allo_async.cli.screen import show
from allo_async.cli.signals import exit_code, finishing
from allo_async.cli.source import journal_of_source, read_source, say_how_read, shown_path
from allo_async.cli.terminal import ERR, OUT
from allo_async.cli.unknown_rep import NoRepFoundError
from allo_async.cli.wording import sentence
from allo_async.leads.columns import ColumnsError
from allo_async.leads.leads_file import LeadsFile, UnreadableFileError
from allo_async.leads.suppression import read_suppression


def load_leads(
    file: Path,
    *,
    reps: Sequence[str],
    to_column: str | None,
    mine: bool,
    region: str | None,
    field_map: Sequence[str],
    sheet: str | None,
    every_number: bool,
    ignore_do_not_call: bool,
    chunk_size: int,
    keep_duplicates: bool,
    strategy: SpreadStrategy,
    on_full_queue: OnFullQueue,
    skip_queued: bool,
    suppress: Sequence[Path],
    deadline: float | None,
    journal: Path | None,
    keep_journal: bool,
    fresh: bool,
    on_changed_input: OnChangedInput,
    coordination: str | None,
    plan: bool,
    strict: bool,
    sandbox: bool,
    as_json: bool,
    verbose: bool,
) -> None:
    """Load *file* into the queues of its reps, each option as the command has it, and report the fate of every row.

    Raises:
        typer.BadParameter: The options contradict each other.
        typer.Exit: With the load's exit code, once all is told.
    """
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
        journal=journal_of_source(file, journal, wanted=keep_journal, sandbox=sandbox),
        on_changed_input=on_changed_input,
    )
    try:
        leads = read_source(file, sheet=sheet)
        dealt = deal(
            leads,
            to=reps[0] if len(reps) == 1 else None,
            to_column=to_column,
            field_map=field_map,
            region=region,
            every_number=every_number,
            ignore_do_not_call=ignore_do_not_call,
        )
        say_how_read(leads, dealt)
        if (missing := without_region(dealt.loads, region)) is not None:
            ERR.say(missing, style="yellow")
        options = attrs.evolve(options, suppress=_suppressed(suppress, dealt.opted_out, region))
        over = list(reps) if len(reps) > 1 else []
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
