"""A worker that loads three lists with one journal, as a process that can be killed.

    python -m tests.chaos.loader URL KEY JOURNAL OFFSET [spread]

It prints `begun` when it begins, and at its end every row's fate as JSON.
"""

import asyncio
import json
import sys

from allo_async import AlloClient, AppendResult, Journal
from tests.chaos.clock import MovableClock
from tests.end_to_end.numbers import us_numbers

REPS = ("marie@acme.example", "tom@acme.example", "ana@acme.example")
ROWS = 5_000


def lists() -> list[list[object]]:
    """Give three lists that are 5,000 rows together, with repeats and rows of no use in them."""
    lengths = (1_667, 1_667, 1_666)
    made: list[list[object]] = []
    for place, length in enumerate(lengths):
        numbers: list[object] = list(us_numbers(length, 10_000 * place))
        numbers[100::400] = ["nope"] * len(numbers[100::400])
        numbers[333::500] = ["+1 123 456 7890"] * len(numbers[333::500])
        numbers[250] = numbers[240]
        made.append(numbers)
    return made


def valid(rows: list[object]) -> list[object]:
    """Give what the queue holds of *rows* in the end, in order."""
    return list(dict.fromkeys(row for row in rows if row not in ("nope", "+1 123 456 7890")))


def told(result: AppendResult) -> dict[str, list[list[object]]]:
    """Give the fates of a result, without the times at which rows were added."""
    return {
        "added": [[row.index, row.number_to, row.position] for row in result.added],
        "skipped": [[row.index, row.number, row.reason, row.source] for row in result.skipped],
        "pending": [[row.index] for row in result.pending],
        "in_doubt": [[row.index, row.reason] for row in result.in_doubt],
    }


async def main(url: str, key: str, path: str, offset: str, how: str = "append") -> None:
    """Load, with a journal."""
    journal = Journal(path)
    clock = MovableClock(offset=float(offset))
    async with AlloClient(key, base_url=url, clock=clock, timeout=250, retry_budget=1_000) as allo:
        queues = [allo.queue(email=rep) for rep in REPS]
        print("begun", flush=True)
        if how == "spread":
            rows = [row for rows in lists() for row in rows[:900]]
            results = [await allo.spread(rows, over=queues, chunk_size=60, journal=journal, load_id="spread")]
        else:
            results = await asyncio.gather(
                *(
                    queue.append(rows, chunk_size=90, journal=journal, load_id=rep)
                    for queue, rep, rows in zip(queues, REPS, lists(), strict=True)
                )
            )
    print(json.dumps([told(result) for result in results]))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
