import pytest

from allo_async import (
    AddedNumber,
    AlloClient,
    AppendResult,
    AssigneeNotFoundError,
    Contact,
    InDoubtContact,
    PendingContact,
    QueueShare,
    SkippedNumber,
    SpreadResult,
    Totals,
)
from allo_async.sandbox import Sandbox
from allo_async.testing import FastClock

#: What no log and no shared notebook may hold.
PEOPLE = ("2125550010", "33612345678", "no number", "Zoé", "Dupont", "marie", "Quote", "7946")

LISTS = {
    "added": [AddedNumber(index=1, number_to="+12125550010", position=7, detail="extension 5 is not dialed: Quote")],
    "skipped": [
        SkippedNumber(index=0, number="no number", reason="INVALID_PHONE_NUMBER", source="client"),
        SkippedNumber(index=4, number=None, reason="INVALID_CONTACT", source="client", detail="emails: Quote"),
    ],
    "pending": [PendingContact(index=2, contact=Contact("06 33612345678", name="Zoé", last_name="Dupont"))],
    "in_doubt": [InDoubtContact(index=3, contact=Contact("+44 20 7946 0958"), reason="no answer came")],
}


@pytest.fixture(name="appended")
def _appended():
    """One row of each fate, and one more skipped, out of order as the lists have them."""
    return AppendResult(**{name: list(rows) for name, rows in LISTS.items()}, recovered=1)


@pytest.fixture(name="spread")
def _spread():
    error = AssigneeNotFoundError("no Dupont", status=404, code="ASSIGNEE_NOT_FOUND")
    shares = [
        QueueShare(user_id="usr-1", totals=Totals(added=1)),
        QueueShare(email="marie@acme.example", totals=Totals(in_doubt=1), error=error),
        QueueShare(totals=Totals(skipped=1)),
    ]
    return SpreadResult(**{name: list(rows) for name, rows in LISTS.items()}, shares=shares, placed={1: 0, 3: 1, 0: 2})


@pytest.fixture(name="sandbox")
async def _sandbox():
    clock = FastClock(50)
    async with Sandbox(clock=clock, write_per_second=500, read_per_second=2_000) as sandbox:
        yield sandbox


@pytest.fixture(name="allo")
async def _allo(sandbox):
    clock = FastClock(50)
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=500) as client:
        yield client
