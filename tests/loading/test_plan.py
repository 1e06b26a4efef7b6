"""What a load would do, against queues that are nearly full."""

import pytest

from allo_async import AlloClient, errors
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import us_numbers
from tests.loading.watching import sizes

CAPACITY = 20
MARIE, TOM, ANA = "marie@acme.example", "tom@acme.example", "ana@acme.example"

# The API skips it: it has the form of a number, and no such area exists.
UNLIKELY = "+1 123 456 7890"

LOOK = "look"


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    async with Sandbox(clock=clock, write_per_second=None, read_per_second=None, capacity=CAPACITY) as sandbox:
        yield sandbox


@pytest.fixture(name="allo")
async def _allo(sandbox, clock):
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, queue_capacity=CAPACITY) as client:
        yield client


def steps(plan):
    """The requests in short: a look, how many rows are sent, or minus how many are refused."""
    return [
        LOOK if request.method == "GET" else -request.rows if request.refused else request.rows
        for request in plan.requests
    ]


@pytest.mark.parametrize(
    ("held", "chunk_size", "expected", "pending"),
    [
        (0, 1_000, [LOOK, 12], 0),
        (0, 5, [LOOK, 5, 5, 2], 0),
        (8, 5, [LOOK, 5, 5, 2], 0),
        (8, 12, [LOOK, 12], 0),
        (9, 12, [LOOK, -12, LOOK, 11], 1),
        (9, 5, [LOOK, 5, 5, -2, LOOK, 1], 1),
        (15, 4, [LOOK, 4, -4, LOOK, 1], 7),
        (15, 5, [LOOK, 5, -5, LOOK], 7),
        (20, 5, [LOOK, -5, LOOK], 12),
    ],
)
async def test_plan_ends_where_the_queue_is_full(sandbox, allo, held, chunk_size, expected, pending):
    """Whole chunks are planned until one is refused, then what the room holds, and the rest stays pending."""
    sandbox.fill(None, held)

    plan = await allo.queue().plan(us_numbers(12), chunk_size=chunk_size)

    assert steps(plan) == expected
    assert (plan.rows, plan.room, plan.pending) == (12, CAPACITY - held, pending)
    assert plan.sent == 12 - pending
    assert sandbox.ledger.appends == []


@pytest.mark.parametrize(
    ("held", "expected", "pending"),
    [
        (15, [LOOK, 7], 0),
        (16, [LOOK, -7, LOOK, 4, 2], 1),
        (18, [LOOK, -7, LOOK, 2, 1, 1], 3),
        (20, [LOOK, -7, LOOK], 7),
    ],
)
async def test_rows_that_the_server_will_skip_take_no_room(sandbox, allo, held, expected, pending):
    """Numbers that are none are sent, as the server decides, and take no room in the plan, nor in the load."""
    sandbox.fill(None, held)
    numbers = us_numbers(5)
    rows = [numbers[0], UNLIKELY, UNLIKELY, *numbers[1:]]

    plan = await allo.queue().plan(rows, keep_duplicates=True)
    result = await allo.queue().append(rows, keep_duplicates=True, on_full_queue="stop")

    assert steps(plan) == expected
    assert [abs(step) for step in expected if step != LOOK] == sizes(sandbox)
    assert plan.pending == pending == len(result.pending)


async def test_rows_that_are_not_sent_are_counted_by_reason(allo):
    """A plan has the reason of each row that would not be sent, the most frequent first."""
    number = us_numbers(1)[0]

    plan = await allo.queue().plan([{}, number, number, number, "nope", "no", "none"])

    assert plan.skipped == {"INVALID_PHONE_NUMBER": 3, "DUPLICATE_NUMBER": 2, "INVALID_CONTACT": 1}
    assert list(plan.skipped) == ["INVALID_PHONE_NUMBER", "DUPLICATE_NUMBER", "INVALID_CONTACT"]
    assert (plan.rows, plan.sent, plan.pending) == (7, 1, 0)


@pytest.mark.parametrize("rows", [[], ["nope"]])
async def test_nothing_to_send_is_nothing_to_ask(allo, rows):
    """Without a row to send, no request is planned."""
    plan = await allo.queue().plan(rows)
    assert (plan.requests, plan.sent, plan.room) == ((), 0, CAPACITY)


async def test_tail_that_is_known_is_not_looked_at(sandbox, allo):
    """After an append the client knows what stands last, so that the plan of the next one starts with the append."""
    await allo.queue().append(us_numbers(1))
    assert steps(await allo.queue().plan(us_numbers(3, 10))) == [3]
    assert steps(await allo.queue(email=MARIE).plan(us_numbers(3, 10))) == [LOOK, 3]


