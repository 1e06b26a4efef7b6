"""`allo-async load`: a file of leads into the dialing queues of its reps."""

from pathlib import Path
from typing import Annotated

import typer

from allo_async.choices import OnChangedInput, OnFullQueue, SpreadStrategy

Where = Annotated[
    str | None,
    typer.Option(
        "--coordination",
        envvar="ALLO_COORDINATION",
        metavar="DIRECTORY|REDIS-URL",
        help="Where the key's processes coordinate: a directory of this machine, or redis://… (extra: redis).",
    ),
]


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
    from allo_async.cli.loading import load_leads  # noqa: PLC0415 - help does without it

    load_leads(
        file,
        reps=to or (),
        to_column=to_column,
        mine=mine,
        region=region,
        field_map=field_map or (),
        sheet=sheet,
        every_number=every_number,
        ignore_do_not_call=ignore_do_not_call,
        chunk_size=chunk_size,
        keep_duplicates=keep_duplicates,
        strategy=strategy,
        on_full_queue=on_full_queue,
        skip_queued=skip_queued,
        suppress=suppress or (),
        deadline=deadline,
        journal=journal,
        keep_journal=not no_journal,
        fresh=fresh,
        on_changed_input=on_changed_input,
        coordination=coordination,
        plan=plan,
        strict=strict,
        sandbox=sandbox,
        as_json=as_json,
        verbose=verbose,
    )
