"""CPU of the whole path per 1,000 rows, beside the code that a user would write instead.

The server runs in another process, and only this process's CPU is counted.
"""

from benchmarks import server
from benchmarks.baseline import careful, plain
from benchmarks.loads import append, append_and_read, cpu_of, stream
from benchmarks.measure import Measure, Section, against, alternate
from benchmarks.rows import clean_rows, messy_rows

_ROWS = 20_000
_UNIT = "ms / 1,000 rows"


def measure() -> Section:
    """Measure appends and streams of clean and of messy rows."""
    clean, messy = clean_rows(_ROWS), messy_rows(_ROWS)
    with server.running() as url:
        cost = alternate(
            {
                "plain": cpu_of(plain, url, clean),
                "clean": cpu_of(append, url, clean),
                "clean, read": cpu_of(append_and_read, url, clean),
                "clean, stream": cpu_of(stream, url, clean),
                "plain, messy": cpu_of(plain, url, messy),
                "careful": cpu_of(careful, url, messy),
                "messy": cpu_of(append, url, messy),
                "messy, read": cpu_of(append_and_read, url, messy),
                "messy, stream": cpu_of(stream, url, messy),
            }
        )

    def beside(name: str, contender: str, baseline: str, target: float | None = None) -> Measure:
        label = "aiohttp + phonenumbers" if baseline == "careful" else "aiohttp + json"
        return against(name, _UNIT, cost[contender], label, cost[baseline], target=target)

    return Section(
        [
            beside("append, clean", "clean", "plain", 1.5),
            beside("append, clean, every result read", "clean, read", "plain", 2.5),
            beside("append_stream, clean", "clean, stream", "plain", 1.5),
            beside("append, messy", "messy", "plain, messy", 2.5),
            beside("append, messy, every result read", "messy, read", "plain, messy", 3.5),
            beside("append_stream, messy", "messy, stream", "plain, messy", 2.5),
            beside("append, messy, beside phonenumbers", "messy", "careful", 0.4),
        ]
    )
