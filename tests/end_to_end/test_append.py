import asyncio

import aiohttp
import pytest

from allo_async import AlloClient, Contact, QueueFullError, RowSourceError, errors
from allo_async.sandbox import Sandbox, faults
from tests.clocks import ManualClock
from tests.end_to_end.numbers import fates, us_numbers


async def test_three_kinds_of_rows_go_in_and_are_told_apart(sandbox, allo):
    """Strings, mappings and contacts are added, bad ones skipped, each by its index."""
    rows = [
        "+1 (212) 555-0010",
        {"number": "06 12 34 56 78", "name": "Marie"},
        "not a number",
        Contact("+44 20 7946 0958", company="Acme Inc"),
        {"number": "+12125550010"},
        {"phone": "+12125550011"},
        "+1 123 456 7890",
    ]

    result = await allo.queue(email=sandbox.users[1].email).append(rows, region="FR")

    assert sandbox.numbers(sandbox.users[1].email) == ["+12125550010", "+33612345678", "+442079460958"]
    assert [(row.index, row.number_to, row.position) for row in result.added] == [
        (0, "+12125550010", 0),
        (1, "+33612345678", 1),
        (3, "+442079460958", 2),
    ]
    assert [(row.index, row.reason, row.source) for row in result.skipped] == [
        (2, "INVALID_PHONE_NUMBER", "client"),
        (4, "DUPLICATE_NUMBER", "client"),
        (5, "INVALID_CONTACT", "client"),
        (6, "INVALID_PHONE_NUMBER", "server"),
    ]
    reasons = "2 INVALID_PHONE_NUMBER, 1 DUPLICATE_NUMBER, 1 INVALID_CONTACT"
    assert result.summary() == f"7 rows: 3 added, 4 skipped ({reasons}), 0 pending, 0 in doubt"


async def test_national_number_is_read_by_the_server(sandbox, allo):
    """Without a region, a national number is sent as written and its answer finds its row."""
    result = await allo.queue().append(["(212) 555-0010", "+33612345678"])

    assert [(row.index, row.number_to) for row in result.added] == [(0, "+12125550010"), (1, "+33612345678")]
    assert sandbox.ledger.appends[0].rows == ["(212) 555-0010", "+33612345678"]


async def test_chunks_go_in_order_one_at_a_time(sandbox, allo):
    """A list larger than a chunk is cut, and its positions follow the input."""
    numbers = us_numbers(950)

    result = await allo.queue().append(numbers, chunk_size=100)

    assert sandbox.numbers() == numbers
    assert [row.position for row in result.added] == list(range(950))
    assert [row.index for row in result.added] == list(range(950))
    assert [len(request.rows) for request in sandbox.ledger.appends] == [100] * 9 + [50]


async def test_appends_to_one_queue_take_turns(clock):
    """Calls at the same time on one queue never conflict, however its teammate's address is written."""
    async with (
        Sandbox(clock=clock, append_seconds_per_row=0.05, write_per_second=None) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, merge_appends=False) as allo,
    ):
        sandbox_user = sandbox.users[1].email
        addresses = [sandbox_user, sandbox_user.upper(), sandbox_user]
        results = await asyncio.gather(
            *(
                allo.queue(email=address).append(us_numbers(30, 100 * call), chunk_size=10)
                for call, address in enumerate(addresses)
            )
        )

    assert [request.status for request in sandbox.ledger.appends] == [200] * 9
    assert sorted(sandbox.numbers(sandbox_user)) == sorted(n for call in range(3) for n in us_numbers(30, 100 * call))
    for result in results:
        positions = [row.position for row in result.added]
        assert positions == sorted(positions)


async def test_overfull_list_fills_the_queue_and_tells_the_rest(sandbox, allo):
    """The first 1,000 go in, QueueFullError tells the rest as pending, and the rest is good for the next call."""
    numbers = us_numbers(1_300)

    with pytest.raises(QueueFullError) as caught:
        await allo.queue().append(numbers)

    result = caught.value.result
    assert sandbox.numbers() == numbers[:1000]
    assert [row.index for row in result.added] == list(range(1000))
    assert [row.index for row in result.pending] == list(range(1000, 1300))
    assert caught.value.code == "DIALING_QUEUE_LIMIT_REACHED"
    assert "1300 rows: 1000 added, 0 skipped, 300 pending, 0 in doubt" in str(caught.value)

    rest = await allo.queue(email=sandbox.users[1].email).append(row.contact for row in result.pending)
    assert sandbox.numbers(sandbox.users[1].email) == numbers[1000:]
    assert len(rest.added) == 300


