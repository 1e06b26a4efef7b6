"""The rows of one result, passed to another append."""

import json

import pytest

from allo_async import Contact, InDoubtContact, QueueFullError, errors
from allo_async.sandbox import faults
from tests.end_to_end.numbers import fates, us_numbers


async def test_pending_rows_go_into_another_queue_as_they_are(sandbox, allo):
    """What a full queue has no room for is passed on, with every field of each row."""
    marie, tom = (allo.queue(email=user.email) for user in sandbox.users[1:3])
    sandbox.fill(sandbox.users[1].email, 998)
    rows = [Contact(number, name=f"Jo {place}") for place, number in enumerate(us_numbers(5))]

    with pytest.raises(QueueFullError) as full:
        await marie.append(rows)
    result = await tom.append(full.value.result.pending)

    assert sandbox.numbers(sandbox.users[2].email) == us_numbers(3, 2)
    assert fates(result) == dict.fromkeys(range(3), "added")
    assert [entry["name"] for entry in json.loads(sandbox.ledger.requests[-1].body)["numbers"]] == [
        "Jo 2",
        "Jo 3",
        "Jo 4",
    ]


async def test_pending_rows_are_rows_everywhere(sandbox, allo, tmp_path):
    """A plan, a spread and a load with a journal, which is taken up again, take pending rows as well."""
    with pytest.raises(errors.DeadlineExceededError) as late:
        await allo.queue().append(us_numbers(4), deadline=0)
    pending = late.value.result.pending
    over = [allo.queue(email=user.email) for user in sandbox.users[1:3]]

    plan = await allo.plan([*pending, "+12125550010"], over=over)
    spread = await allo.spread(pending, over=over)
    await allo.queue().append(pending, journal=tmp_path / "journal")
    again = await allo.queue().append([row.contact for row in pending], journal=tmp_path / "journal")

    assert (plan.sent, spread.totals.added, again.totals.added) == (5, 4, 4)
    assert sandbox.numbers() == us_numbers(4)


async def test_rows_in_doubt_are_not_sent_again_unawares(sandbox, allo):
    """A row in doubt is skipped in words wherever rows are taken; its contact is a row like any other."""
    sandbox.script(faults.commit_and_stall())
    with pytest.raises(errors.DeadlineExceededError) as lost:
        await allo.queue().append(us_numbers(2), deadline=25)
    doubtful = lost.value.result.in_doubt

    for load in (allo.queue().append, lambda rows: allo.spread(rows, over=[allo.queue()])):
        result = await load([*doubtful, "+12125550010"])
        assert [(row.number, row.reason) for row in result.skipped] == [
            (row, "INVALID_CONTACT") for row in us_numbers(2)
        ]
        assert "in doubt may be in the queue already" in result.skipped[0].detail

    knowingly = await allo.queue().append([row.contact for row in doubtful])
    assert fates(knowingly) == dict.fromkeys(range(2), "added")
    assert all(isinstance(row, InDoubtContact) and row.reason for row in doubtful)


@pytest.mark.parametrize("kind", ["pending", "in_doubt"])
async def test_single_row_of_a_result_is_no_list(sandbox, allo, kind):
    """One row where a list is wanted is told with what to pass."""
    sandbox.script(faults.commit_and_stall())
    with pytest.raises(errors.DeadlineExceededError) as lost:
        await allo.queue().append(us_numbers(2), chunk_size=1, deadline=25)

    with pytest.raises(TypeError, match="pass a list of rows"):
        await allo.queue().append(getattr(lost.value.result, kind)[0])
