"""An append that was refused for lack of room, after the queue had taken its first rows."""

import asyncio

import pytest

from allo_async import AppendResult, Journal, QueueFullError, errors
from allo_async.events import QueueFull
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import fates, us_numbers
from tests.loading.watching import looks, sizes, take_off

CAPACITY = 10

# The API skips it: it has the form of a number, and no such area exists.
UNLIKELY = "+1 123 456 7890"

# Their last digits are not those of the numbers that the sandbox fills queues with.
NUMBERS = us_numbers(6, 5_000)

THREE_ADDED = dict.fromkeys(range(3), "added") | dict.fromkeys(range(3, 6), "pending")


@pytest.fixture(name="sandbox", params=[{}])
async def _sandbox(clock, request):
    limits = {"write_per_second": None, "read_per_second": None, "capacity": CAPACITY, "partial_overflow": True}
    async with Sandbox(clock=clock, **(limits | request.param)) as sandbox:
        yield sandbox


async def refused(allo, rows=NUMBERS, **options):
    """The result of an append that the queue has no room for."""
    with pytest.raises(QueueFullError) as caught:
        await allo.queue().append(rows, **options)
    return caught.value.result


def after_refusal(sandbox, act, times=None):
    """Do something just before each read that follows the refusal, *times* at most."""
    acted = []

    def strike(request):
        if sandbox.ledger.refused and (times is None or len(acted) < times):
            acted.append(act())
        return False

    sandbox.script(faults.drop(), method="GET", when=strike)


def reasons(result):
    return {row.reason for row in result.in_doubt}


async def test_rows_that_were_taken_are_added(sandbox, allo, seen):
    """The first rows are added, the others are pending, and observers are told of the room that is left."""
    sandbox.fill(None, 7)

    result = await refused(allo)

    assert fates(result) == THREE_ADDED
    assert [row.position for row in result.added] == [7, 8, 9]
    assert sandbox.numbers()[7:] == NUMBERS[:3]
    assert result.recovered == 0
    assert [event.room for event in seen if isinstance(event, QueueFull)] == [0]
    assert sizes(sandbox) == [6]


async def test_queue_that_took_nothing_costs_one_look(sandbox, allo):
    """Where nothing stands behind the tail, one read says so, and all rows are pending."""
    sandbox.fill(None, CAPACITY)

    result = await refused(allo)

    assert fates(result) == dict.fromkeys(range(6), "pending")
    assert len(looks(sandbox)) == 2


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([NUMBERS[0], UNLIKELY, *NUMBERS[1:4]], ["added", "in doubt", "added", "added", "pending"]),
        ([UNLIKELY, UNLIKELY, *NUMBERS[:4]], ["in doubt", "in doubt", "added", "added", "added", "pending"]),
        ([*NUMBERS[:3], UNLIKELY, NUMBERS[3]], ["added", "added", "added", "pending", "pending"]),
    ],
)
async def test_row_that_the_server_skipped_among_those_it_took(sandbox, allo, rows, expected):
    """A row between those that were taken is not sent again; nothing tells why it is not in the queue."""
    sandbox.fill(None, 7)

    result = await refused(allo, rows, keep_duplicates=True)

    assert list(fates(result).values()) == expected
    assert all("the server skipped it" in row.reason for row in result.in_doubt)


@pytest.mark.parametrize("sandbox", [{"skips_queued": True}], indirect=True)
async def test_number_that_stood_there_before_is_skipped(sandbox, allo):
    """What the server left out since it was queued already is skipped, among rows that it took."""
    await allo.queue().append(NUMBERS[:2])
    sandbox.fill(None, 5)

    result = await refused(allo, [NUMBERS[2], NUMBERS[0], NUMBERS[3], NUMBERS[1], NUMBERS[4], NUMBERS[5]])

    assert list(fates(result).values()) == ["added", "skipped", "added", "skipped", "added", "pending"]
    assert [row.reason for row in result.skipped] == ["ALREADY_QUEUED"] * 2


async def test_rows_that_only_the_server_can_read_are_found_by_their_digits(sandbox, allo):
    """Numbers without a country code are found under the one that the server gave them."""
    sandbox.fill(None, 7)

    result = await refused(allo, [number.removeprefix("+1") for number in NUMBERS])

    assert fates(result) == THREE_ADDED
    assert [row.number_to for row in result.added] == NUMBERS[:3]


@pytest.mark.parametrize(("held", "doubtful"), [(7, 3), (10, 0)])
async def test_rows_behind_a_tail_that_nobody_knew_are_in_doubt(sandbox, allo, held, doubtful):
    """Where the queue could not be read before the append, rows that stand in it may be anybody's."""
    sandbox.fill(None, held)
    sandbox.script(faults.error(400, "BAD_REQUEST"), method="GET", at=1)

    result = await refused(allo)

    assert fates(result) == {index: "in doubt" if index < doubtful else "pending" for index in range(6)}
    assert all("what it held before is not known" in reason for reason in reasons(result))


async def test_rows_behind_a_tail_that_was_called_are_in_doubt(sandbox, allo):
    """Once the tail is taken off, nothing tells whose the rows are that stand in the queue; they are not sent again."""
    sandbox.fill(None, 7)
    after_refusal(sandbox, lambda: take_off(sandbox, 7), times=1)

    result = await refused(allo)

    assert [index for index, fate in fates(result).items() if fate == "in doubt"] == [0, 1, 2]
    assert sandbox.numbers() == NUMBERS[: 3 + len(result.added)]


