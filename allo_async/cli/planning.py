"""`load --plan`: what would happen, without a write."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

import attrs

from allo_async import AlloClient, Plan, SpreadStrategy
from allo_async.cli.job import RepLoad, queue_of
from allo_async.cli.options import LoadOptions
from allo_async.cli.terminal import OUT, styled


async def plan_all(
    allo: AlloClient, loads: Sequence[RepLoad], over: Sequence[str], strategy: SpreadStrategy, options: LoadOptions
) -> dict[str, Plan]:
    """Plan each rep's load, or with *over* the spread of all rows over those reps.

    Raises:
        AlloError: A queue could not be read.
    """
    if over:
        rows = [lead.row for load in loads for lead in load.leads]
        queues = [allo.queue(email=rep) for rep in over]
        plan = await allo.plan(
            rows,
            over=queues,
            strategy=strategy,
            region=options.region,
            chunk_size=options.chunk_size,
            keep_duplicates=options.keep_duplicates,
            skip_queued=options.skip_queued,
            suppress=options.suppress,
        )
        return {", ".join(over): plan}
    append = partial(_plan_append, allo, options)
    return dict(zip((load.name for load in loads), await asyncio.gather(*map(append, loads)), strict=True))


async def _plan_append(allo: AlloClient, options: LoadOptions, load: RepLoad) -> Plan:
    return await queue_of(allo, load.rep).plan(
        [lead.row for lead in load.leads],
        region=options.region,
        chunk_size=options.chunk_size,
        keep_duplicates=options.keep_duplicates,
        skip_queued=options.skip_queued,
        suppress=options.suppress,
    )


def show_plans(plans: dict[str, Plan], *, left_out: Mapping[str, int], as_json: bool) -> None:
    """Print each plan, a line for people or all of them for machines, and the rows that are in none, by reason."""
    if as_json:
        told = [
            {"reps": name, **attrs.asdict(plan), **_derived(plan), "left_out": dict(left_out)}
            for name, plan in plans.items()
        ]
        OUT.say_json(told)
        return
    for name, plan in plans.items():
        OUT.say(styled(name, "bold"), f": {plan.summary()}")
    if left_out:
        counts = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items())
        OUT.say(f"Rows of the file that are left out: {counts}.")


def _derived(plan: Plan) -> dict[str, float]:
    return {"sent": plan.sent, "chunks": plan.chunks, "least_seconds": plan.least_seconds}
