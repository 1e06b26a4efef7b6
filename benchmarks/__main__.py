"""Everything that is promised of the library's cost, beside what a user would write instead, in one run.

    make bench

Each section runs in a process of its own. The contenders of a section take turns, so that the ratios hold when the
machine's speed drifts; a figure is the median of the rounds, and a ratio that of the rounds' ratios.
"""

import time

from benchmarks import callers, cpu, journal, latency, memory, path, results, scale, stalls, start
from benchmarks.apart import apart
from benchmarks.measure import Section
from benchmarks.table import table

_SECTIONS = {
    "CPU of the whole path": cpu.measure,
    "Parts of the path": path.measure,
    "Stalls of the event loop": stalls.measure,
    "Many callers of one queue": callers.measure,
    "Journal": journal.measure,
    "Memory": memory.measure,
    "Cost by size": scale.measure,
    "Handlers beside a load": latency.measure,
    "Start": start.measure,
}


def main() -> None:
    """Run all sections, print their tables, and leave the results for the plots and for the comparison."""
    begun, sections = time.monotonic(), dict[str, Section]()
    for title, measure in _SECTIONS.items():
        sections[title] = apart(measure)
        print(table(f"{title} (after {time.monotonic() - begun:.0f} s)", sections[title].measures), flush=True)
    results.write(sections)
    promised = [one for section in sections.values() for one in section.measures if one.target is not None]
    print(f"\n{sum(one.is_met for one in promised)} of {len(promised)} targets are met")


if __name__ == "__main__":
    main()
