"""CPU of a start: the import of the package and the help of the command, each in a new interpreter."""

import resource
import subprocess
import sys
from collections.abc import Callable

from benchmarks.measure import Section, against, alternate


def _start(*command: str) -> Callable[[], float]:
    def run() -> float:
        before = _children()
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
        return _children() - before

    return run


def _children() -> float:
    """Return the milliseconds of CPU of all processes that this one has started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1_000


def measure() -> Section:
    """Measure ours beside the start of what it is built on, and that beside an interpreter's own."""
    starts = {
        "python": _start("-c", "pass"),
        "aiohttp": _start("-c", "import aiohttp"),
        "allo_async": _start("-c", "import allo_async"),
        "typer, rich": _start("-c", "import typer, rich"),
        "help": _start("-m", "allo_async", "--help"),
    }
    # The first runs write the compiled files.
    alternate(starts, rounds=1)
    cost = alternate(starts)
    return Section(
        [
            against("import allo_async", "ms", cost["allo_async"], "import aiohttp", cost["aiohttp"], target=1.25),
            against("allo-async --help", "ms", cost["help"], "import typer, rich", cost["typer, rich"], target=1.5),
            against("import aiohttp", "ms", cost["aiohttp"], "python -c pass", cost["python"]),
        ]
    )
