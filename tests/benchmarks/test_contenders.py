"""The loads that the benchmarks compare."""

import pytest

from benchmarks import baseline, loads, server
from benchmarks.rows import clean_rows, messy_rows

LOADS = {
    "append": loads.append,
    "append_and_read": loads.append_and_read,
    "stream": loads.stream,
    "callers": loads.callers,
    "plain": baseline.plain,
    "careful": baseline.careful,
    "row_by_row": baseline.row_by_row,
}


@pytest.fixture(scope="module")
def url():
    """The URL of the benchmarks' server, with whole entries."""
    with server.running(whole=True) as running:
        yield running


@pytest.mark.parametrize("rows", [clean_rows(25), messy_rows(25)], ids=["clean", "messy"])
@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
async def test_load_adds_all_rows(url, load, rows):
    """Each contender adds every row to a queue of its own, and a load that does not is refused as no measure."""
    added = await load(url, loads.fresh_queue(), rows)

    loads.check_added(added, rows)
    with pytest.raises(RuntimeError, match="25 of 24 rows"):
        loads.check_added(added, rows[1:])


@pytest.mark.parametrize("spread", [loads.spread, baseline.plain_spread], ids=["ours", "plain"])
async def test_spread_adds_all_rows(url, spread):
    """Both spreads add every row to one of the queues, and the server keeps the queues apart."""
    rows, queues = clean_rows(25), [loads.fresh_queue() for _ in range(3)]

    loads.check_added(await spread(url, queues, rows), rows)
    async with loads.client(url) as allo:
        assert [(await allo.queue(email=queue).state()).size for queue in queues] == [9, 8, 8]


async def test_server_replies_with_whole_entries(url):
    """A result of the memory's measure has the fields of a whole entry, at positions that go on between requests."""
    async with loads.client(url) as allo:
        queue = allo.queue(email=loads.fresh_queue())
        results = [await queue.append(rows, region="US") for rows in (clean_rows(2), messy_rows(4)[2:])]

    assert [row.position for result in results for row in result.added] == [0, 1, 2, 3]
    assert {row.sync_status for result in results for row in result.added} == {"NOT_SYNCED"}
