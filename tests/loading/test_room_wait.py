"""The wait for room in a full queue: who looks, how often, and who goes in when there is some."""

import asyncio

import pytest

from allo_async import errors
from allo_async.events import Waited
from allo_async.sandbox import Sandbox, faults
from tests.end_to_end.numbers import fates, us_numbers
from tests.loading.watching import appends, looks, take_off, until

CAPACITY = 10


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    async with Sandbox(clock=clock, write_per_second=None, read_per_second=None, capacity=CAPACITY) as sandbox:
        sandbox.fill(None, CAPACITY)
        yield sandbox


class Polls:
    """The looks for room that arrive, without those for what stands last; acts just before some."""

    def __init__(self, sandbox):
        self._acts = {}
        self.moments = []
        sandbox.script(faults.drop(), method="GET", when=self._strike)

    def before(self, ordinal, act):
        self._acts[ordinal] = act

    @property
    def intervals(self):
        return [later - earlier for earlier, later in zip(self.moments, self.moments[1:], strict=False)]

    def _strike(self, request):
        if request.query.get("size") == "1":
            self.moments.append(request.received_at)
            self._acts.get(len(self.moments), lambda: None)()
        return False


@pytest.fixture(name="polls")
def _polls(sandbox):
    return Polls(sandbox)


def wait(allo, rows, **options):
    return asyncio.create_task(allo.queue().append(rows, on_full_queue="wait", **options))


@pytest.mark.parametrize(
    ("first", "intervals"),
    [(2, [3, 4.5, 6.75, 10.125, 15.1875, 22.78125, 30, 30]), (40, [40, 40])],
)
async def test_looks_come_ever_more_seldom(sandbox, allo, polls, clock, first, intervals):
    """Each look that finds no room makes the next one half as late again, at most half a minute or as was asked."""
    polls.before(len(intervals) + 1, lambda: take_off(sandbox, 1))

    before = clock.monotonic()
    result = await wait(allo, us_numbers(1), poll_interval=first)

    assert polls.moments[0] - before == pytest.approx(first)
    assert polls.intervals == pytest.approx(intervals)
    assert fates(result) == {0: "added"}


async def test_room_is_filled_and_waited_for_again(sandbox, allo, polls, seen):
    """What fits goes in, the rest waits on, and the server is not asked for room that is not there."""
    for ordinal, called in ((2, 3), (3, 1), (5, 6)):
        polls.before(ordinal, lambda called=called: take_off(sandbox, called))

    result = await wait(allo, us_numbers(6))

    assert fates(result) == dict.fromkeys(range(6), "added")
    assert sandbox.numbers() == us_numbers(6)
    assert appends(sandbox) == [(6, 400), (3, 200), (1, 200), (2, 200)]
    assert sum(isinstance(event, Waited) and event.reason == "room" for event in seen) == 3


async def test_callers_share_the_looks_and_go_in_as_they_came(sandbox, allo, polls):
    """One look is for all callers, and who came first goes in first."""
    waiting = [wait(allo, us_numbers(2, 10 * place)) for place in range(4)]
    polls.before(2, lambda: take_off(sandbox, 5))
    await until(waiting[1].done)

    assert sandbox.numbers()[5:9] == [*us_numbers(2), *us_numbers(2, 10)]
    polls.before(len(polls.moments) + 1, lambda: take_off(sandbox, 5))
    await asyncio.gather(*waiting)

    assert sandbox.numbers()[-8:] == [number for place in range(4) for number in us_numbers(2, 10 * place)]
    assert [status for _, status in appends(sandbox)].count(400) == 1


async def test_caller_who_comes_later_is_behind_those_who_wait(sandbox, allo, polls):
    """While others wait for room, a caller who waits too sends nothing before there is some."""
    first = wait(allo, us_numbers(2))
    await until(lambda: polls.moments)
    second = wait(allo, us_numbers(2, 10))
    await asyncio.sleep(0)
    polls.before(len(polls.moments) + 2, lambda: take_off(sandbox, 4))
    await asyncio.gather(first, second)

    assert sandbox.numbers()[-4:] == [*us_numbers(2), *us_numbers(2, 10)]
    assert [status for _, status in appends(sandbox)].count(400) == 1


