"""Turns: who has to wait for whom while a queue may have several names."""

import pytest

from allo_async._sending.queue_locks import QueueLocks
from allo_async.models import Assignee

OWNER, BY_ID = Assignee(), Assignee(user_id="usr-1")
MARIE, TOM = Assignee(email="marie@acme.example"), Assignee(email="tom@acme.example")


@pytest.mark.parametrize(
    ("busy", "comes", "waits"),
    [
        (OWNER, BY_ID, True),
        (OWNER, MARIE, True),
        (MARIE, BY_ID, True),
        (MARIE, OWNER, True),
        (MARIE, TOM, False),
        (BY_ID, Assignee(user_id="usr-2"), False),
        (BY_ID, MARIE, True),
        (OWNER, OWNER, False),
    ],
    ids=str,
)
async def test_name_of_another_kind_may_be_the_same_queue(busy, comes, waits):
    """Two ids are two queues, and so are two addresses; but an id and an address may be one."""
    turns = QueueLocks()
    turns.use(busy)
    turns.use(comes)
    turn = turns.of(busy)
    async with turn:
        assert turns.perhaps_the_same(comes) == ([turn] if waits else [])

    assert turns.perhaps_the_same(comes) == []


async def test_nobody_waits_for_a_queue_that_is_known():
    """Once the server has told whose queue a name is, only those of the same queue wait, by its own turn."""
    turns = QueueLocks()
    turns.use(OWNER)
    turns.use(MARIE)
    turns.learn(OWNER, "usr-1")
    turns.learn(MARIE, "usr-2")
    async with turns.of(OWNER):
        assert turns.perhaps_the_same(MARIE) == []
        assert turns.perhaps_the_same(TOM) == [turns.of(OWNER)]
        assert turns.of(BY_ID) is turns.of(OWNER)


async def test_nobody_waits_where_the_server_does_not_tell():
    """A queue whose owner the server keeps to itself would hold up all others for good."""
    turns = QueueLocks()
    turns.use(OWNER)
    turns.use(BY_ID)
    turns.learn(OWNER, None)
    async with turns.of(OWNER):
        assert turns.perhaps_the_same(BY_ID) == []


def test_one_kind_of_name_needs_no_question():
    """As long as all are named in the same way, a name is a queue."""
    turns = QueueLocks()
    turns.use(MARIE)
    turns.use(TOM)

    assert turns.is_known(MARIE)
    turns.use(OWNER)
    assert not turns.is_known(MARIE)
