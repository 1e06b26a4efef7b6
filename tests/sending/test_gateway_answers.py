import pytest

from allo_async import AlloClient, AlloError
from allo_async.sandbox import Sandbox, faults

ROWS = ["+12125550010", "+12125550011"]
STATUSES = [
    301,
    303,
    308,
    400,
    401,
    402,
    403,
    404,
    405,
    408,
    409,
    410,
    413,
    418,
    421,
    422,
    425,
    429,
    431,
    499,
    503,
    600,
]


@pytest.fixture(name="sandbox", params=[True, False], ids=["keys honoured", "keys ignored"])
async def _sandbox(request):
    """A sandbox without limits, so that nothing waits."""
    honours = request.param
    async with Sandbox(write_per_second=None, read_per_second=None, honour_idempotency=honours) as sandbox:
        yield sandbox


def client(sandbox, clock, **options):
    return AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, **options)


@pytest.mark.parametrize("status", STATUSES)
async def test_gateway_answer_after_a_commit_hides_no_row(sandbox, clock, status):
    """A status without the API's envelope is not the API's word: the queue tells that the rows are in it, once."""
    async with client(sandbox, clock) as allo:
        sandbox.script(faults.html(status, commit=True), at=1)
        result = await allo.queue().append(ROWS)

    assert [row.index for row in result.added] == [0, 1]
    assert sandbox.numbers() == ROWS


@pytest.mark.parametrize("status", STATUSES)
async def test_gateway_answer_before_a_commit_leaves_rows_pending_or_sends_them(sandbox, clock, status):
    """Where the queue shows that nothing was carried out, no row is in doubt, and none goes in twice."""
    async with client(sandbox, clock) as allo:
        sandbox.script(faults.html(status), at=1)
        try:
            result = await allo.queue().append(ROWS)
        except AlloError as error:
            result = error.result

    assert not result.in_doubt
    assert len(sandbox.numbers()) == result.totals.added


@pytest.mark.parametrize("status", [303, 404, 408, 418, 429])
async def test_gateway_that_answers_the_look_too_leaves_doubt(sandbox, clock, status):
    """Where the queue cannot be read either, rows that are in it are never told to be pending."""
    async with client(sandbox, clock, retry_budget=2) as allo:
        sandbox.script(faults.html(status, commit=True), at=1)
        sandbox.script(faults.html(status), method="GET", at=range(2, 500))
        with pytest.raises(AlloError) as caught:
            await allo.queue().append(ROWS)

    assert not caught.value.result.pending
    assert sandbox.numbers() == ROWS


async def test_key_that_may_not_even_read_was_not_let_in(sandbox, clock):
    """A bare 401 of a write and of the look behind it leave the rows pending."""
    async with client(sandbox, clock) as allo:
        sandbox.script(faults.html(401), at=1)
        sandbox.script(faults.html(401), method="GET", times=500)
        with pytest.raises(AlloError) as caught:
            await allo.queue().append(ROWS)

    assert [row.index for row in caught.value.result.pending] == [0, 1]
    assert not sandbox.numbers()


async def test_write_that_cannot_be_looked_for_is_not_repeated_after_a_gateway_answer(sandbox, clock):
    """A clear by position takes one number off, also where a gateway hides that it did."""
    async with client(sandbox, clock) as allo:
        queue = allo.queue()
        await queue.append(ROWS)
        sandbox.script(faults.html(429, commit=True), method="DELETE", times=1)
        with pytest.raises(AlloError):
            await queue.clear(position=0)

    assert sandbox.numbers() == ROWS[1:]
