"""One list over a team."""

from collections import Counter
from functools import partial

import pytest

from allo_async import AlloClient, ConfigurationError, SpreadResult, errors
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import fates, us_numbers

HELD = [0, 150, 420, 700, 900]
ROOM = [1000 - held for held in HELD]


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    """A sandbox without limits: what is looked at here is what is sent, not when."""
    async with Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox:
        yield sandbox


@pytest.fixture(name="reps")
def _reps(sandbox):
    """Five reps with more or less in their queues already."""
    emails = [f"rep{place}@acme.example" for place in range(5)]
    for email, held in zip(emails, HELD, strict=True):
        sandbox.add_user(email)
        sandbox.fill(email, held)
    return emails


def check_against_ledger(sandbox, emails, numbers, result):
    """Every valid row stands in exactly one queue or is pending; nothing beyond the caps; shares tell the truth."""
    assert fates(result).keys() == set(range(len(numbers)))
    added = {row.index: row.number_to for row in result.added}
    queued = Counter(number for email in emails for number in sandbox.numbers(email) if number in set(numbers))
    assert queued == Counter(added.values())
    assert max(queued.values(), default=0) <= 1
    assert all(len(sandbox.numbers(email)) <= 1000 for email in emails)
    for email, share in zip(emails, result.shares, strict=True):
        own = [index for index in added if result.share_of(index) is share]
        assert len(own) == share.totals.added
        assert {added[index] for index in own} <= set(sandbox.numbers(email))


def in_order(sandbox, email, numbers):
    places = {number: place for place, number in enumerate(numbers)}
    own = [places[number] for number in sandbox.numbers(email) if number in places]
    return own == sorted(own)


@pytest.mark.parametrize("strategy", ["even", "fill"])
async def test_four_thousand_rows_over_five_reps(sandbox, allo, reps, strategy):
    """Both strategies fill what there is, keep each queue's order, and leave the rest pending."""
    numbers = us_numbers(4_000)

    result = await allo.spread(numbers, over=[allo.queue(email=rep) for rep in reps], strategy=strategy)

    check_against_ledger(sandbox, reps, numbers, result)
    assert len(result.added) == sum(ROOM) == 2_830
    assert all(len(sandbox.numbers(rep)) == 1000 for rep in reps)
    assert all(in_order(sandbox, rep, numbers) for rep in reps)
    assert sandbox.ledger.refused == []
    assert isinstance(result, SpreadResult)
    assert [row["added"] for row in result.table()] == ROOM


async def test_even_keeps_added_counts_level(sandbox, allo, reps):
    """Even dealing keeps the added counts within one of each other as far as room allows, skips notwithstanding."""
    numbers = [row for number in us_numbers(1_200) for row in (number, "+1 123 456 7890", "nope")][:3_000]

    result = await allo.spread(
        numbers, over=[allo.queue(email=rep) for rep in reps], strategy="even", keep_duplicates=True
    )

    assert [share.totals.added for share in result.shares] == [225, 225, 225, 225, 100]
    assert all(in_order(sandbox, rep, numbers) for rep in reps)
    assert sum(share.totals.skipped for share in result.shares) == 1_000
    assert result.skipped_by_reason() == {"INVALID_PHONE_NUMBER": 2_000}


async def test_fill_fills_one_after_another(sandbox, allo, reps):
    """Filling takes the queues in the order given."""
    result = await allo.spread(us_numbers(1_500), over=[allo.queue(email=rep) for rep in reps], strategy="fill")

    assert [share.totals.added for share in result.shares] == [1000, 500, 0, 0, 0]
    assert [result.share_of(index).email for index in (0, 999, 1000)] == [reps[0], reps[0], reps[1]]


@pytest.mark.parametrize("strategy", ["even", "fill"])
async def test_another_writer_fills_a_queue_meanwhile(sandbox, allo, reps, strategy):
    """What a queue turns out not to hold goes to the others."""
    numbers = us_numbers(2_000)

    def intrude(request):
        if len(sandbox.numbers(reps[1])) == HELD[1]:
            sandbox.fill(reps[1], 700)
        return False

    sandbox.script(faults.drop(), when=intrude)

    result = await allo.spread(numbers, over=[allo.queue(email=rep) for rep in reps], strategy=strategy)

    check_against_ledger(sandbox, reps, numbers, result)
    assert len(result.added) == 2_000
    assert [share.error for share in result.shares] == [None] * 5


