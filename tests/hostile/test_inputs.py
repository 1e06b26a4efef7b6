import asyncio
import re

import pytest

from allo_async import AlloClient, AlloError, AppendResult
from allo_async.sandbox import Sandbox
from tests.hostile.account import HastyClock, bounded
from tests.hostile.inputs import ROWS, SOURCES

GOOD = ["+12125550010", "+12125550011"]


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    async with Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox:
        yield sandbox


@pytest.fixture(name="clock")
def _clock():
    return HastyClock()


@pytest.fixture(name="queue")
async def _queue(sandbox, clock):
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=500) as allo:
        yield allo.queue()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_row_costs_no_other_row(sandbox, queue, row):
    """One row may be anything: those beside it go in, and it is told of under its index."""
    with bounded():
        result = await queue.append([GOOD[0], row, GOOD[1]], region="US")

    told = [*result.added, *result.skipped]
    assert sorted(one.index for one in told) == [0, 1, 2]
    assert [one.index for one in result.added if one.index != 1] == [0, 2]
    assert sandbox.numbers()[0] == GOOD[0]
    assert sandbox.numbers()[-1] == GOOD[1]
    assert all(len(one.detail or "") < 500 for one in result.skipped)
    assert str(result).isprintable()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_row_is_planned_as_it_is_appended(queue, row):
    """A plan takes any row, too."""
    with bounded():
        plan = await queue.plan([GOOD[0], row, GOOD[1]], region="US")

    assert plan.rows == 3


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
async def test_source_ends_in_words(sandbox, queue, source):
    """Rows that end in the middle end the call with an account of what was taken; no rows at all are refused."""
    rows, result, refusal = source(), AppendResult(), "no rows but"
    with bounded():
        try:
            async with asyncio.timeout(20):
                await queue.append(rows, into=result)
        except (AlloError, TypeError) as error:
            refusal = str(error) if isinstance(error, TypeError) else refusal

    # A mistake in the caller's code is noticed before anything else.
    assert re.match("no rows but|rows must be|pass a list of rows", refusal)
    fates = sorted(row.index for row in (*result.added, *result.skipped, *result.pending, *result.in_doubt))
    assert fates == list(range(len(fates)))
    assert len(sandbox.numbers()) == result.totals.added


def test_there_are_many():
    """The tables shrink by no accident."""
    assert len(ROWS) + len(SOURCES) > 80
