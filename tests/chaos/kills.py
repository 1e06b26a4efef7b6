"""Killing a worker at random instants, starting it again until it is done, and looking at the ledger."""

import asyncio
import json
import random
import sys
from collections import Counter
from pathlib import Path

import attrs

from allo_async.sandbox import Sandbox
from tests.chaos.clock import MovableClock
from tests.chaos.loader import REPS, lists, valid

_ROOT = Path(__file__).parents[2]

_FORGOTTEN = 2 * 3_600.0


@attrs.define
class Life:
    """One load, killed and taken up again until it was done.

    Attributes:
        results: What the last process told, a result a queue.
        queues: The numbers in each queue at the end.
        kills: How many processes were killed.
        sent: How often each number was carried out, over all queues.
        replays: How many answers were replays.
    """

    results: list
    queues: list[list[str]]
    kills: int
    sent: Counter
    replays: int


async def live(folder: Path, seed: int, kills: int, *, forgetful: bool = False, how: str = "append") -> Life:
    """Let a worker load the lists, killed *kills* times.

    Args:
        folder: Where the journal goes.
        seed: Of the instants.
        kills: How many processes are killed; one more ends by itself.
        forgetful: Whether two hours pass after each kill, in which the server forgets all keys.
        how: Three appends, or one `spread`.
    """
    dice = random.Random(seed)
    clock = MovableClock()
    async with Sandbox(
        clock=clock,
        capacity=5_000 if how == "append" else 1_000,
        read_per_second=None,
        write_per_second=None,
        append_seconds_per_row=0.02,
        seed=seed,
    ) as sandbox:
        killed = 0
        while True:
            arguments = (sandbox.url, sandbox.api_key, str(folder / f"{seed}.db"), str(clock.offset), how)
            # The whole load takes about a second.
            after = dice.uniform(0, 0.9) if killed < kills else None
            told = await _run(arguments, after)
            if told is not None:
                break
            killed += 1
            clock.offset += _FORGOTTEN if forgetful else 0.0
        appends = sandbox.ledger.appends
        return Life(
            results=told,
            queues=[sandbox.numbers(rep) for rep in REPS],
            kills=killed,
            sent=Counter(number for request in appends for number in request.added),
            replays=sum(request.replayed for request in appends),
        )


async def _run(arguments: tuple[str, ...], after: float | None) -> list | None:
    """Run a worker, and give what it told; kill it *after* so many seconds, if it is not done by then."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.loader", *arguments, stdout=asyncio.subprocess.PIPE, cwd=_ROOT
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"begun\n"
    try:
        async with asyncio.timeout(after):
            told = await process.stdout.read()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    assert await process.wait() == 0
    return json.loads(told)


def check(life: Life, undisturbed: Life) -> None:
    """Every valid row stands in its queue exactly once, in order, and the result is that of an undisturbed run.

    If a lost reply is settled by reading the queue back, nothing tells why the server left a row out: it is in doubt.
    """
    assert max(life.sent.values()) == 1
    assert life.queues == undisturbed.queues
    for result, whole in zip(life.results, undisturbed.results, strict=True):
        in_doubt = {index for index, _ in result["in_doubt"]}
        left_out = [row for row in whole["skipped"] if row[0] in in_doubt and row[3] == "server"]
        assert len(left_out) == len(in_doubt)
        assert result | {"in_doubt": [], "skipped": sorted([*result["skipped"], *left_out])} == whole


def check_undisturbed(life: Life) -> None:
    """The run without a kill is what it should be."""
    assert life.queues == [valid(rows) for rows in lists()]
    assert [len(result["pending"]) + len(result["in_doubt"]) for result in life.results] == [0, 0, 0]