@pytest.mark.parametrize("strategy", ["even", "fill"])
async def test_unknown_teammate_costs_the_others_nothing(sandbox, allo, reps, strategy):
    """A queue that nobody has takes no rows, its error is in the result, and the others get everything."""
    over = [allo.queue(email=reps[0]), allo.queue(email="nobody@acme.example"), allo.queue(email=reps[1])]

    result = await allo.spread(us_numbers(900), over=over, strategy=strategy)

    assert len(result.added) == 900
    assert isinstance(result.shares[1].error, errors.AssigneeNotFoundError)
    assert all(in_order(sandbox, rep, us_numbers(900)) for rep in reps[:2])


async def test_queue_that_fails_on_the_way(sandbox, allo, reps):
    """Rows of a queue that fails are dealt again; those that may have arrived there are in doubt, and stay."""
    sandbox.script(faults.drop(), when=lambda request: b'"rep0@' in request.body)
    sandbox.script(faults.error(403, "FORBIDDEN"), when=lambda request: b'"rep1@' in request.body)
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=sandbox._clock, retry_budget=1) as hasty:
        over = [hasty.queue(email=rep) for rep in reps[:3]]

        result = await hasty.spread(us_numbers(300), over=over)

    assert len(result.in_doubt) == 100
    assert len(result.added) == 200
    assert {result.share_of(row.index).email for row in result.in_doubt} == {reps[0]}
    assert [type(share.error) for share in result.shares] == [
        errors.ConnectionLostError,
        errors.PermissionDeniedError,
        type(None),
    ]
    assert not set(sandbox.numbers(reps[2])) & {row.contact.number for row in result.in_doubt}


async def test_second_deal_levels_what_the_first_left_uneven(clock):
    """Rows dealt again go first to whom the server skipped the most."""
    async with Sandbox(clock=clock, skips_queued=True, write_per_second=None) as sandbox:
        marie, tom, ana = (user.email for user in sandbox.users[1:])
        async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo:
            numbers = us_numbers(90)
            await allo.queue(email=marie).append(numbers[0:30:3])
            sandbox.script(faults.error(403, "FORBIDDEN"), when=lambda request: b'"ana@' in request.body)

            result = await allo.spread(numbers, over=[allo.queue(email=email) for email in (marie, tom, ana)])

        assert [share.totals.added for share in result.shares] == [40, 40, 0]
        assert result.skipped_by_reason() == {"ALREADY_IN_QUEUE": 10}


async def test_repeats_and_queued_numbers_are_dropped_across_queues(sandbox, allo, reps):
    """A number goes to one queue only, and to none when it stands in one of them."""
    await allo.queue(email=reps[3]).append(us_numbers(10))
    rows = [*us_numbers(30), *us_numbers(30)]

    result = await allo.spread(rows, over=[allo.queue(email=rep) for rep in reps], skip_queued=True)

    assert result.skipped_by_reason() == {"DUPLICATE_NUMBER": 20, "ALREADY_QUEUED": 20}
    assert len(result.added) == 20


async def test_deadline_accounts_for_everything(sandbox, allo, reps):
    """A deadline ends a spread with what was in flight in doubt, and a SpreadResult."""
    sandbox.script(faults.commit_and_stall(), when=lambda request: b'"rep0@' in request.body)

    with pytest.raises(errors.DeadlineExceededError) as caught:
        await allo.spread(us_numbers(300), over=[allo.queue(email=rep) for rep in reps[:3]], deadline=25)

    result = caught.value.result
    assert isinstance(result, SpreadResult)
    assert fates(result).keys() == set(range(300))
    assert (len(result.added), len(result.in_doubt)) == (200, 100)
    assert result.shares[0].totals.in_doubt == 100


async def test_whole_teams_that_fail_leave_everything_pending(allo):
    """Where no queue can be read, all rows are pending and each queue has its error."""
    result = await allo.spread(us_numbers(3), over=[allo.queue(email="a@x.example"), allo.queue(email="b@x.example")])

    assert fates(result) == dict.fromkeys(range(3), "pending")
    assert all(isinstance(share.error, errors.AssigneeNotFoundError) for share in result.shares)


@pytest.mark.parametrize("twice", [False, True])
async def test_queues_must_be_several_and_different(allo, twice):
    """No queue, or one named twice, is an error before anything is read."""
    over = [allo.queue(email="a@acme.example"), allo.queue(email="A@acme.example")] if twice else []

    with pytest.raises(ConfigurationError, match="over"):
        await allo.spread(us_numbers(1), over=over)