async def test_shorter_interval_brings_the_next_look_forward(sandbox, allo, polls, clock):
    """The most impatient of the callers says when the next look comes."""
    patient = wait(allo, us_numbers(1), poll_interval=1_000)
    impatient = wait(allo, us_numbers(1, 10), poll_interval=3)
    polls.before(1, lambda: take_off(sandbox, 2))
    before = clock.monotonic()

    await asyncio.gather(patient, impatient)

    assert polls.moments[0] - before == pytest.approx(3)
    assert len(polls.moments) == 1


async def test_nobody_looks_for_callers_who_have_left(sandbox, allo, polls):
    """One who is cancelled gets no room and costs the others none; without callers the looks end."""
    leaving, staying = wait(allo, us_numbers(2)), wait(allo, us_numbers(2, 10))
    await until(lambda: polls.moments)
    leaving.cancel()
    await asyncio.wait({leaving})
    polls.before(len(polls.moments) + 2, lambda: take_off(sandbox, 2))
    await staying
    assert sandbox.numbers()[-2:] == us_numbers(2, 10)

    last = wait(allo, us_numbers(2, 20))
    looked = len(polls.moments)
    await until(lambda: len(polls.moments) > looked)
    last.cancel()
    await asyncio.wait({last})
    looked = len(looks(sandbox))
    take_off(sandbox, 5)
    await asyncio.sleep(0.02)
    # One may have left already.
    assert len(looks(sandbox)) <= looked + 1
    assert sandbox.numbers()[-2:] == us_numbers(2, 10)


async def test_error_of_a_look_is_raised_by_each_caller(sandbox, allo, polls):
    """Where the queue cannot be read any more, all callers have an error of their own, and their rows are pending."""
    waiting = [wait(allo, us_numbers(1 + place, 10 * place)) for place in range(3)]
    await until(lambda: len(polls.moments) > 1)
    sandbox.script(faults.error(403, "FORBIDDEN"), method="GET")

    told = await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(error) for error in told] == [errors.PermissionDeniedError] * 3
    assert [len(error.result.pending) for error in told] == [1, 2, 3]
    assert len({id(error) for error in told}) == 3


async def test_look_that_is_cancelled_from_outside_is_made_again(sandbox, allo, polls):
    """Whoever cancels all tasks but the callers' own leaves no caller waiting for ever."""
    waiting = wait(allo, us_numbers(1))
    await until(lambda: polls.moments)
    looking = next(task for task in asyncio.all_tasks() if "RoomWait._look" in repr(task))
    looking.cancel()
    await asyncio.wait({looking})
    polls.before(len(polls.moments) + 2, lambda: take_off(sandbox, 1))

    assert fates(await waiting) == {0: "added"}


async def test_stopped_caller_has_pending_rows(sandbox, allo, polls):
    """A load that is stopped while it waits ends at once, and what had no room is pending."""
    take_off(sandbox, 2)
    async with allo.queue().append_stream(us_numbers(5), on_full_queue="wait") as stream:
        polls.before(3, stream.stop)
        results = [result async for result in stream]

    assert [fates(result) for result in (*results, stream.unfinished)] == [
        {0: "added", 1: "added"} | dict.fromkeys(range(2, 5), "pending"),
        {},
    ]
    assert len(polls.moments) <= 4


async def test_one_who_does_not_wait_is_refused_while_others_wait(sandbox, allo, polls):
    """Waiting callers hold up nobody, and a refusal of another's rows does not end their wait."""
    waiting = wait(allo, us_numbers(1))
    await until(lambda: polls.moments)

    with pytest.raises(errors.QueueFullError) as caught:
        await allo.queue().append(us_numbers(2, 10))

    assert fates(caught.value.result) == dict.fromkeys(range(2), "pending")
    assert not waiting.done()
    polls.before(len(polls.moments) + 1, lambda: take_off(sandbox, 1))
    assert fates(await waiting) == {0: "added"}
