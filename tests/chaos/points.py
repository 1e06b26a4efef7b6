"""Killing the command at one point after the other of a load with a journal, and running it again each time.

    python -m tests.chaos.points [EVERY]

It kills before each SQLite statement, at each of SQLite's own steps, where a file would grow by another 1 KiB, and in
each millisecond of the first and the last 50; with EVERY, at each so many of the steps only.
"""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

import attrs

from allo_async.sandbox import Sandbox
from tests.end_to_end.numbers import us_numbers

_ROOT = Path(__file__).parents[2]

#: Four chunks, with a repeat and a row of no use.
ROWS = [*us_numbers(60), us_numbers(1)[0], "nope"]
CHUNK = 20


@attrs.define
class Sweep:
    """What became of the loads that were killed at points of one kind.

    Attributes:
        kind: What the points are.
        killed: How many were killed, each at another point.
        refused: Which points the next run refused to go on after, and what it said.
        unsound: After which a row was lost, doubled or out of order.
    """

    kind: str
    killed: int = 0
    refused: dict[float, str] = attrs.field(factory=dict)
    unsound: list[float] = attrs.field(factory=list)

    def __str__(self) -> str:
        bad = [f"{len(self.refused)} refused", f"{len(self.unsound)} with rows lost, doubled or out of order"]
        return f"killed at {self.killed:,} points by {self.kind}: {', '.join(bad)}"


@attrs.define
class Killer:
    """Runs the command in processes that are forked from one that has everything imported."""

    folder: Path
    sandbox: Sandbox
    warm: asyncio.subprocess.Process
    loads: int = 0

    async def sweep(self, kind: str, points: Iterable[float]) -> Sweep:
        """Kill a load at each of *points* of a kind, and run it again."""
        sweep = Sweep(kind)
        for at in points:
            rep, journal = self._load()
            ended = await self._run(rep, journal, kind, at)
            if ended["status"] == 0:
                continue
            sweep.killed += ended["status"] < 0
            again = await self._run(rep, journal)
            if again["status"] or ended["status"] > 0:
                sweep.refused[at] = ended["error"] + again["error"]
            elif not self._is_sound(rep):
                sweep.unsound.append(at)
            # Many thousands of reps make the sandbox slow.
            self.sandbox.ledger.requests.clear()
        return sweep

    async def count(self, kind: str) -> tuple[int, float]:
        """Return how many points a load has, and how many seconds it takes."""
        ended = await self._run(*self._load(), kind)
        assert ended["status"] == 0, ended["error"]
        return ended["points"], ended["seconds"]

    def _load(self) -> tuple[str, Path]:
        self.loads += 1
        return self.sandbox.add_user(f"rep{self.loads}@acme.example").email, self.folder / f"{self.loads}.journal"

    async def _run(self, rep: str, journal: Path, kind: str = "", at: float = 0) -> dict:
        assert self.warm.stdout is not None
        self._order(rep, journal, kind, at)
        return json.loads(await self.warm.stdout.readline())

    def warm_up(self) -> None:
        """Have a load run where all others are forked from."""
        self._order(*self._load(), "", 0)

    def _order(self, rep: str, journal: Path, kind: str, at: float) -> None:
        leads = self.folder / "leads.csv"
        leads.write_text("\n".join(["Phone", *ROWS]), "utf-8")
        arguments = ["load", str(leads), "--to", rep, "--journal", str(journal), "--chunk-size", str(CHUNK)]
        environment = {"ALLO_API_KEY": self.sandbox.api_key, "ALLO_BASE_URL": self.sandbox.url}
        order = {"arguments": arguments, "environment": environment, "kind": kind, "at": at}
        assert self.warm.stdin is not None
        self.warm.stdin.write(json.dumps(order).encode() + b"\n")

    def _is_sound(self, rep: str) -> bool:
        user = self.sandbox._found(rep).id
        sent = Counter(
            number for request in self.sandbox.ledger.appends if request.user_id == user for number in request.added
        )
        return self.sandbox.numbers(rep) == ROWS[:60] and max(sent.values()) == 1


@contextlib.asynccontextmanager
async def killer() -> AsyncGenerator[Killer]:
    """Start what kills; the sandbox is in this process, and outlives all others."""
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox(read_per_second=None, write_per_second=None) as sandbox:
            warm = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.chaos.warm",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=_ROOT,
                env={**os.environ, "COLUMNS": "200"},
            )
            try:
                kills = Killer(Path(folder), sandbox, warm)
                kills.warm_up()
                yield kills
            finally:
                assert warm.stdin is not None
                warm.stdin.close()
                await warm.wait()


async def main(every: int = 1) -> int:
    """Sweep in full, and return how many loads were unsound."""
    async with killer() as kills:
        statements, _ = await kills.count("statement")
        steps, _ = await kills.count("step")
        seconds = (await kills.count(""))[1]
        milliseconds = [place / 1_000 for place in range(1, 51)]
        sweeps = [
            await kills.sweep("statement", range(1, statements + 1)),
            await kills.sweep("step", range(1, steps + 1, every)),
            await kills.sweep("bytes", range(0, 140_000, 1_024)),
            await kills.sweep("seconds", [*milliseconds, *(seconds - place for place in milliseconds)]),
        ]
    for sweep in sweeps:
        print(sweep)
        for at, told in list(sweep.refused.items())[:5]:
            print(f"  at {at}: {told.strip()[-300:]}")
    return sum(len(sweep.refused) + len(sweep.unsound) for sweep in sweeps)


if __name__ == "__main__":
    sys.exit(min(1, asyncio.run(main(*map(int, sys.argv[1:])))))
