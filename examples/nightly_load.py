"""A nightly load of a file of leads for several reps, all at the same time.

However the load ends, start it again and it goes on where it was: a journal beside the file records it. Other processes
that use the key on this machine, such as the workers of examples/fastapi_app.py, keep its limits together with it.

Start a sandbox in one terminal, paste the two lines that it prints into another, and run this there:

    allo-async sandbox
    python examples/nightly_load.py examples/leads.csv
"""

import asyncio
import csv
import os
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from allo_async import AlloClient, AlloError, AppendResult, Contact, Journal
from allo_async.file import FileCoordination

TOGETHER = os.environ.get("ALLO_COORDINATION_DIRECTORY", "allo-together")


def leads_by_rep(file: Path) -> dict[str, list[Contact]]:
    """Read the file and sort its rows by the rep in `Owner email`."""
    leads: dict[str, list[Contact]] = defaultdict(list)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            contact = Contact(row["Phone Number"], name=row["First Name"], last_name=row["Last Name"])
            leads[row["Owner email"]].append(contact)
    return leads


async def load(allo: AlloClient, journal: Journal, rep: str, leads: Iterable[Contact]) -> AppendResult:
    """Load one rep's leads; a failure is printed, and costs the other reps nothing."""
    try:
        return await allo.queue(email=rep).append(leads, region="FR", journal=journal, load_id=rep)
    except AlloError as error:
        print(f"{rep}: {error}", file=sys.stderr)
        return error.result


async def main(file: Path) -> None:
    """Load every rep's leads, and print each one's result."""
    by_rep, journal = leads_by_rep(file), Journal(f"{file}.journal")
    async with AlloClient(coordination=FileCoordination(TOGETHER)) as allo:
        results = await asyncio.gather(*(load(allo, journal, rep, leads) for rep, leads in by_rep.items()))
    for rep, result in zip(by_rep, results, strict=True):
        print(f"{rep}: {result.summary()}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
