"""Appends that wait for each other leave together, and each caller has a result of their own."""

import asyncio
import random

import pytest

from allo_async import AlloClient, AlloError, DeadlineExceededError, Journal, QueueFullError, RateLimitedError, errors
from allo_async.events import RateLimited
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.end_to_end.numbers import fates, us_numbers
from tests.loading.watching import sizes, until


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    """A sandbox whose appends take a while, so that others wait meanwhile."""
    async with Sandbox(
        clock=clock, write_per_second=500, read_per_second=2_000, latency=4, append_seconds_per_row=0.005
    ) as sandbox:
        yield sandbox


async def test_handlers_with_a_lead_each_cost_a_handful_of_requests(sandbox, allo):
    """Fifty calls at once are a request or two, in the order in which they came; each knows its own row."""
    numbers = us_numbers(50)

    results = await asyncio.gather(*(allo.queue().append([number]) for number in numbers))

    assert sorted(sandbox.numbers()) == numbers
    told = [(row.index, sandbox.numbers()[row.position]) for result in results for row in result.added]
    assert told == [(0, number) for number in numbers]
    assert len(sizes(sandbox)) <= 3
    assert sandbox.ledger.refused == []


async def test_each_call_has_its_own_rows_and_its_own_repeats(sandbox, allo):
    """Indexes count each call's own rows, and only what repeats within a call is a repeat."""
    shared = us_numbers(1)[0]
    lists = [[shared, "nope", *us_numbers(3, 10 * place), shared, "+1 123 456 7890"] for place in range(1, 5)]

    results = await asyncio.gather(*(allo.queue().append(rows) for rows in lists))

    for rows, result in zip(lists, results, strict=True):
        assert [(row.index, row.number_to) for row in result.added] == [(index, rows[index]) for index in (0, 2, 3, 4)]
        assert [(row.index, row.reason, row.source) for row in result.skipped] == [
            (1, "INVALID_PHONE_NUMBER", "client"),
            (5, "DUPLICATE_NUMBER", "client"),
            (6, "INVALID_PHONE_NUMBER", "server"),
        ]
    assert sandbox.numbers().count(shared) == 4
    assert len(sizes(sandbox)) <= 3


async def test_longest_wait_is_enough_for_callers_taken_along():
    """An append that will leave with another needs no place of its own, and is not refused for the lack of one."""
    # Slower than elsewhere: of its half a second to spare, a busy machine must not take all.
    clock = FastClock(5)
    async with (
        Sandbox(clock=clock, write_per_second=1) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo,
    ):
        first, *others = us_numbers(4)
        await allo.queue().append([first])
        results = await asyncio.gather(*(allo.queue().append([number], max_rate_limit_wait=1.5) for number in others))
        assert [len(result.added) for result in results] == [1, 1, 1]
        assert sizes(sandbox) == [1, 3]


async def test_rows_of_who_was_refused_are_not_taken_along(sandbox, allo):
    """A caller whose longest wait was too short for a pause has its rows back: nobody sends them later."""
    first, second, third = us_numbers(3)
    sandbox.script(faults.rate_limited(seconds=30), at=1)
    for number in (first, second):
        with pytest.raises(RateLimitedError) as caught:
            await allo.queue().append([number], max_rate_limit_wait=1)
        assert len(caught.value.result.pending) == 1

    assert len((await allo.queue().append([third])).added) == 1
    assert sandbox.numbers() == [third]


@pytest.mark.parametrize("merge", [True, False])
async def test_longest_wait_is_kept_behind_a_longer_one(sandbox, clock, merge):
    """While another append to the same queue waits out a rate limit, a caller that may wait less is refused at once."""
    sandbox.script(faults.rate_limited(seconds=30), at=1)
    (first, second), seen = us_numbers(2), []
    async with AlloClient(
        sandbox.api_key, base_url=sandbox.url, clock=clock, merge_appends=merge, observers=[seen.append]
    ) as allo:
        patient = asyncio.create_task(allo.queue().append([first]))
        await until(lambda: any(isinstance(event, RateLimited) for event in seen))
        with pytest.raises(RateLimitedError) as caught:
            await allo.queue().append([second], max_rate_limit_wait=1)
        assert not patient.done()
        assert len(caught.value.result.pending) == 1
        assert len((await patient).added) == 1
    assert sandbox.numbers() == [first]


async def test_queue_is_filled_in_the_order_of_arrival(sandbox, allo):
    """Those whose rows no longer fit have a QueueFullError of their own, and the queue is full to the brim."""
    sandbox.fill(None, 970)
    calls = [us_numbers(4, 10 * place) for place in range(12)]

    results = await asyncio.gather(*(allo.queue().append(rows) for rows in calls), return_exceptions=True)

    assert len(sandbox.numbers()) == 1_000
    full = [error for error in results if isinstance(error, QueueFullError)]
    assert len(full) == len({id(error) for error in full}) == 5
    assert sorted(str(error.result.totals) for error in full) == [
        *["0 added, 0 skipped, 4 pending, 0 in doubt"] * 4,
        "2 added, 0 skipped, 2 pending, 0 in doubt",
    ]
    # Whoever is ready first comes first, with all of their rows.
    order = [number[-3:-1] for number in sandbox.numbers()[970:]]
    assert order == sorted(order, key=order.index)
    assert len(sizes(sandbox)) <= 6


