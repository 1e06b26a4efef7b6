"""Each way in which an answer can be lost, on each chunk, with the sandbox's ledger as the witness."""

import asyncio

import pytest

from allo_async import AlloClient, AlloError, errors
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import fates, us_numbers

FAULTS = {
    "refused": faults.error(500, "INTERNAL_SERVER_ERROR", retryable=True),
    "dropped": faults.drop(),
    "committed and dropped": faults.commit_and_drop(),
    "stalled": faults.stall(),
    "committed and stalled": faults.commit_and_stall(),
    "HTML 502": faults.html(502),
    "empty 503": faults.empty(503),
    "truncated JSON": faults.truncated_json(),
    "truncated body": faults.truncated_body(),
    "conflict": faults.conflict(),
    "429 in the body": faults.rate_limited(seconds=2),
    "429 in the header": faults.rate_limited(header="seconds"),
    "429 as a date": faults.rate_limited(header="date"),
    "429 without a word": faults.rate_limited(),
    "5xx after commit": faults.error(500, "INTERNAL_SERVER_ERROR", retryable=True, commit=True),
    "HTML 502 after commit": faults.html(502, commit=True),
    "HTML 504, and the answer kept": faults.html(504, commit=True, stored=True),
}


@pytest.fixture(name="allo")
async def _allo(sandbox, clock):
    """A client that gives up an attempt after half a real second, since some of these faults wait for just that."""
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=25, retry_budget=250) as client:
        yield client


@pytest.mark.parametrize("chunk", [1, 2, 3])
@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_lost_and_nothing_comes_twice(sandbox, allo, fault, chunk):
    """Whatever happens to a chunk once, the queue ends as if it had not."""
    numbers = us_numbers(30)
    sandbox.script(FAULTS[fault], at=chunk)

    result = await allo.queue().append(numbers, chunk_size=10)

    assert sandbox.numbers() == numbers
    assert [(row.index, row.position) for row in result.added] == [(place, place) for place in range(30)]


def impatient(sandbox, clock):
    return AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=25, retry_budget=2)


@pytest.mark.parametrize("fault", ["dropped", "stalled", "HTML 502", "empty 503"])
async def test_rows_are_in_doubt_when_the_budget_ends_first(sandbox, clock, fault):
    """Where the API itself never answered, the chunk may be on its way: it is in doubt, with the reason."""
    sandbox.script(FAULTS[fault], at=range(2, 100))
    async with impatient(sandbox, clock) as allo:
        with pytest.raises(AlloError) as caught:
            await allo.queue().append(us_numbers(30), chunk_size=10)

    expected = dict.fromkeys(range(10), "added") | dict.fromkeys(range(10, 20), "in doubt")
    assert fates(caught.value.result) == expected | dict.fromkeys(range(20, 30), "pending")
    assert sandbox.numbers() == us_numbers(10)
    assert {row.reason.partition(":")[0] for row in caught.value.result.in_doubt} == {
        "no answer told whether it arrived; the last attempt ended with"
    }
    assert len({request.idempotency_key for request in sandbox.ledger.appends[1:]}) == 1
    assert len({request.body for request in sandbox.ledger.appends[1:]}) == 1


async def test_rows_are_pending_when_the_api_itself_gave_up(sandbox, clock):
    """After the API's own 500, a look that finds nothing is the end of doubt."""
    sandbox.script(FAULTS["refused"], at=range(2, 100))
    async with impatient(sandbox, clock) as allo:
        with pytest.raises(errors.ServerError) as caught:
            await allo.queue().append(us_numbers(30), chunk_size=10)

    assert fates(caught.value.result) == dict.fromkeys(range(10), "added") | dict.fromkeys(range(10, 30), "pending")


@pytest.mark.parametrize(
    "fault", ["committed and dropped", "committed and stalled", "truncated JSON", "truncated body", "5xx after commit"]
)
async def test_lasting_loss_of_answers_is_no_hindrance(sandbox, clock, fault):
    """Where no answer ever comes through, the queue itself tells what landed."""
    sandbox.script(FAULTS[fault], at=range(2, 100))
    async with impatient(sandbox, clock) as allo:
        result = await allo.queue().append(us_numbers(30), chunk_size=10)

    assert fates(result) == dict.fromkeys(range(30), "added")
    assert sandbox.numbers() == us_numbers(30)
    assert result.recovered == 2


