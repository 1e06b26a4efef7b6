"""One key, many clients and strangers: the limits are kept together."""

import asyncio

from allo_async import AlloClient
from allo_async.sandbox import Sandbox
from allo_async.testing import FastClock
from tests.end_to_end.numbers import us_numbers


async def test_clients_of_one_key_share_its_pace_and_turns(clock):
    """Two clients of a process behave as one: no conflict on the queue they share, and no refusal for the limit."""
    async with (
        Sandbox(clock=clock, append_seconds_per_row=0.02, write_per_second=50) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as one,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as other,
    ):
        await asyncio.gather(
            *(
                allo.queue().append(us_numbers(60, 100 * place), chunk_size=20)
                for place, allo in enumerate((one, other, one, other))
            )
        )

    assert sandbox.ledger.refused == []
    assert len(sandbox.numbers()) == 240


async def test_limit_of_the_key_is_taken_from_the_answers():
    """A key with fewer writes than documented is found out by its first answer."""
    clock = FastClock(10)
    async with (
        Sandbox(clock=clock, write_per_second=2) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo,
    ):
        await allo.queue().append(us_numbers(70), chunk_size=10)

    assert sandbox.ledger.refused == []
    assert sandbox.ledger.most_writes_in_a_second() == 2


async def test_other_keys_have_paces_of_their_own(clock):
    """What one key waits for does not hold up another."""
    async with Sandbox(clock=clock) as sandbox:
        second = sandbox.add_key(sandbox.users[1])
        async with (
            AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as one,
            AlloClient(second, base_url=sandbox.url, clock=clock, timeout=250) as other,
        ):
            one._lanes.current().shared.paces.hold(10_000)
            assert len((await other.queue().append(us_numbers(3))).added) == 3