@pytest.mark.parametrize(("held", "expected"), [(0, 1), (100, 1), (101, 2), (250, 2)])
async def test_last_entry_of_a_long_queue_takes_two_looks(clock, held, expected):
    """What stands last is on the first page, or takes a second look."""
    async with (
        Sandbox(clock=clock, read_per_second=None) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo,
    ):
        sandbox.fill(None, held)
        plan = await allo.queue().plan(us_numbers(1))
        spread = await allo.plan(us_numbers(1), over=[allo.queue(), allo.queue(email=MARIE)])
    assert steps(plan) == [LOOK] * expected + [1]
    assert steps(spread) == [LOOK] * (expected + 1) + [1]


@pytest.mark.parametrize(("held", "pages"), [(0, 1), (100, 1), (101, 2), (250, 3)])
async def test_pages_that_are_read_to_skip_are_planned(clock, held, pages):
    """With skip_queued each page of the queue is a look, and its numbers are skipped."""
    async with (
        Sandbox(clock=clock, read_per_second=None) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo,
    ):
        sandbox.fill(None, held)
        queued = sandbox.numbers()[-2:]
        plan = await allo.queue().plan([*us_numbers(3), *queued], skip_queued=True)
    assert steps(plan) == [LOOK] * (pages + (2 if held > 100 else 1)) + [3]
    assert plan.skipped == ({"ALREADY_QUEUED": 2} if held else {})


async def test_capacity_that_a_refusal_named_is_planned_with(sandbox, clock):
    """Without queue_capacity a plan takes the queue for larger than it is, until the server has named its capacity."""
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo:
        before = await allo.queue(email=MARIE).plan(us_numbers(30))
        await allo.queue().append(us_numbers(30), on_full_queue="stop")
        after = await allo.queue(email=MARIE).plan(us_numbers(30))
    assert (before.room, before.pending) == (1_000, 0)
    assert (after.room, after.pending) == (CAPACITY, 10)


async def test_iterable_that_raises_ends_the_plan(sandbox, allo):
    """A source that fails is an error of the plan, as of the load."""

    def rows():
        yield us_numbers(1)[0]
        raise OSError("unreadable")

    with pytest.raises(errors.RowSourceError, match="unreadable"):
        await allo.queue().plan(rows())


async def test_queue_that_cannot_be_read_has_no_plan(sandbox, allo):
    """An unknown teammate, or a key that may not look, is an error of the plan, of a queue and of several."""
    nobody = allo.queue(email="nobody@acme.example")
    for ask in (nobody.plan(us_numbers(1)), allo.plan(us_numbers(1), over=[allo.queue(), nobody])):
        with pytest.raises(errors.AssigneeNotFoundError):
            await ask
    sandbox.script(faults.error(403, "FORBIDDEN"), method="GET")
    with pytest.raises(errors.PermissionDeniedError):
        await allo.queue().plan(us_numbers(1))


@pytest.mark.parametrize(
    ("strategy", "chunk_size", "expected", "pending"),
    [
        # Room for 3, 8 and 0: the small one is filled on the way.
        ("even", 1_000, [3, 6], 0),
        ("even", 2, [2, 1, 2, 2, 2], 0),
        ("fill", 1_000, [3, 6], 0),
        ("fill", 4, [3, 4, 2], 0),
    ],
)
async def test_spread_is_planned_queue_by_queue(sandbox, allo, strategy, chunk_size, expected, pending):
    """A look at each queue, then the chunks of each, and none for a queue that is full."""
    for email, held in ((MARIE, 17), (TOM, 12), (ANA, CAPACITY)):
        sandbox.fill(email, held)
    over = [allo.queue(email=email) for email in (MARIE, TOM, ANA)]

    plan = await allo.plan(us_numbers(9), over=over, strategy=strategy, chunk_size=chunk_size)

    assert steps(plan) == [LOOK] * 3 + expected
    assert (plan.room, plan.pending, plan.rows) == (11, pending, 9)
    assert not any(request.refused for request in plan.requests)
    assert sandbox.ledger.appends == []


@pytest.mark.parametrize(("strategy", "expected"), [("even", [2, 2, 1]), ("fill", [5])])
async def test_strategies_differ_where_there_is_room(allo, strategy, expected):
    """`even` plans as many rows for each queue, `fill` as many as one holds."""
    over = [allo.queue(email=email) for email in (MARIE, TOM, ANA)]
    plan = await allo.plan(us_numbers(5), over=over, strategy=strategy)
    assert steps(plan) == [LOOK] * 3 + expected


async def test_spread_leaves_over_what_no_queue_holds(sandbox, allo):
    """Rows beyond the room of all queues stay pending, and those that a queue has already are skipped."""
    await allo.queue(email=TOM).append(us_numbers(18))
    over = [allo.queue(email=email) for email in (MARIE, TOM)]

    plan = await allo.plan(us_numbers(45), over=over, skip_queued=True)

    assert steps(plan) == [LOOK] * 4 + [20, 2]
    assert (plan.skipped, plan.room, plan.pending, plan.sent) == ({"ALREADY_QUEUED": 18}, 22, 5, 22)
    assert plan.summary() == (
        "45 rows: 22 to send in 2 chunks, 18 skipped (18 ALREADY_QUEUED), 5 pending; room for 22, 6 requests, "
        "at least 0 s"
    )