async def test_repeats_behind_the_brim_are_not_pending(sandbox, allo):
    """A repeat of a row that went in is skipped even where the list behind the brim was never sent."""
    numbers = us_numbers(1_005)

    with pytest.raises(QueueFullError) as caught:
        await allo.queue().append([*numbers, numbers[0], "nonsense", numbers[1_004]])

    assert [row.index for row in caught.value.result.pending] == list(range(1000, 1005))
    assert [(row.index, row.reason) for row in caught.value.result.skipped] == [
        (1005, "DUPLICATE_NUMBER"),
        (1006, "INVALID_PHONE_NUMBER"),
        (1007, "DUPLICATE_NUMBER"),
    ]


async def test_too_large_request_is_halved(clock):
    """A server that takes fewer rows at once gets them, in order, and later chunks are cut to what it takes."""
    async with Sandbox(clock=clock, max_rows_per_request=100, write_per_second=None) as sandbox:
        async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo:
            numbers = us_numbers(900)

            result = await allo.queue().append(numbers, chunk_size=300)

        assert sandbox.numbers() == numbers
        assert [row.index for row in result.added] == list(range(900))
        refused = [len(request.rows) for request in sandbox.ledger.appends if request.status == 413]
        assert refused == [300, 150]


async def test_too_large_for_a_moment_is_not_for_ever(sandbox, allo):
    """After a gateway's refusals, which say nothing of the server, requests grow again."""
    sandbox.script(faults.error(413, "BATCH_TOO_LARGE"), times=9)

    await allo.queue().append(us_numbers(900))

    assert sandbox.numbers() == us_numbers(900)
    assert len(sandbox.ledger.appends) <= 9 + 30


async def test_single_row_that_is_too_large_is_pending(sandbox, allo):
    """Where even one row is too large, the call ends and nothing is lost."""
    sandbox.script(faults.error(413, "BATCH_TOO_LARGE"), times=5)

    with pytest.raises(errors.RequestTooLargeError) as caught:
        await allo.queue().append(us_numbers(3))

    assert fates(caught.value.result) == {0: "pending", 1: "pending", 2: "pending"}


async def test_pace_stays_below_the_limit():
    """All queues of a client together let at most five requests leave in any second; the caller's trace sees them."""
    clock, departures = ManualClock(), []

    async def on_request_start(session, context, params):
        if params.method == "POST":
            departures.append(clock.monotonic())

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(on_request_start)
    async with (
        Sandbox(clock=clock) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, trace_configs=[trace]) as allo,
    ):
        emails = [user.email for user in sandbox.users[:3]]
        await asyncio.gather(*(allo.queue(email=email).append(us_numbers(80), chunk_size=10) for email in emails))

    assert len(departures) >= 24
    assert max(sum(first <= other < first + 1 for other in departures) for first in departures) == 5


async def test_any_iterable_will_do(sandbox, allo):
    """Generators, sets, async generators: whatever can be iterated."""

    async def later():
        for number in us_numbers(5):
            await asyncio.sleep(0)
            yield number

    result = await allo.queue().append(later(), chunk_size=2)
    more = await allo.queue().append(number for number in us_numbers(3, 50))

    assert len(result.added), len(more.added) == (5, 3)
    assert sandbox.numbers() == us_numbers(5) + us_numbers(3, 50)


@pytest.mark.parametrize("rows", ["+12125550010", {"number": "+12125550010"}, Contact("+12125550010"), 5, None])
async def test_single_row_is_not_a_list(allo, rows):
    """A row passed instead of a list of rows is an error, not eleven one-digit numbers."""
    with pytest.raises(TypeError, match="rows"):
        await allo.queue().append(rows)


async def test_empty_list_sends_nothing(sandbox, allo):
    """No rows, no request."""
    result = await allo.queue().append([])

    assert (result.totals.rows, sandbox.ledger.requests) == (0, [])