async def test_those_who_wait_for_room_go_on_alone(sandbox, allo):
    """Of calls that left together, one may wait for room while the other learns that there is none."""
    sandbox.fill(None, 998)
    calls = [
        allo.queue().append(us_numbers(3, 10 * place), on_full_queue=how, poll_interval=0.5)
        for place, how in enumerate(("stop", "wait", "stop"))
    ]
    first, second, third = await group_on_its_way(sandbox, allo, calls)

    assert [len(result.added) for result in (await first, await third)] == [1, 0]
    user = sandbox.users[0].id
    queue = sandbox._team.queue_of(user, user)
    queue.remove(queue.entries[:10], sandbox._now())
    assert len((await second).added) == 3


async def group_on_its_way(sandbox, allo, calls):
    """Start *calls* so that all but the first are in one request, which the server is carrying out."""
    first = asyncio.create_task(allo.queue().append(us_numbers(1, 900)))
    await until(lambda: len(sandbox.ledger.appends) == 1)
    tasks = [asyncio.create_task(call) for call in calls]
    await first
    await until(lambda: len(sandbox.ledger.appends) == 2)
    return tasks


async def consume(stream):
    async with stream:
        async for _ in stream:
            pass


async def test_one_who_is_cancelled_touches_no_other(sandbox, allo):
    """The others have their rows added; those of who has gone are in doubt, and may be there."""
    stream = allo.queue().append_stream(us_numbers(3, 100))
    others = [allo.queue().append(us_numbers(3, 10 * place)) for place in range(3)]
    gone, *rest = await group_on_its_way(sandbox, allo, [consume(stream), *others])

    gone.cancel()
    results = await asyncio.gather(*rest)

    assert gone.cancelled()
    assert str(stream.totals) == "0 added, 0 skipped, 0 pending, 3 in doubt"
    assert [len(result.added) for result in results] == [3, 3, 3]
    assert len(sandbox.numbers()) == 13


async def test_one_who_waits_behind_can_go(sandbox, allo):
    """A call that is cancelled before its rows left has them pending, and they never leave."""
    first = asyncio.create_task(allo.queue().append(us_numbers(5)))
    await until(lambda: len(sandbox.ledger.appends) == 1)
    stream = allo.queue().append_stream(us_numbers(3, 100))
    gone = asyncio.create_task(consume(stream))
    other = asyncio.create_task(allo.queue().append(us_numbers(3, 200)))
    await until(lambda: stream.totals.rows or gone.done() or len(sandbox.ledger.appends) == 1)
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(first, other)

    assert stream.totals.pending + stream.unfinished.totals.pending >= 3 or not stream.totals.rows
    assert sandbox.numbers() == [*us_numbers(5), *us_numbers(3, 200)]


async def test_request_that_nobody_waits_for_ends(sandbox, allo):
    """When all have gone, nothing is left running, and each of them has true accounts."""
    streams = [allo.queue().append_stream(us_numbers(2, 10 * place)) for place in range(3)]
    tasks = await group_on_its_way(sandbox, allo, [consume(stream) for stream in streams])

    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    assert [task for task in asyncio.all_tasks() if "AppendBatcher" in repr(task)] == []
    assert [str(stream.totals) for stream in streams] == ["0 added, 0 skipped, 0 pending, 2 in doubt"] * 3
    assert len((await allo.queue().append(us_numbers(2, 500))).added) == 2


async def test_deadline_of_one_leaves_the_others_their_time(sandbox, allo):
    """The one whose time is up is told so, and the request goes on for the rest."""
    sandbox.script(faults.stall(20), at=2)
    calls = [allo.queue().append(us_numbers(2), deadline=5), allo.queue().append(us_numbers(2, 10))]
    hasty, patient = await group_on_its_way(sandbox, allo, calls)

    with pytest.raises(DeadlineExceededError) as caught:
        await hasty

    assert fates(caught.value.result) == dict.fromkeys(range(2), "in doubt")
    assert len((await patient).added) == 2


async def test_error_is_each_caller_s_own(sandbox, allo):
    """A refusal of the request is raised to all who were in it, with their own accounts."""
    sandbox.script(faults.error(403, "FORBIDDEN"), at=2)
    calls = [allo.queue().append(us_numbers(place + 1, 10 * place)) for place in range(3)]
    tasks = await group_on_its_way(sandbox, allo, calls)

    failed = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(error) for error in failed] == [errors.PermissionDeniedError] * 3
    assert [len(error.result.pending) for error in failed] == [1, 2, 3]