async def test_refusal_of_rows_that_were_all_taken(sandbox, allo):
    """A refusal is no error where all rows turn out to be in the queue."""
    sandbox.script(faults.error(400, "DIALING_QUEUE_LIMIT_REACHED", commit=True))

    result = await allo.queue().append(NUMBERS)

    assert fates(result) == dict.fromkeys(range(6), "added")
    assert sandbox.numbers() == NUMBERS
    assert sizes(sandbox) == [6]


async def test_room_that_a_rep_makes_meanwhile_is_used(sandbox, allo):
    """A number that was called between the refusal and the look leaves room for one more row."""
    sandbox.fill(None, 7)
    after_refusal(sandbox, lambda: take_off(sandbox, 1), times=1)

    result = await refused(allo)

    assert fates(result) == dict.fromkeys(range(4), "added") | dict.fromkeys(range(4, 6), "pending")
    assert sandbox.numbers()[6:] == NUMBERS[:4]


@pytest.mark.parametrize("sandbox", [{"capacity": 150}], indirect=True)
async def test_queue_that_keeps_moving_leaves_its_rows_in_doubt(sandbox, allo):
    """Pages that move while they are read say nothing certain of any row, and no row is sent twice."""
    sandbox.fill(None, 147)
    after_refusal(sandbox, lambda: take_off(sandbox, 1))

    result = await allo.queue().append(NUMBERS)

    assert fates(result) == dict.fromkeys(range(6), "in doubt")
    assert all("moved faster than it could be read" in reason for reason in reasons(result))
    assert sizes(sandbox) == [6]


@pytest.mark.parametrize("read", [2, 3])
async def test_queue_that_cannot_be_read_leaves_its_rows_in_doubt(sandbox, allo, read):
    """Without a look nobody knows what was taken; the error of the read is raised."""
    sandbox.fill(None, 7)
    sandbox.script(faults.error(403, "FORBIDDEN"), method="GET", at=read)

    with pytest.raises(errors.PermissionDeniedError) as caught:
        await allo.queue().append(NUMBERS)

    result = caught.value.result
    assert fates(result) == dict.fromkeys(range(6), "in doubt")
    assert all("could not be read" in reason for reason in reasons(result))
    assert sizes(sandbox) == [6]


async def test_cancelled_while_it_looks(sandbox, allo):
    """A caller who leaves before the look is over has rows that are in doubt."""
    sandbox.fill(None, 7)
    result = AppendResult()
    append = asyncio.create_task(allo.queue().append(NUMBERS, into=result))
    after_refusal(sandbox, append.cancel, times=1)

    await asyncio.wait({append})

    assert append.cancelled()
    assert fates(result) == dict.fromkeys(range(6), "in doubt")


async def test_rest_of_the_rows_waits_for_room(sandbox, allo):
    """With on_full_queue="wait", rows that were taken are not sent again when there is room."""
    sandbox.fill(None, 7)
    looked = []

    def let_go():
        looked.append(1)
        # The first two looks after the refusal are those for what was taken.
        if len(looked) == 4:
            take_off(sandbox, 5)

    after_refusal(sandbox, let_go)

    result = await allo.queue().append(NUMBERS, on_full_queue="wait")

    assert fates(result) == dict.fromkeys(range(6), "added")
    assert sandbox.numbers()[2:] == NUMBERS
    assert sizes(sandbox) == [6, 3]


async def test_rows_that_were_taken_are_written_down(sandbox, allo, tmp_path):
    """A journal has the rows of a refused request that are in the queue, so that a second run does not send them."""
    sandbox.fill(None, 7)
    journal = Journal(tmp_path / "journal.db")
    await refused(allo, journal=journal, load_id="x")

    take_off(sandbox, 7)
    result = await allo.queue().append(NUMBERS, journal=journal, load_id="x")

    assert sandbox.numbers() == NUMBERS
    assert [row.index for row in result.added] == list(range(6))
    assert sizes(sandbox) == [6, 3]


@pytest.mark.parametrize("gone", [8, 10])
async def test_rows_that_were_taken_and_called_are_not_put_in_twice(sandbox, allo, gone):
    """A rep who works off the tail and the rows behind it, before the look, has called rows of ours."""
    sandbox.fill(None, 7)
    after_refusal(sandbox, lambda: take_off(sandbox, gone), times=1)

    result = await allo.queue().append(NUMBERS, on_full_queue="stop")

    committed = [number for request in sandbox.ledger.appends for number in request.added]
    assert committed == NUMBERS[:3]
    assert set(fates(result).values()) == {"in doubt"}


@pytest.mark.parametrize("sandbox", [{"partial_overflow": False}], indirect=True)
async def test_same_last_digits_of_another_country_are_no_evidence(sandbox, allo):
    """Numbers that differ in E.164 are different numbers, whatever their last digits."""
    # What the sandbox fills queues with ends as these do.
    sandbox.fill(None, CAPACITY)
    sandbox.script(faults.error(400, "BAD_REQUEST"), method="GET", at=1)

    result = await refused(allo, us_numbers(6))

    assert set(fates(result).values()) == {"pending"}