async def test_only_bad_rows_send_nothing(sandbox, allo):
    """A list of bad rows alone is told without a request."""
    result = await allo.queue().append(["", "nope", {}, None])

    assert (len(result.skipped), sandbox.ledger.requests) == (4, [])


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_source_that_raises_loses_nothing(sandbox, allo, asynchronous):
    """When the caller's iterable raises, the error says where, and the rows before it are accounted for."""

    def rows():
        yield from us_numbers(25)
        raise OSError("the disk is gone")

    async def rows_later():
        for row in rows():
            yield row

    with pytest.raises(RowSourceError, match=r"row 25 with OSError: the disk is gone") as caught:
        await allo.queue().append(rows_later() if asynchronous else rows(), chunk_size=10)

    assert isinstance(caught.value.__cause__, OSError)
    assert fates(caught.value.result) == dict.fromkeys(range(20), "added") | dict.fromkeys(range(20, 25), "pending")
    assert sandbox.numbers() == us_numbers(20)


async def test_unknown_teammate_is_told_and_never_replaced(sandbox, allo):
    """A teammate that nobody knows is an error with everything pending; the key owner's queue stays empty."""
    with pytest.raises(errors.AssigneeNotFoundError) as caught:
        await allo.queue(email="nobody@acme.com").append(us_numbers(2))

    assert fates(caught.value.result) == {0: "pending", 1: "pending"}
    assert caught.value.suggestion
    assert sandbox.numbers() == []


async def test_wrong_revoked_and_small_keys_have_their_errors(sandbox, clock):
    """Each way in which a key is no good has its class, its code and a request id."""
    revoked = sandbox.add_key()
    sandbox.revoke_key(revoked)
    cases = {
        "ak_test_unknown": (errors.AuthenticationError, "API_KEY_INVALID"),
        revoked: (errors.AuthenticationError, "API_KEY_REVOKED"),
        sandbox.add_key(scopes=("USERS_READ",)): (errors.InsufficientScopeError, "API_KEY_INSUFFICIENT_SCOPE"),
        sandbox.add_key(trial=True): (errors.PermissionDeniedError, "API_KEY_TRIAL_NOT_ALLOWED"),
    }
    for key, (kind, code) in cases.items():
        async with AlloClient(key, base_url=sandbox.url, clock=clock, timeout=250) as allo:
            with pytest.raises(kind) as caught:
                await allo.queue().append(us_numbers(1))
        assert (caught.value.code, caught.value.request_id[:4]) == (code, "req_")
        assert key not in str(caught.value)


async def test_deadline_ends_the_call_with_full_accounts(sandbox, allo):
    """A deadline leaves the chunk in flight in doubt and the rest pending."""
    sandbox.script(faults.commit_and_stall(), at=2)

    with pytest.raises(errors.DeadlineExceededError) as caught:
        await allo.queue().append(us_numbers(30), chunk_size=10, deadline=25)

    expected = dict.fromkeys(range(10), "added") | dict.fromkeys(range(10, 20), "in doubt")
    assert fates(caught.value.result) == expected | dict.fromkeys(range(20, 30), "pending")


async def test_deadline_leaves_no_time_for_a_long_wait(sandbox, allo):
    """A wait that would end after the deadline is not begun: the refusal itself is raised, rows pending."""
    sandbox.script(faults.rate_limited(seconds=60), times=1)

    with pytest.raises(errors.RateLimitedError) as caught:
        await allo.queue().append(us_numbers(2), deadline=30)

    assert fates(caught.value.result) == {0: "pending", 1: "pending"}


async def test_stream_yields_a_result_a_chunk(sandbox, allo):
    """A stream gives each chunk's result with indexes over the whole input, and keeps totals."""
    rows = [*us_numbers(25), "nonsense"]

    async with allo.queue().append_stream(rows, chunk_size=10) as stream:
        batches = [batch async for batch in stream]

    assert [[row.index for row in batch.added] for batch in batches] == [
        list(range(10)),
        list(range(10, 20)),
        list(range(20, 25)),
    ]
    assert [row.index for row in batches[2].skipped] == [25]
    assert str(stream.totals) == "25 added, 1 skipped, 0 pending, 0 in doubt"


