"""Whether what a client was told of its rows is what the sandbox's ledger has of them, and what it cost."""

import asyncio
import contextlib
import sys
import time
from collections import Counter
from pathlib import Path

from allo_async import AlloClient, AlloError
from tests.clocks import ManualClock
from tests.hostile.middleman import Middleman

_STATUS = Path("/proc/self/status")

# Room for a slow machine, with other tests beside; what the replies at fault once cost was ten times as much.
MOST_SECONDS = 5.0
# A tracer, such as coverage's, takes several times as long as what it traces.
MOST_SECONDS_TRACED = 25.0
MOST_BYTES = 300 * 2**20


def assert_true(result, rows, queued):
    """Every row has one fate; what is told as added stands there once, and what is told as pending does not."""
    fates = Counter(
        row.index for kind in (result.added, result.skipped, result.pending, result.in_doubt) for row in kind
    )
    assert fates == Counter(range(len(rows)))
    stands = Counter(queued)
    assert max(stands.values(), default=0) <= 1, "a row went in twice"
    assert [rows[row.index] for row in result.added if not stands[rows[row.index]]] == []
    assert [rows[row.index] for row in result.pending if stands[rows[row.index]]] == []


async def ended(call):
    """Await *call*, which may end with an `AlloError` and with no other; return its account."""
    try:
        async with asyncio.timeout(30):
            return await call
    except AlloError as error:
        str(error)
        repr(error)
        return error.result


@contextlib.contextmanager
def bounded():
    """Check how much of the processor, and how much memory at its peak, a block takes."""
    _forget_peak()
    before, began = _peak(), time.process_time()
    yield
    assert time.process_time() - began < (MOST_SECONDS if sys.gettrace() is None else MOST_SECONDS_TRACED)
    assert _peak() - before < MOST_BYTES


def _forget_peak():
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak():
    if not _STATUS.exists():
        return 0
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


class HastyClock(ManualClock):
    """Sleeps take no time, and what an attempt may take is a fiftieth of it."""

    def timeout(self, seconds):
        return asyncio.timeout(None if seconds is None else seconds / 50)


async def append_through(sandbox, clock, rows, *strikes):
    """Append *rows* through a middleman who strikes, and check the account; return it."""
    async with Middleman(sandbox.url) as middleman:
        for strike in strikes:
            middleman.strike(strike)
        async with AlloClient(sandbox.api_key, base_url=middleman.url, clock=clock, timeout=5, retry_budget=3) as allo:
            with bounded():
                result = await ended(allo.queue().append(rows, deadline=50))
    assert_true(result, rows, sandbox.numbers())
    return result
