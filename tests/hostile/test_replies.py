import pytest

from allo_async.sandbox import Sandbox
from tests.hostile.account import HastyClock, append_through
from tests.hostile.making import ROWS, Means
from tests.hostile.middleman import Strike
from tests.hostile.replies import REPLIES

ALWAYS = range(1, 1_000_000)


@pytest.fixture(name="clock")
def _clock():
    return HastyClock()


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    async with Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox:
        yield sandbox


def _of(*means):
    return pytest.mark.parametrize("hostile", [case for case in REPLIES.values() if case.means in means], ids=str)


@_of(Means.DONE, Means.UNKNOWN)
async def test_reply_to_an_append_that_was_carried_out(sandbox, clock, hostile):
    """Whatever comes back after the rows went in, none of them is told to be pending, and none goes in twice."""
    await append_through(sandbox, clock, ROWS, Strike(hostile.reply, commit=True))


@_of(Means.REFUSED, Means.UNKNOWN)
async def test_reply_to_an_append_that_was_not_carried_out(sandbox, clock, hostile):
    """Whatever comes back before the rows went in, none of them is told to be added that is not."""
    await append_through(sandbox, clock, ROWS, Strike(hostile.reply))


@_of(Means.REFUSED, Means.UNKNOWN)
async def test_reply_to_every_append(sandbox, clock, hostile):
    """A server that never says anything else ends the call within its budget, with the account."""
    await append_through(sandbox, clock, ROWS, Strike(hostile.reply, at=ALWAYS))


@_of(*Means)
async def test_reply_to_the_first_look(sandbox, clock, hostile):
    """What comes back for the queue's tail costs no row its fate."""
    await append_through(sandbox, clock, ROWS, Strike(hostile.reply, method="GET"))


@_of(*Means)
async def test_reply_to_every_look_after_a_lost_reply(sandbox, clock, hostile):
    """Where the queue cannot be read back, rows whose reply was lost are not told to be pending."""
    reads = Strike(hostile.reply, method="GET", at=ALWAYS)
    await append_through(sandbox, clock, ROWS, reads, Strike(commit=True))


def test_there_are_many():
    """The table shrinks by no accident."""
    assert len(REPLIES) > 250
    assert len({case.reply for case in REPLIES.values()}) == len(REPLIES)
