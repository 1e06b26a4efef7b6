import asyncio
import json

import pytest

from allo_async import AlloClient, UnreadableReplyError
from allo_async.sandbox import Sandbox
from tests.hostile.account import HastyClock, append_through, ended
from tests.hostile.fields import with_body
from tests.hostile.making import error, http
from tests.hostile.middleman import Middleman, Strike

ROWS = [f"+1212555{place:04d}" for place in range(20)]
EARLIER = [f"+1212556{place:04d}" for place in range(150)]
LOST = Strike(http(error("INTERNAL_SERVER_ERROR"), status="500 X"), commit=True)


def _each(change):
    def changed(content):
        for entry in content["data"]:
            change(entry)

    return changed


#: What a page that is read back may hide, or tell otherwise than it is.
PAGES = {
    "no numbers": _each(lambda entry: entry.update(number_to=None)),
    "numbers that are numbers": _each(lambda entry: entry.update(number_to=12125550000)),
    "numbers under another name": _each(lambda entry: entry.update(number=entry.pop("number_to"))),
    "no last numbers": lambda content: [entry.update(number_to=None) for entry in content["data"][-19:]],
    "numbers with spaces": _each(lambda entry: entry.update(number_to=" ".join(entry["number_to"]))),
    "national numbers": _each(lambda entry: entry.update(number_to=entry["number_to"][2:])),
    "masked numbers": _each(lambda entry: entry.update(number_to=entry["number_to"][:5] + "*****")),
    "nothing": lambda content: content.update(data=[]),
    "no data": lambda content: content.pop("data"),
    "half a page": lambda content: content.update(data=content["data"][: len(content["data"]) // 2]),
    "nested": lambda content: content.update(data=[{"entry": entry} for entry in content["data"]]),
    "another order": lambda content: content["data"].reverse(),
    "no further page": lambda content: content["pagination"].update(has_more=False),
    "no count": lambda content: content["pagination"].update(total_count=0),
    "no queue": lambda content: content.pop("queue", None),
    "another queue": lambda content: content.get("queue", {}).update(id="pdl_other"),
}


def _changing(change):
    def changed(head, body):
        content = json.loads(body)
        change(content)
        return with_body(head, json.dumps(content).encode())

    return changed


async def _filled(sandbox, clock, rows):
    async with AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock) as allo:
        await allo.queue().append(rows)


@pytest.mark.parametrize("change", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("honours", [True, False], ids=["keys honoured", "keys ignored"])
@pytest.mark.parametrize("before", [0, 3, 150])
async def test_page_that_hides_rows_doubles_none(change, honours, before):
    """Where what is read back hides rows whose reply was lost, they are in doubt: not pending, and not sent again."""
    clock = HastyClock()
    limits = {"write_per_second": None, "read_per_second": None}
    async with Sandbox(clock=clock, honour_idempotency=honours, **limits) as sandbox:
        if before:
            await _filled(sandbox, clock, EARLIER[:before])
        reads = Strike(change=_changing(change), method="GET", at=range(3 if before > 100 else 2, 1_000))
        await append_through(sandbox, clock, ROWS, LOST, reads)


@pytest.mark.parametrize("change", PAGES.values(), ids=PAGES)
async def test_page_that_hides_rows_lets_none_in_twice(change):
    """Numbers that stand in the queue are not sent again with `skip_queued`, whatever hides them."""
    clock = HastyClock()
    async with (
        Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox,
        Middleman(sandbox.url) as middleman,
        AlloClient(sandbox.api_key, base_url=middleman.url, clock=clock, retry_budget=3) as allo,
    ):
        await _filled(sandbox, clock, EARLIER)
        middleman.strike(Strike(change=_changing(change), method="GET", at=range(1, 1_000)))
        result = await ended(allo.queue().append(EARLIER, skip_queued=True))

    hidden = {"national numbers", "masked numbers"}
    assert len(sandbox.numbers()) == 150 or {name for name in PAGES if PAGES[name] is change} <= hidden
    assert result.totals.rows in {0, 150}


async def test_repeated_page_ends():
    """A queue whose pages repeat for ever is read to an end."""
    clock = HastyClock()
    pages = []

    def repeat(head, body):
        content = json.loads(body)
        pages.append(content["data"] or pages[0])
        content["data"] = pages[0]
        content["pagination"]["total_count"] = 2**62
        return with_body(head, json.dumps(content).encode())

    async with (
        Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox,
        Middleman(sandbox.url) as middleman,
        AlloClient(sandbox.api_key, base_url=middleman.url, clock=clock, retry_budget=3) as allo,
    ):
        await _filled(sandbox, clock, EARLIER)
        middleman.strike(Strike(change=repeat, method="GET", at=range(1, 1_000)))
        async with asyncio.timeout(20):
            assert len([number async for number in allo.queue().numbers()]) == 100


async def test_unreadable_page_is_an_error_of_the_listing():
    """A listing that would leave entries out raises instead."""
    clock = HastyClock()
    async with (
        Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox,
        Middleman(sandbox.url) as middleman,
        AlloClient(sandbox.api_key, base_url=middleman.url, clock=clock, retry_budget=3) as allo,
    ):
        await _filled(sandbox, clock, EARLIER)
        middleman.strike(Strike(change=_changing(PAGES["half a page"]), method="GET", at=range(1, 1_000)))
        with pytest.raises(UnreadableReplyError):
            _ = [number async for number in allo.queue().numbers()]
