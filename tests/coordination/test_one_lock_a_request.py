"""The lock of a queue is taken by requests, and not by callers."""

import asyncio

import pytest

from allo_async import AlloClient
from allo_async._coordination.state import State
from allo_async.file import FileCoordination
from allo_async.sandbox import Sandbox
from tests.end_to_end.numbers import us_numbers


@pytest.fixture(name="grants")
def _grants(monkeypatch):
    """The answers that granted a lock, in the process's store and in the shared one."""
    grants = []
    take = State.take_lock

    def taken(self, *args, **kwargs):
        answer = take(self, *args, **kwargs)
        if answer.granted:
            grants.append(answer)
        return answer

    monkeypatch.setattr(State, "take_lock", taken)
    return grants


async def test_callers_of_one_request_take_one_lock(grants, tmp_path):
    """A hundred handlers cost a lease for each request, and nobody takes another one to be told."""
    async with (
        Sandbox(write_per_second=None, read_per_second=None) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, coordination=FileCoordination(tmp_path)) as allo,
    ):
        await asyncio.gather(*(allo.queue().append([number]) for number in us_numbers(100)))

        assert len(grants) == 2 * len(sandbox.ledger.appends)
        assert len(sandbox.numbers()) == 100
