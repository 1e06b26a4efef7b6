"""Four processes that load one queue at once, each a list of its own, while the test disturbs them."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.numbers import us_numbers

ROOT = Path(__file__).parents[2]
LOADER = Path(__file__).with_name("loader.py")

SPEED = 20
LISTS = [us_numbers(200, 1_000 * place) for place in range(4)]


def start(sandbox, rows, **how):
    """Start a process that loads *rows*, coordinated by `redis=` the URL or `directory=` the path."""
    order = {"url": sandbox.url, "key": sandbox.api_key, "speed": SPEED, "rows": rows, **how}
    return subprocess.Popen(
        [sys.executable, LOADER, json.dumps(order)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


async def go(*processes):
    """Let all of them begin when each is ready."""
    for process in processes:
        await asyncio.to_thread(process.stdout.readline)
    for process in processes:
        process.stdin.write(b"go\n")
        process.stdin.flush()


async def ended(*processes):
    """Give what each of them says was added."""
    told = await asyncio.gather(*(asyncio.to_thread(process.communicate, timeout=60) for process in processes))
    return [json.loads(answer) for answer, _ in told]


async def nothing():
    """Disturb nobody."""


async def load_by_four(sandbox, disturb=nothing, **how):
    """Let four processes load their lists at once, and call *disturb* meanwhile; give what each says was added."""
    processes = [start(sandbox, rows, **how) for rows in LISTS]
    await go(*processes)
    disturbing = asyncio.create_task(disturb())
    told = await ended(*processes)
    disturbing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await disturbing
    return told


async def load_by_four_of_whom_one_is_killed(sandbox, **how):
    """Kill the first in the middle of an append; give what the others say was added."""
    victim, *others = [start(sandbox, rows, **how) for rows in LISTS]
    await go(victim, *others)
    await appending(sandbox, LISTS[0])
    victim.kill()
    told = await ended(*others)
    victim.communicate()
    return told


async def appended(sandbox, count):
    """Wait until so many rows are in the queue."""
    while len(sandbox.numbers()) < count:
        await asyncio.sleep(0.005)


async def appending(sandbox, rows):
    """Wait until an append of some of *rows* is under way."""
    while not any(request.rows[0] in rows for request in sandbox.ledger.appends):
        await asyncio.sleep(0.002)


def check_all_is_loaded(sandbox, told):
    """The ledger has every row once, and each list in order; and that is what was told."""
    assert told == [[rows, len(rows)] for rows in LISTS]
    assert sorted(sandbox.numbers()) == sorted(number for rows in LISTS for number in rows)
    for rows in LISTS:
        own = set(rows)
        assert [number for number in sandbox.numbers() if number in own] == rows


def check_they_took_turns(sandbox):
    """No append conflicted with another, and nobody had to wait for another's whole list."""
    assert [request for request in sandbox.ledger.refused if request.status == 409] == []
    owners = [next(place for place, rows in enumerate(LISTS) if row.rows[0] in rows) for row in sandbox.ledger.appends]
    assert len(set(owners[:8])) == 4