async def test_unknown_strategy_is_refused(sandbox, allo, reps):
    """A strategy that there is not is an error of a spread and of its plan, before anything is read."""
    over = [allo.queue(email=rep) for rep in reps]

    for ask in (allo.spread, allo.plan):
        with pytest.raises(ConfigurationError, match="'even' or 'fill'"):
            await ask(us_numbers(1), over=over, strategy="odd")
    assert sandbox.ledger.requests == []


async def test_spread_over_conflicts_and_limits(clock):
    """Conflicts and rate limits cost time, and nothing else."""
    async with Sandbox(clock=clock, conflict_rate=0.2, rate_limit_rate=0.1, seed=3) as sandbox:
        async with AlloClient(
            sandbox.api_key, base_url=sandbox.url, clock=clock, retry_budget=600, timeout=250
        ) as allo:
            emails = [user.email for user in sandbox.users]
            result = await allo.spread(
                us_numbers(1_000), over=[allo.queue(email=email) for email in emails], chunk_size=50
            )

        assert [share.totals.added for share in result.shares] == [250] * 4
        assert all(in_order(sandbox, email, us_numbers(1_000)) for email in emails)


@pytest.mark.parametrize("held", [0, 400, 930, 1000])
@pytest.mark.parametrize("chunk_size", [1000, 70])
async def test_plan_is_what_the_append_does(sandbox, allo, held, chunk_size):
    """On a quiet server, the plan's appends are the load's, one by one; it looks no more often than was planned."""
    sandbox.fill(None, held)
    rows = [*us_numbers(150), "+1 123 456 7890", "nope", us_numbers(1)[0], {}]

    plan = await allo.queue().plan(rows, chunk_size=chunk_size)
    asked = len(sandbox.ledger.requests)
    result = await allo.queue().append(rows, chunk_size=chunk_size, on_full_queue="stop")

    made = [(len(request.rows), request.status == 400) for request in sandbox.ledger.appends]
    assert [(request.rows, request.refused) for request in plan.requests if request.method == "POST"] == made
    looks = sum(request.method == "GET" for request in plan.requests)
    assert 1 <= len(sandbox.ledger.requests) - asked - len(made) <= looks
    assert (plan.rows, plan.pending, plan.room) == (154, len(result.pending), 1000 - held)
    assert plan.skipped == {"INVALID_PHONE_NUMBER": 1, "DUPLICATE_NUMBER": 1, "INVALID_CONTACT": 1}
    assert plan.sent == 151 - plan.pending
    assert asked == 1


async def test_plan_counts_what_is_read_to_skip(sandbox, allo, reps):
    """With skip_queued, the pages that are read first are in the plan, of an append and of a spread."""
    numbers, over = us_numbers(50), [allo.queue(email=rep) for rep in reps[:3]]
    await over[1].append(numbers[:20])

    for plan, load in (
        (over[1].plan, over[1].append),
        (partial(allo.plan, over=over), partial(allo.spread, over=over)),
    ):
        planned = await plan(numbers, skip_queued=True)
        asked = len(sandbox.ledger.requests)
        await load(numbers, skip_queued=True)

        made = Counter(request.method for request in sandbox.ledger.requests[asked:])
        assert Counter(request.method for request in planned.requests) == made
        assert "ALREADY_QUEUED" in planned.summary()


@pytest.mark.parametrize("strategy", ["even", "fill"])
async def test_plan_is_what_the_spread_does(sandbox, allo, reps, strategy, monkeypatch):
    """The plan of a spread knows its requests, its time and what is left pending."""
    # On a busy machine, a minute of the fast clock is over before the load is, and the tails are read anew.
    monkeypatch.setattr("allo_async._loading.tail.FRESH", 1e9)
    over, numbers = [allo.queue(email=rep) for rep in reps], us_numbers(3_000)

    plan = await allo.plan(numbers, over=over, strategy=strategy, chunk_size=100)
    asked = len(sandbox.ledger.requests)
    result = await allo.spread(numbers, over=over, strategy=strategy, chunk_size=100)

    made = Counter((request.method, len(request.rows)) for request in sandbox.ledger.requests[asked:])
    assert Counter((request.method, request.rows) for request in plan.requests) == made
    assert (plan.pending, plan.sent) == (len(result.pending), len(result.added))
    assert plan.least_seconds == (plan.chunks - 1) // 5
    assert "2830 to send" in str(plan)
