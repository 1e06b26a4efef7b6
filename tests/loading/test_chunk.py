import asyncio
import itertools

from hypothesis import given
from hypothesis import strategies as st

from allo_async import clock as time_slice
from allo_async._loading import rows as rows_module
from allo_async._loading.prepare import Preparer
from allo_async._loading.rows import Chunk, RowSource, fill_chunk
from tests.loading.watching import turns_of_others

ROWS = st.lists(st.one_of(st.integers(0, 30).map(lambda place: f"+1212555{place:04d}"), st.just("N/A")), max_size=60)


async def chunks(rows, size):
    source, preparer = RowSource(rows), Preparer(region=None, keep_duplicates=False)
    found = []
    while True:
        chunk = Chunk()
        await fill_chunk(chunk, source, preparer, size)
        if not chunk:
            return found
        found.append(chunk)


@given(rows=ROWS, size=st.integers(1, 12))
def test_chunks_follow_each_other_and_leave_nothing_out(rows, size):
    """Chunks are consecutive stretches of the input, each but the last with as many rows to send as one may have."""
    found = asyncio.run(chunks(rows, size))

    stretches = [sorted(row.index for row in [*chunk.rows, *chunk.skipped]) for chunk in found]
    assert list(itertools.chain(*stretches)) == list(range(len(rows)))
    assert all(len(chunk.rows) == size or len(chunk.skipped) >= 10 * size for chunk in found[:-1])
    assert all(len(chunk.rows) <= size for chunk in found)


async def test_rows_that_are_all_skipped_do_not_pile_up():
    """An endless source of bad rows still gives chunks."""
    source, preparer, chunk = RowSource(itertools.repeat("N/A")), Preparer(region=None, keep_duplicates=False), Chunk()

    await fill_chunk(chunk, source, preparer, 5)

    assert (len(chunk.rows), len(chunk.skipped)) == (0, 50)


async def test_others_run_while_rows_are_prepared(monkeypatch):
    """Preparing lets others run whenever its stretch of time is over."""
    monkeypatch.setattr(time_slice, "_STRETCH", 0.0)

    turns = await turns_of_others(chunks([f"+1212555{place:04d}" for place in range(500)], 1_000))

    assert turns >= 500 / 32


async def test_rows_that_take_long_are_taken_a_few_at_a_time(monkeypatch):
    """Others wait for a few odd rows at the most, once it shows that they are odd."""
    monkeypatch.setattr(rows_module, "_LONG", -1.0)
    monkeypatch.setattr(time_slice, "_STRETCH", 0.0)

    turns = await turns_of_others(chunks([f"+1212555{place:04d}" for place in range(500)], 1_000))

    assert turns >= 500 / 4
