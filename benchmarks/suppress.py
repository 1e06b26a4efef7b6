"""The cost of a suppression list of 100,000 numbers: to prepare it, and for each row.

    make bench-suppress

Beside it stands what a user would write: a set of E.164 strings that is checked by hand, where all numbers happen to be
in E.164, and phonenumbers for each number where they are not. All contenders take turns in one run, so that the ratios
hold when the machine's speed drifts; the figures are medians of the rounds. Nothing is sent.
"""

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from math import inf

import phonenumbers

from allo_async._loading.prepare import Preparer
from allo_async._loading.rows import Chunk, RowSource, fill_chunk
from allo_async._loading.suppress_option import Suppress
from allo_async._loading.suppression import Suppression
from allo_async._loading.suppression_list import SuppressionList

ROUNDS = 5
LIST = 100_000
ROWS = 20_000
MICROSECONDS = 1_000_000

Contender = Callable[[Sequence[str]], object]


def international(count: int, start: int = 0) -> list[str]:
    """Numbers as a system writes them."""
    return [f"+1212{2_000_000 + start + place}" for place in range(count)]


def national(count: int, start: int = 0) -> list[str]:
    """Numbers as people write them, without their country code."""
    digits = (str(2_000_000 + start + place) for place in range(count))
    return [f"(212) {number[:3]}-{number[3:]}" for number in digits]


def ours(numbers: Sequence[str]) -> SuppressionList:
    """Prepare a list with this library."""
    suppressed = SuppressionList("US")
    for number in numbers:
        suppressed.add(number)
    return suppressed


def e164(number: str) -> str:
    """Write a number in E.164, as a careful user does."""
    return phonenumbers.format_number(phonenumbers.parse(number, "US"), phonenumbers.PhoneNumberFormat.E164)


def careful(numbers: Sequence[str]) -> set[str]:
    """Write every number of a list in E.164."""
    return {e164(number) for number in numbers}


def timed(work: Callable[[], object], count: int) -> float:
    """Microseconds of CPU for each of *count*."""
    gc.collect()
    begun = time.process_time()
    work()
    return (time.process_time() - begun) / count * MICROSECONDS


def compare(title: str, contenders: dict[str, Callable[[], float]]) -> None:
    """Measure the contenders in turn, round by round, and print medians, and ratios to the first."""
    rounds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, measure in contenders.items():
            rounds[name].append(measure())
    first = next(iter(rounds.values()))
    print(f"\n{title} (median of {ROUNDS})")
    for name, figures in rounds.items():
        ratio = statistics.median(ours / max(theirs, 1e-3) for ours, theirs in zip(first, figures, strict=True))
        print(f"  {name:<44}{statistics.median(figures):>8.2f} µs   allo_async is {ratio:6.2f} x")


def compare_preparing(name: str, numbers: Sequence[str]) -> None:
    """Print what it costs to prepare a list."""
    compare(
        f"Preparing a list of {LIST:,}, {name}, for each number",
        {
            "allo_async": lambda: timed(lambda: ours(numbers), LIST),
            "a set of the strings": lambda: timed(lambda: set(numbers), LIST),
            "phonenumbers for each, and a set": lambda: timed(lambda: careful(numbers), LIST),
        },
    )


def compare_checking(name: str, rows: Sequence[str], suppressed: SuppressionList, by_hand: set[str]) -> None:
    """Print what a list costs for each row: the time to prepare rows with it, less the time without."""

    def checked() -> float:
        return timed(lambda: asyncio.run(fill(rows, suppressed)), ROWS) - timed(lambda: asyncio.run(fill(rows)), ROWS)

    compare(
        f"Checking a row, {name}, against {LIST:,}, for each row",
        {
            "allo_async, beyond preparing the row": checked,
            "the string, in a set": lambda: timed(lambda: sum(row in by_hand for row in rows), ROWS),
            "phonenumbers, and a set": lambda: timed(lambda: sum(e164(row) in by_hand for row in rows), ROWS),
        },
    )


async def fill(rows: Sequence[str], suppress: Suppress | None = None) -> None:
    """Prepare rows as a load does."""
    preparer = Preparer(region="US", keep_duplicates=False, suppress=suppress)
    await fill_chunk(Chunk(), RowSource(rows), preparer, inf)


async def longest_stretch(work: Awaitable[None]) -> float:
    """The longest time in milliseconds for which nothing else could run on the loop."""
    longest = 0.0
    done = asyncio.ensure_future(work)
    last = time.perf_counter()
    while not done.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    await done
    return longest * 1_000


def stretch_of_reading(numbers: Sequence[str]) -> float:
    """The same while a list is read, without the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        return asyncio.run(longest_stretch(Suppression(numbers, "US").ready()))
    finally:
        gc.enable()


def main() -> None:
    """Print the measures."""
    lists = {"E.164": international(LIST), "national": national(LIST)}
    for name, numbers in lists.items():
        compare_preparing(name, numbers)
    by_hand = set(lists["E.164"])
    for name, numbers in lists.items():
        suppressed = ours(numbers)
        # One row in ten is in the list.
        first = LIST - ROWS // 10
        compare_checking(f"E.164, {name} in the list", international(ROWS, first), suppressed, by_hand)
        compare_checking(f"national, {name} in the list", national(ROWS, first), suppressed, by_hand)
    # The least of the rounds: what other processes take from this one is not its own.
    stretch = min(stretch_of_reading(lists["national"]) for _ in range(ROUNDS))
    print(f"\nLongest stall of the event loop while {LIST:,} national numbers are read, garbage collector off")
    print(f"  allo_async{stretch:>42.2f} ms")


if __name__ == "__main__":
    main()
