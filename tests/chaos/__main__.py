"""The chaos suite in full: `make chaos`, or `python -m tests.chaos [LOADS] [FIRST SEED] [KILLS]`.

It prints what became of the loads fault by fault, and of the loads that were killed.
"""

import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from tests.chaos.kills import check, live
from tests.chaos.scene import Finding, storm

_AT_ONCE = 6

_COLUMNS = ("loads", "rows", "added", "recovered", "in_doubt", "lost", "twice", "wrong_order", "untrue")


async def main(loads: int, first: int, kills: int) -> int:
    """Run the loads of as many seeds, with idempotency keys honoured and ignored, then kill workers as often."""
    begun = time.monotonic()
    bad = 0
    for honours in (True, False):
        findings = await run(range(first, first + loads), honours=honours)
        print(f"\n{loads} loads, seeds {first} to {first + loads - 1}, keys {'honoured' if honours else 'ignored'}\n")
        print_table(findings)
        for finding in findings:
            if not finding.sound:
                bad += 1
                print(f"seed {finding.seed}: {', '.join(sorted(finding.kinds))}: {finding.untrue[:3]}")
    print(f"\n{2 * loads} loads in {time.monotonic() - begun:.0f} s, {bad} of them unsound\n")
    for how, forgetful in (("append", False), ("append", True), ("spread", False)):
        bad += await kill(kills, how, forgetful=forgetful)
    return min(bad, 1)


async def kill(kills: int, how: str, *, forgetful: bool) -> int:
    """Kill workers until there were *kills*, print what became of their loads, and tell how many were unsound."""
    begun, killed, lives, bad = time.monotonic(), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        undisturbed = await live(Path(folder), -1, 0, how=how)
        while killed < kills:
            life = await live(Path(folder), lives, 3, how=how, forgetful=forgetful)
            killed, lives = killed + life.kills, lives + 1
            try:
                check(life, undisturbed)
            except AssertionError:
                bad += 1
                print(f"seed {lives - 1}: {life.kills} kills, {max(life.sent.values())} times at the most")
    after = ", two hours later each time, all keys forgotten" if forgetful else ""
    seconds = time.monotonic() - begun
    print(f"{how}: {killed} kills of {lives} loads{after}: {bad} loads unsound; {seconds:.0f} s")
    return bad


async def run(seeds: Iterable[int], *, honours: bool) -> list[Finding]:
    """Run the loads of *seeds*, a few at a time."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(seed: int) -> Finding:
        async with room:
            return await storm(seed, honours=honours)

    return list(await asyncio.gather(*(one(seed) for seed in seeds)))


def print_table(findings: list[Finding]) -> None:
    """Print a line for each kind of fault, over the loads that it was set on, and one for all."""
    kinds = sorted({kind for finding in findings for kind in finding.kinds})
    print(f"{'fault':24}", *(f"{column:>11}" for column in _COLUMNS))
    for kind in kinds:
        print_line(kind, [finding for finding in findings if kind in finding.kinds])
    print_line("all", findings)


def print_line(name: str, findings: list[Finding]) -> None:
    """Print the sums over *findings*."""
    sums = [len(findings)]
    for column in _COLUMNS[1:]:
        values = (getattr(finding, column) for finding in findings)
        sums.append(sum(len(value) if isinstance(value, list) else value for value in values))
    print(f"{name:24}", *(f"{value:>11,}" for value in sums))


if __name__ == "__main__":
    # Thousands of retries are the point, and nothing to be told one by one.
    logging.disable(logging.CRITICAL)
    given = [int(argument) for argument in sys.argv[1:]]
    sys.exit(asyncio.run(main(*[*given, *(500, 0, 100)[len(given) :]])))