async def test_a_lost_answer_comes_back_whole(sandbox, allo):
    """The replay of a lost answer tells what was skipped as well as what was added."""
    sandbox.script(faults.commit_and_drop(), at=2)
    await allo.queue().append(["+12125550009"])

    result = await allo.queue().append(["+12125550010", "+1 123 456 7890", "+12125550011"])

    assert fates(result) == {0: "added", 1: "skipped", 2: "added"}
    assert result.recovered == 1
    assert [request.replayed for request in sandbox.ledger.appends] == [False, False, True]


async def test_no_connection_leaves_everything_pending(clock):
    """Where nobody listens, nothing was sent."""
    async with Sandbox(clock=clock) as sandbox:
        url, key = sandbox.url, sandbox.api_key
    async with AlloClient(key, base_url=url, clock=clock, retry_budget=1) as allo:
        with pytest.raises(errors.ConnectionFailedError) as caught:
            await allo.queue().append(us_numbers(3))

    assert fates(caught.value.result) == dict.fromkeys(range(3), "pending")


@pytest.mark.parametrize(
    "fault",
    [
        faults.unknown_fields(),
        faults.unknown_enum_values(),
        faults.reversed_order(),
        faults.made_up(3),
    ],
    ids=lambda fault: fault.name,
)
async def test_strange_but_honest_replies_are_understood(sandbox, allo, fault):
    """Fields, values and entries that nobody announced cost no row its answer."""
    sandbox.script(fault, at=1)

    result = await allo.queue().append(us_numbers(20))

    assert [(row.index, row.number_to) for row in result.added] == list(enumerate(us_numbers(20)))


async def test_made_up_skip_reason_is_inert(sandbox, allo):
    """A reason that moves the cursor, names a number or has no end is neither obeyed nor printed as it is."""
    sandbox.script(faults.unknown_skip_reason("\x1b[2J +12125550010 " + "x" * 10_000), at=1)

    result = await allo.queue().append(["+1 123 456 7890"])

    assert len(result.summary()) < 400
    assert "\x1b" not in result.skipped[0].reason
    assert "12125550010" not in str(result)


async def test_unknown_skip_reason_passes_through(sandbox, allo):
    """A reason that this version does not know is told as it came."""
    sandbox.script(faults.unknown_skip_reason("ON_DO_NOT_CALL_LIST"), at=1)

    result = await allo.queue().append([*us_numbers(2), "+1 123 456 7890"])

    assert [(row.index, row.reason, row.source) for row in result.skipped] == [(2, "ON_DO_NOT_CALL_LIST", "server")]


async def test_row_left_out_of_a_reply_is_in_doubt(sandbox, allo):
    """A row that the server does not mention is neither added nor forgotten."""
    sandbox.script(faults.leave_out(3, 7), at=1)

    result = await allo.queue().append(us_numbers(10))

    assert [row.index for row in result.in_doubt] == [3, 7]
    assert [row.index for row in result.added] == [0, 1, 2, 4, 5, 6, 8, 9]


async def test_three_reps_with_conflicts_and_rate_limits(clock):
    """2,500 rows over three reps: every valid number once, in order, each row with one fate."""
    async with Sandbox(clock=clock, conflict_rate=0.2, rate_limit_rate=0.1, seed=11) as sandbox:
        async with AlloClient(
            sandbox.api_key, base_url=sandbox.url, clock=clock, retry_budget=600, timeout=250
        ) as allo:
            reps = [user.email for user in sandbox.users[1:4]]
            lists = {rep: us_numbers(800, 1_000 * place) for place, rep in enumerate(reps)}
            for numbers in lists.values():
                numbers[10:10] = ["nope", numbers[3], "+1 123 456 7890", {"number": 5}]

            results = await asyncio.gather(
                *(allo.queue(email=rep).append(rows, chunk_size=100) for rep, rows in lists.items())
            )

        for rep, result in zip(reps, results, strict=True):
            valid = [row for row in lists[rep] if row not in ("nope", "+1 123 456 7890", {"number": 5})]
            assert sandbox.numbers(rep) == list(dict.fromkeys(valid))
            assert list(fates(result)) == list(range(804))
            assert (len(result.added), len(result.skipped)) == (800, 4)
        assert {409, 429} <= {request.status for request in sandbox.ledger.appends}


async def test_cancelling_between_attempts_and_during_one(sandbox, allo):
    """A cancelled append ends promptly and leaves no task behind."""
    sandbox.script(faults.stall(), times=1)
    task = asyncio.create_task(allo.queue().append(us_numbers(5)))
    while not sandbox.ledger.appends:
        await asyncio.sleep(0.001)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    result = await allo.queue().append(us_numbers(5))
    assert len(result.added) == 5
