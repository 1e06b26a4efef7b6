"""Compare the ratios of the last run with the committed ones, and fail if one has grown.

    python -m benchmarks.compare            # fail if a ratio grew by more than 15 %
    python -m benchmarks.compare --accept   # commit to the ratios of the last run

A ratio has grown if its median lies more than 15 % above the committed one, and if not even its best round was as good
as that: the machine's noise makes some rounds worse, and seldom all.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from benchmarks import results
from benchmarks.table import figure

#: The committed ratios, each with the least and the most of its rounds.
BASELINE = Path(__file__).parent / "baseline.json"

_MOST_GROWTH = 1.15

Ratios = Mapping[str, Mapping[str, float]]


def ratios(of: results.Results) -> Ratios:
    """Return the ratios of a run by section and name, each with the least and the most of its rounds."""
    return {
        f"{title}: {measure.name}, to {measure.beside}": {
            "ratio": round(measure.ratio, 4),
            "low": round(measure.low, 4),
            "high": round(measure.high, 4),
        }
        for title, section in of.items()
        for measure in section.measures
        if measure.ratio is not None
    }


def compare(committed: Ratios, now: Ratios) -> tuple[list[str], list[str]]:
    """Return a line for each ratio, and the lines of those that grew or are not measured any more."""
    lines, faults = list[str](), list[str]()
    for name, before in committed.items():
        after = now.get(name)
        if after is None:
            lines.append(f"{name}: not measured")
            faults.append(lines[-1])
            continue
        growth = after["ratio"] / before["ratio"]
        lines.append(f"{name}: {_spread(before)} -> {_spread(after)}, {growth - 1:+.0%}")
        if growth > _MOST_GROWTH and after["low"] > before["ratio"]:
            faults.append(lines[-1])
    lines += [f"{name}: {_spread(after)}, new" for name, after in now.items() if name not in committed]
    return lines, faults


def _spread(one: Mapping[str, float]) -> str:
    return f"{figure(one['ratio'])} ({figure(one['low'])}..{figure(one['high'])})"


def main(arguments: list[str], last: Path = results.LAST, baseline: Path = BASELINE) -> int:
    """Print the comparison, and return the exit code: 1 if a ratio has grown."""
    now = ratios(results.read(last))
    if arguments == ["--accept"]:
        baseline.write_bytes(orjson.dumps(now, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return 0
    committed: dict[str, Any] = orjson.loads(baseline.read_bytes())
    lines, faults = compare(committed, now)
    print("\n".join(lines))
    if faults:
        print("\nGrown by more than 15 %, or not measured:", *faults, sep="\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