async def test_stream_takes_rows_as_it_sends_them(sandbox, allo):
    """A consumer that stops leaves the source untouched beyond the chunk that was prepared ahead, and knows of that."""
    source = iter(us_numbers(100))

    async with allo.queue().append_stream(source, chunk_size=10) as stream:
        seen = 0
        async for _ in stream:
            seen += 1
            if seen == 3:
                break

    assert next(source) == us_numbers(100)[40]
    assert fates(stream.unfinished) == dict.fromkeys(range(30, 40), "pending")
    assert str(stream.totals) == "30 added, 0 skipped, 10 pending, 0 in doubt"
    assert sandbox.numbers() == us_numbers(30)


async def test_cancelled_stream_still_tells(sandbox, allo):
    """After a cancellation the stream tells the fate of every row that it took."""
    sandbox.script(faults.commit_and_stall(), at=2)
    stream = allo.queue().append_stream(us_numbers(50), chunk_size=10)

    async def consume():
        async with stream:
            async for _ in stream:
                pass

    task = asyncio.create_task(consume())
    while len(sandbox.numbers()) < 20:
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert str(stream.totals) == "10 added, 0 skipped, 10 pending, 10 in doubt"
    assert fates(stream.unfinished) == dict.fromkeys(range(10, 20), "in doubt") | dict.fromkeys(
        range(20, 30), "pending"
    )


async def test_client_serves_a_second_loop(sandbox, clock):
    """One client used from another event loop makes a session of its own there."""
    allo = AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock)
    await allo.queue().append(us_numbers(1))

    def elsewhere():
        async def load():
            result = await allo.queue().append(us_numbers(1, 1))
            await allo._sessions.current().close()
            return result

        return asyncio.run(load())

    result = await asyncio.to_thread(elsewhere)
    await allo.close()

    assert [row.position for row in result.added] == [1]


async def test_stopped_stream_ends_in_order(sandbox, allo):
    """stop() lets the chunk under way finish; what was prepared ahead is told as pending."""
    batches = []

    async with allo.queue().append_stream(us_numbers(50), chunk_size=10) as stream:
        async for batch in stream:
            batches.append(batch)
            stream.stop()

    assert [str(batch.totals) for batch in batches] == ["10 added, 0 skipped, 0 pending, 0 in doubt"]
    assert fates(stream.unfinished) == dict.fromkeys(range(10, 20), "pending")
    assert sandbox.numbers() == us_numbers(10)


async def test_next_chunk_is_prepared_while_one_is_under_way(sandbox, allo):
    """While the server takes its time, the source gives one chunk more, and no further."""
    sandbox.script(faults.stall(), at=1)
    source = iter(us_numbers(50))
    stream = allo.queue().append_stream(source, chunk_size=10)
    loading = asyncio.create_task(anext(stream))
    while not sandbox.ledger.appends:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)

    assert next(source) == us_numbers(50)[20]

    loading.cancel()
    await asyncio.wait({loading})


async def test_end_does_not_wait_for_a_source_that_gives_nothing(sandbox, allo):
    """Leaving a stream, or its deadline, ends it although its source keeps it waiting."""

    async def rows():
        for number in us_numbers(10):
            yield number
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        async with allo.queue().append_stream(rows(), chunk_size=10) as stream:
            async for _ in stream:
                break
        with pytest.raises(errors.DeadlineExceededError):
            await allo.queue().append(rows(), chunk_size=4, deadline=25)

    assert str(stream.totals) == "10 added, 0 skipped, 0 pending, 0 in doubt"


async def test_loads_that_begin_together_leave_one_after_the_other(sandbox, allo):
    """The rows of the first are all taken before those of the second, whose request could not leave earlier."""
    pulled = []

    def source(place):
        for number in us_numbers(1_000, 1_000 * place):
            pulled.append(place)
            yield number

    await asyncio.gather(
        *(allo.queue(email=user.email).append(source(place)) for place, user in enumerate(sandbox.users[:3]))
    )

    assert pulled == [0] * 1_000 + [1] * 1_000 + [2] * 1_000


async def test_slow_source_holds_up_no_list(sandbox, allo):
    """A load that waits for its rows keeps none waiting whose rows are there."""
    given = asyncio.Event()

    async def source():
        await given.wait()
        yield us_numbers(1)[0]

    slow = asyncio.create_task(allo.queue().append(source()))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        result = await allo.queue(email=sandbox.users[1].email).append(us_numbers(3))
    given.set()

    assert len(result.added) == 3
    assert len((await slow).added) == 1
