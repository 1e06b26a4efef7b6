"""The accounts of an append against a server that does whatever a server may do."""

import asyncio
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from allo_async import AlloError, AppendResult, Contact
from allo_async._loading.pending_append import AppendCall
from allo_async._loading.prepare import Preparer
from allo_async._loading.stream import AppendStream, drain
from allo_async._sending.call_limits import CallScopes
from allo_async._sending.key_state import KeyState, RateLimiters
from allo_async._sending.sender import Sender
from allo_async._sending.session import LoopSession
from allo_async.models import Assignee
from tests.clocks import ManualClock
from tests.loading.server_model import CAPACITY, MOVES, Server

GOOD = st.integers(0, 15).map(lambda place: f"+1212555{place:04d}")
BAD = st.sampled_from(["", "N/A", None, 5, {}, {"number": 3}, {"number": "+12125550001", "fax": "x"}, "12"])
ROWS = st.lists(
    st.one_of(GOOD, GOOD.map(lambda number: {"number": number, "name": "Jo"}), GOOD.map(Contact), BAD), max_size=30
)


async def load(server, rows, chunk_size, *, keep_duplicates=False, retry_budget=5.0):
    """Run the whole path over *server*; give what append would give or raise, and whether it raised."""
    clock = ManualClock()
    sender = Sender(server, RateLimiters(clock=clock), clock=clock, retry_budget=retry_budget)
    session = LoopSession(server, sender, CallScopes(clock), KeyState(RateLimiters(clock=clock)), clock)
    stream = AppendStream(
        rows,
        Assignee(),
        Preparer(region=None, keep_duplicates=keep_duplicates),
        lambda: session,
        lambda limits, log: AppendCall(Assignee(), limits, log, alone=True),
        clock=clock,
        chunk_size=chunk_size,
        deadline=None,
    )
    results = []
    try:
        async for result in stream:
            results.append(result)  # noqa: PERF401 - a comprehension would lose them all to an error
    except AlloError as error:
        results += [error.result, await drain(stream)]
    result = AppendResult()
    result.extend(*results)
    assert stream.totals == result.totals
    return result


def indexes(rows):
    return [row.index for row in rows]


@settings(max_examples=400, deadline=None)
@given(
    rows=ROWS,
    moves=st.lists(st.sampled_from(MOVES), max_size=12),
    chunk_size=st.integers(1, 9),
    keep_duplicates=st.booleans(),
    retry_budget=st.sampled_from([0.0, 0.5, 20.0]),
    honours=st.booleans(),
)
def test_every_row_has_one_fate_and_it_is_true(rows, moves, chunk_size, keep_duplicates, retry_budget, honours):
    """Whatever the server does, the four lists part the rows, and agree with what stands in the queue."""
    server = Server(moves, honours=honours)

    result = asyncio.run(load(server, rows, chunk_size, keep_duplicates=keep_duplicates, retry_budget=retry_budget))

    lists = (result.added, result.skipped, result.pending, result.in_doubt)
    assert sorted(index for fates in lists for index in indexes(fates)) == list(range(len(rows)))
    assert all(indexes(fates) == sorted(indexes(fates)) for fates in lists)
    # In order: the queue's positions follow the input.
    positions = [row.position for row in result.added]
    assert positions == sorted(positions)
    assert [server.queue[row.position] for row in result.added] == [row.number_to for row in result.added]
    # Nothing twice, and nothing in the queue of which it is not said that it may be there.
    counted = Counter(number for number in server.queue if number.startswith("+1212"))
    sent = Counter(row.number_to for row in result.added) + Counter(row.contact.number for row in result.in_doubt)
    assert not counted - sent
    if not keep_duplicates:
        assert max(counted.values(), default=1) == 1
        assert not {row.contact.number for row in result.pending} & counted.keys()


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(GOOD, max_size=30), chunk_size=st.integers(1, 9))
def test_honest_server_gets_every_number_once(rows, chunk_size):
    """Without trouble the queue holds the distinct numbers in the order of their first coming, up to its brim."""
    server = Server([])

    result = asyncio.run(load(server, rows, chunk_size))

    distinct = list(dict.fromkeys(rows))
    assert server.queue == distinct[: len(server.queue)]
    assert len(server.queue) == min(len(distinct), CAPACITY)
    assert len(result.pending) == len(distinct) - len(server.queue)
    assert len(result.skipped) == len(rows) - len(distinct)
