import asyncio
import multiprocessing
import os

import pytest

from allo_async import AlloClient, Journal, JournalBusyError
from allo_async.sandbox import Sandbox
from tests.end_to_end.numbers import us_numbers

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes"),
    # What CPython warns of is what these tests are about.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]

# Real seconds after which a child is taken to wait for ever.
HANGS = 10


async def told_to_child(work):
    """What *work* ends with in a forked child, which has the parent's memory and none of its threads."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, ending(work).encode())
        os._exit(0)
    os.close(writer)
    await asyncio.to_thread(os.waitpid, child, 0)
    with os.fdopen(reader) as told:
        return told.read()


def ending(work):
    async def bounded():
        async with asyncio.timeout(HANGS):
            return await work()

    try:
        return f"done: {asyncio.run(bounded())}"
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to know
        return type(error).__name__


@pytest.fixture(name="server")
async def _server():
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(name="journal")
def _journal(tmp_path):
    return Journal(tmp_path / "monday.db")


def load(server, journal, load_id):
    async def run():
        async with AlloClient(server.api_key, base_url=server.url) as allo:
            await allo.queue().append(us_numbers(5), journal=journal, load_id=load_id)

    return run


@pytest.mark.parametrize("how", ["another load", "the same load", "the stream goes on", "reading", "forgetting"])
async def test_child_cannot_use_a_journal_that_was_open(server, journal, how):
    """A process forked while a journal is open is refused at once, and the parent's load goes on."""
    async with (
        AlloClient(server.api_key, base_url=server.url) as allo,
        allo.queue().append_stream(us_numbers(30), chunk_size=10, journal=journal, load_id="monday") as stream,
    ):
        await anext(stream)
        works = {
            "another load": load(server, journal, "tuesday"),
            "the same load": load(server, Journal(journal.path), "monday"),
            "the stream goes on": lambda: stream._log.record_end(10),
            "reading": journal.loads,
            "forgetting": lambda: journal.forget("monday"),
        }

        told = await told_to_child(works[how])

        assert told == JournalBusyError.__name__
        assert [len(batch.added) async for batch in stream] == [10, 10]
    assert server.numbers() == us_numbers(30)


async def test_child_refuses_also_when_the_parent_is_done(server, journal):
    """What SQLite has kept of the parent's locks is not asked, whatever the parent does meanwhile."""
    async with AlloClient(server.api_key, base_url=server.url) as allo:
        stream = allo.queue().append_stream(us_numbers(20), chunk_size=10, journal=journal, load_id="monday")
        await anext(stream)
        reader, writer = os.pipe()

        async def once_parent_is_done():
            await asyncio.to_thread(os.read, reader, 1)
            await journal.loads()

        child = asyncio.create_task(told_to_child(once_parent_is_done))
        await asyncio.sleep(0)
        async with stream:
            await anext(stream)
        os.write(writer, b".")

        assert await child == JournalBusyError.__name__


async def test_child_may_use_a_journal_whose_loads_have_ended(server, journal):
    """A fork right after a load leaves the child free to begin another."""
    await load(server, journal, "monday")()

    told = await told_to_child(load(server, journal, "tuesday"))

    assert told == "done: None"
    assert [load.load_id for load in await journal.loads()] == ["monday", "tuesday"]


async def test_child_that_leaves_the_journal_alone_ends(server, journal):
    """A child that multiprocessing forks, and that does something else, ends in order and costs the load nothing."""
    async with (
        AlloClient(server.api_key, base_url=server.url) as allo,
        allo.queue().append_stream(us_numbers(30), chunk_size=10, journal=journal, load_id="monday") as stream,
    ):
        await anext(stream)
        child = multiprocessing.get_context("fork").Process(target=journal.__repr__)
        child.start()
        await asyncio.to_thread(child.join, HANGS)

        assert child.exitcode == 0
        assert [len(batch.added) async for batch in stream] == [10, 10]
    assert [load.totals.added for load in await journal.loads()] == [30]