async def test_error_does_not_concern_who_had_their_answer(sandbox, allo):
    """Where a group was cut, those whose rows got in before it failed have their result."""
    sandbox.script(faults.error(413, "BATCH_TOO_LARGE"), at=2)
    sandbox.script(faults.error(403, "FORBIDDEN"), at=4)
    calls = [allo.queue().append(us_numbers(2, 10 * place)) for place in range(3)]
    tasks = await group_on_its_way(sandbox, allo, calls)

    first, second, third = await asyncio.gather(*tasks, return_exceptions=True)

    assert len(first.added) == 2
    assert str(second.result.totals) == "1 added, 0 skipped, 1 pending, 0 in doubt"
    assert str(third.result.totals) == "0 added, 0 skipped, 2 pending, 0 in doubt"


@pytest.mark.parametrize(
    "fault",
    [faults.commit_and_drop(), faults.html(502, commit=True), faults.conflict(), faults.drop()],
    ids=lambda f: f.name,
)
async def test_lost_answer_of_many_is_found_for_each(sandbox, allo, fault):
    """What settles a lost answer settles it for all of them."""
    sandbox.script(fault, at=2)
    calls = [allo.queue().append(us_numbers(3, 10 * place)) for place in range(4)]

    results = await asyncio.gather(*await group_on_its_way(sandbox, allo, calls))

    assert [fates(result) for result in results] == [dict.fromkeys(range(3), "added")] * 4
    assert len(sandbox.numbers()) == 13


async def test_too_large_a_group_is_cut(clock):
    """A server that takes few rows at once gets few."""
    async with (
        Sandbox(clock=clock, write_per_second=500, latency=2, max_rows_per_request=7) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo,
    ):
        calls = [us_numbers(3, 10 * place) for place in range(8)]
        await asyncio.gather(*(allo.queue().append(rows) for rows in calls))

        assert sandbox.numbers() == [number for rows in calls for number in rows]


async def test_group_is_no_larger_than_a_request(clock):
    """Calls are taken along whole, as long as they fit into a thousand rows."""
    async with (
        Sandbox(clock=clock, write_per_second=500, latency=20, capacity=5_000) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo,
    ):
        calls = [us_numbers(240, 250 * place) for place in range(6)]
        first = asyncio.create_task(allo.queue().append(us_numbers(40, 2_000)))
        await until(lambda: len(sandbox.ledger.appends) == 1)

        await asyncio.gather(first, *(allo.queue().append(rows) for rows in calls))

        assert sizes(sandbox) == [40, 960, 480]


async def test_journaled_loads_and_merge_false_go_alone(sandbox, clock, allo, tmp_path):
    """What is written down keeps its key; and merging can be switched off."""
    journal = Journal(tmp_path / "x.db")
    loads = [allo.queue().append(us_numbers(2, 10 * place), journal=journal, load_id=str(place)) for place in range(3)]
    await asyncio.gather(*loads)
    async with AlloClient(
        sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, merge_appends=False
    ) as alone:
        await asyncio.gather(*(alone.queue().append(us_numbers(2, 100 + 10 * place)) for place in range(3)))

    assert sizes(sandbox) == [2] * 6
    assert sandbox.ledger.refused == []


@pytest.mark.parametrize("seed", range(12))
async def test_any_mixture_keeps_every_account_true(clock, seed):
    """Callers who come, go and run out of time, with faults on the way: each one's accounts agree with the ledger."""
    dice = random.Random(seed)
    async with (
        Sandbox(
            clock=clock,
            write_per_second=None,
            read_per_second=None,
            latency=0.2,
            max_rows_per_request=dice.choice([None, 5]),
            seed=seed,
        ) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=40, retry_budget=2_000) as allo,
    ):
        sandbox.fill(None, dice.choice([0, 940]))
        kinds = [faults.commit_and_drop(), faults.html(502, commit=True), faults.conflict(), faults.truncated_json()]
        for fault in dice.sample(kinds, 2):
            sandbox.script(fault, at=dice.randrange(1, 6))
        told = {}

        async def call(place):
            await asyncio.sleep(dice.random() * 0.02)
            numbers = us_numbers(dice.randrange(1, 9), 100 * place)
            stream = allo.queue().append_stream(numbers, chunk_size=dice.randrange(1, 9), on_full_queue="stop")
            results = []
            try:
                async with stream:
                    async for result in stream:
                        results.append(result)  # noqa: PERF401 - a cancellation would lose them all
            except AlloError as error:
                results.append(error.result)
            finally:
                told[place] = numbers, [*results, stream.unfinished]

        calls = [asyncio.create_task(call(place)) for place in range(20)]
        for task in dice.sample(calls, 5):
            await asyncio.sleep(dice.random() * 0.01)
            task.cancel()
        await asyncio.wait(calls)
        await clock.sleep(2)

        queue = sandbox.numbers()
        assert len(queue) == len(set(queue)) <= 1_000
        for numbers, results in told.values():
            fate = {index: fate for result in results for index, fate in fates(result).items()}
            for index, number in enumerate(numbers):
                there = number in queue
                assert (fate.get(index), there) in {
                    ("added", True),
                    ("pending", False),
                    ("in doubt", True),
                    ("in doubt", False),
                    (None, False),
                }
            places = [queue.index(number) for number in numbers if number in queue]
            assert places == sorted(places)
