"""A journal for one load, and what becomes of calls for another one with it."""

import asyncio

import pytest

from allo_async import AlloClient, ConfigurationError, Journal, JournalError
from allo_async.sandbox import Sandbox
from tests.end_to_end.numbers import us_numbers

MARIE, TOM, ANA = (f"{name}@acme.example" for name in ("marie", "tom", "ana"))


@pytest.fixture(name="journal")
def _journal(tmp_path):
    return tmp_path / "monday.db"


def append(allo, rep=MARIE, **options):
    return lambda rows: allo.queue(email=rep).append(rows, **options)


def spread(allo, *reps, **options):
    return lambda rows: allo.spread(rows, over=[allo.queue(email=rep) for rep in reps], **options)


@pytest.mark.parametrize("others", ["append", "spread"])
async def test_rows_of_another_queue_are_not_told_as_added(allo, sandbox, journal, others):
    """A load that is refused, because the journal is another queue's, was sent nowhere: its rows are pending."""
    first, second = append(allo, MARIE, journal=journal), append(allo, TOM, journal=journal)
    if others == "spread":
        first = spread(allo, MARIE, ANA, journal=journal)
    await first(us_numbers(5))

    with pytest.raises(JournalError, match=r"another queue.*another load_id") as refused:
        await second(us_numbers(5))

    assert refused.value.term == "queue"
    assert (refused.value.result.totals.pending, refused.value.result.totals.rows) == (5, 5)
    assert sandbox.numbers(TOM) == []
    result = await allo.queue(email=TOM).append(refused.value.result.pending)
    assert (len(result.added), sandbox.numbers(TOM)) == (5, us_numbers(5))


async def test_append_is_not_taken_up_as_a_spread(allo, sandbox, journal):
    """A spread with an append's journal is refused, and its rows are pending."""
    await append(allo, journal=journal)(us_numbers(5))

    with pytest.raises(JournalError, match="another queue") as refused:
        await spread(allo, TOM, ANA, journal=journal)(us_numbers(5))

    assert refused.value.result.totals.pending == 5
    assert sandbox.numbers(TOM) == sandbox.numbers(ANA) == []


@pytest.mark.parametrize("load", [append, spread], ids=["append", "spread"])
async def test_rows_of_another_server_are_not_told_as_added(allo, clock, journal, load):
    """After a trial on one server, the same journal for another one tells each row as pending."""
    reps = (MARIE,) if load is append else (MARIE, TOM)
    await load(allo, *reps, journal=journal)(us_numbers(5))

    async with Sandbox(clock=clock) as other, AlloClient(other.api_key, base_url=other.url, clock=clock) as elsewhere:
        with pytest.raises(JournalError, match="another server") as refused:
            await load(elsewhere, *reps, journal=journal)(us_numbers(5))

    assert refused.value.result.totals.pending == 5


async def test_another_region_keeps_what_is_known(allo, journal):
    """The rows of a load that is refused for its region stand in the same queue, and are told so."""
    await append(allo, journal=journal)(us_numbers(5))

    with pytest.raises(JournalError, match="another region") as refused:
        await append(allo, journal=journal, region="FR")([*us_numbers(5), "+12125550010"])

    assert (refused.value.result.totals.added, refused.value.result.totals.pending) == (5, 1)


async def test_address_in_other_letters_is_the_same_queue(allo, sandbox, journal):
    """A load goes on though the rep's address is written in capitals this time."""
    await append(allo, MARIE, journal=journal)(us_numbers(5))

    result = await append(allo, MARIE.upper(), journal=journal)(us_numbers(5))

    assert len(result.added) == 5
    assert sandbox.numbers(MARIE) == us_numbers(5)


async def test_two_loads_at_once_need_two_names(allo, sandbox, journal):
    """Of two loads for two queues at once, the second is told what to do, and none of its rows is in doubt."""
    loads = [append(allo, rep, journal=journal, chunk_size=10)(us_numbers(50)) for rep in (MARIE, TOM)]

    one, other = await asyncio.gather(*loads, return_exceptions=True)

    refused, done = (one, other) if isinstance(one, JournalError) else (other, one)
    assert "another load_id" in str(refused)
    assert (refused.result.totals.pending, done.totals.added) == (50, 50)
    assert sorted(len(sandbox.numbers(rep)) for rep in (MARIE, TOM)) == [0, 50]


@pytest.mark.parametrize("name", ["monday.db", "./monday.db", "../{}/monday.db", "link.db"])
async def test_journal_is_not_written_over_with_its_fates(allo, journal, monkeypatch, name):
    """A CSV in the journal's own place would be the end of the journal."""
    monkeypatch.chdir(journal.parent)
    await append(allo, journal=journal)(us_numbers(5))
    journal.with_name("link.db").symlink_to(journal)

    with pytest.raises(ConfigurationError, match="another file than the journal"):
        await Journal(journal).to_csv(name.format(journal.parent.name))

    assert len(await Journal(journal).rows()) == 5
