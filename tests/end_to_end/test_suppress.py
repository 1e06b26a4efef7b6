"""Numbers that must not be called: they never reach the ledger, whoever asks and however the call ends."""

import asyncio
import functools
import io
import itertools
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allo_async import AlloClient, AlloError, Contact, DeadlineExceededError, Journal, SuppressionError, Totals
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.end_to_end.numbers import fates, us_numbers

SPELLINGS = ["{}", "+1 ({1}) {2}-{3}", "({1}) {2}-{3}", "001 {1} {2} {3}", "1-{1}-{2}-{3}", " {1}.{2}.{3}\n", "tel:{}"]


def spelled(number, spelling):
    return spelling.replace("{}", "{0}").format(number, number[2:5], number[5:8], number[8:])


def predicate(suppressed, asked=None):
    """A predicate that knows *suppressed*, and notes what it is asked."""

    async def on_our_list(numbers):
        await asyncio.sleep(0)
        if asked is not None:
            asked.append(list(numbers))
        return set(suppressed) & set(numbers)

    return on_our_list


async def many(numbers):
    for number in numbers:
        yield number


async def at_rest(folder):
    """All that is on the disk once the journal is closed."""
    while list(folder.glob("*-wal")):
        await asyncio.sleep(0.01)
    return b"".join(file.read_bytes() for file in folder.iterdir())


NUMBERS = us_numbers(4)
KINDS = {
    "list": lambda: list(NUMBERS[:2]),
    "set": lambda: set(NUMBERS[:2]),
    "generator": lambda: (number for number in NUMBERS[:2]),
    "lines of a file": lambda: iter([f"{number}\r\n" for number in NUMBERS[:2]]),
    "async iterable": lambda: many(NUMBERS[:2]),
    "integers": lambda: [int(number) for number in NUMBERS[:2]],
    "an open file": lambda: io.StringIO("\n".join(NUMBERS[:2])),
    "a column of pandas": lambda: pd.Series([float(number) for number in NUMBERS[:2]]),
    "predicate": lambda: predicate(NUMBERS[:2]),
    "predicate with bools of numpy": lambda: returning(np.array([True, True, False, False])),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_suppressed_rows_are_skipped(sandbox, allo, kind):
    """Each kind of list, and a predicate, keeps its numbers out of the queue, and says so row by row."""
    result = await allo.queue().append(["(212) 200-0000", *NUMBERS], region="US", suppress=KINDS[kind]())

    assert sandbox.numbers() == NUMBERS[2:]
    assert [(row.index, row.number, row.reason, row.source) for row in result.skipped] == [
        (0, "(212) 200-0000", "SUPPRESSED", "client"),
        (1, NUMBERS[0], "SUPPRESSED", "client"),
        (2, NUMBERS[1], "SUPPRESSED", "client"),
    ]
    assert {row.detail for row in result.skipped} == {None}


@pytest.mark.parametrize("kind", KINDS)
async def test_plan_counts_suppressed_rows(sandbox, allo, kind):
    """Both plans count what would be suppressed, and send nothing."""
    one = await allo.queue().plan(NUMBERS, suppress=KINDS[kind](), region="US")
    both = await allo.plan(NUMBERS, over=[allo.queue()], suppress=KINDS[kind](), region="US")

    assert [dict(plan.skipped) for plan in (one, both)] == [{"SUPPRESSED": 2}] * 2
    assert (one.sent, both.sent) == (2, 2)
    assert sandbox.ledger.appends == []


@pytest.mark.parametrize("kind", KINDS)
async def test_spread_keeps_them_out_of_every_queue(sandbox, allo, kind):
    """A suppressed number is dealt to nobody."""
    queues = [allo.queue(email="marie@acme.example"), allo.queue(email="tom@acme.example")]

    result = await allo.spread(NUMBERS, over=queues, suppress=KINDS[kind](), region="US")

    assert sorted(sandbox.numbers("marie@acme.example") + sandbox.numbers("tom@acme.example")) == NUMBERS[2:]
    assert result.skipped_by_reason() == {"SUPPRESSED": 2}
    assert sorted(result.placed) == [2, 3]


async def test_stream_screens_every_chunk(sandbox, allo):
    """A stream asks once for each chunk, and never for a number twice."""
    numbers, asked = us_numbers(40), []
    suppress = predicate(numbers[::3], asked)

    async with allo.queue().append_stream([*numbers, *numbers], chunk_size=10, suppress=suppress) as stream:
        batches = [batch async for batch in stream]

    assert sandbox.numbers() == [number for number in numbers if number not in numbers[::3]]
    assert [len(numbers) for numbers in asked] == [10] * 4
    assert sorted(itertools.chain(*asked)) == numbers
    assert stream.totals == Totals(added=26, skipped=54)
    # A repeat of a suppressed number is suppressed, too.
    reasons = [row.reason for batch in batches for row in batch.skipped]
    assert (reasons.count("SUPPRESSED"), reasons.count("DUPLICATE_NUMBER")) == (28, 26)


async def test_predicate_is_asked_for_a_thousand_at_most(allo):
    """However many rows there are, a predicate gets no more than 1,000 numbers, each as it would be sent."""
    asked = []

    await allo.plan(
        [spelled(number, "({1}) {2}-{3}") for number in us_numbers(2_300)] * 2,
        over=[allo.queue()],
        region="US",
        suppress=predicate([], asked),
        keep_duplicates=True,
    )

    assert [len(numbers) for numbers in asked] == [1000, 1000, 300]
    assert sorted(itertools.chain(*asked)) == us_numbers(2_300)


@pytest.mark.parametrize("suppress", [NUMBERS[:1], predicate(NUMBERS[:1])], ids=["list", "predicate"])
async def test_suppressed_is_the_first_of_the_local_reasons(sandbox, allo, suppress):
    """Suppressed wins over queued already and over a repeat, and an unusable row stays unusable."""
    await allo.queue().append(NUMBERS[:2])
    rows = [NUMBERS[0], NUMBERS[0], NUMBERS[1], NUMBERS[2], NUMBERS[2], {"number": NUMBERS[0], "name": b"Jo"}]

    result = await allo.queue().append(rows, skip_queued=True, suppress=suppress)

    assert [row.reason for row in result.skipped] == [
        "SUPPRESSED",
        "SUPPRESSED",
        "ALREADY_QUEUED",
        "DUPLICATE_NUMBER",
        "INVALID_CONTACT",
    ]
    assert sandbox.numbers() == NUMBERS[:3]


async def test_bools_are_understood(sandbox, allo):
    """A predicate may say one bool for each number."""

    async def on_our_list(numbers):
        return [number.endswith("1") for number in numbers]

    await allo.queue().append(NUMBERS, suppress=on_our_list)

    assert sandbox.numbers() == [NUMBERS[0], *NUMBERS[2:]]


async def test_answer_in_another_spelling_is_understood(sandbox, allo):
    """A predicate's answer is read as rows are: its database may write numbers as it likes."""

    async def on_our_list(numbers):
        return [spelled(number, "({1}) {2}-{3}") for number in numbers[:2]]

    await allo.queue().append(NUMBERS, suppress=on_our_list, region="US")

    assert sandbox.numbers() == NUMBERS[2:]


async def fails(numbers):
    raise LookupError(f"no table for {numbers[0]}")


async def returns_one_bool(numbers):
    return [True]


def returning(answer):
    async def on_our_list(numbers):
        return answer

    return on_our_list


def broken_list():
    yield NUMBERS[0]
    raise OSError(f"the disk is gone at {NUMBERS[1]}")


NOT_TOLD = {
    "raises": (lambda: fails, "raised LookupError"),
    "nothing": (lambda: returning(None), "not NoneType"),
    "one number": (lambda: returning(NUMBERS[0]), "not str"),
    "a mapping": (lambda: returning({NUMBERS[0]: False}), "not dict"),
    "too few bools": (lambda: returns_one_bool, "1 bools for 4 numbers"),
    "bools and numbers": (lambda: returning([True, NUMBERS[0], False, False]), "either numbers as text, or one bool"),
    "integers": (lambda: returning([1, 0, 0, 0]), "either numbers as text, or one bool"),
    "other words": (lambda: returning(["yes"]), "returned other text"),
    "a list that breaks": (broken_list, "ended with OSError"),
    "tuples": (lambda: [(NUMBERS[0],)], "entry 0 of the suppression list: expected a string, got tuple"),
    "a spoilt float": (lambda: [NUMBERS[0], 1e17], "entry 1 of the suppression list: lost digits"),
    "a used iterator": (lambda: iter(()), "gives its numbers once"),
}


@pytest.mark.parametrize("case", NOT_TOLD)
@pytest.mark.parametrize("way", ["append", "spread"])
async def test_nothing_is_sent_unchecked(sandbox, allo, case, way):
    """A list or a predicate that fails ends the call with every row pending, and its text names no number."""
    suppress, told = NOT_TOLD[case]

    load = allo.queue().append if way == "append" else functools.partial(allo.spread, over=[allo.queue()])

    with pytest.raises(SuppressionError, match=told) as caught:
        await load(NUMBERS, suppress=suppress())

    assert sandbox.ledger.appends == []
    assert fates(caught.value.result) == dict.fromkeys(range(4), "pending")
    assert "+1212" not in str(caught.value)
    assert "2122000000" not in repr(caught.value)
    if case in {"raises", "a list that breaks"}:
        assert isinstance(caught.value.__cause__, LookupError | OSError)


async def test_failure_in_a_later_chunk_keeps_the_earlier_ones(sandbox, allo):
    """Rows that were checked and added before stay added, and all that follow are pending."""
    calls = 0

    async def fails_at_last(numbers):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise TimeoutError
        return numbers[:1]

    with pytest.raises(SuppressionError) as caught:
        await allo.queue().append(us_numbers(50), chunk_size=10, suppress=fails_at_last)

    assert len(sandbox.numbers()) == 18
    assert caught.value.result.totals == Totals(added=18, skipped=2, pending=30)


@pytest.mark.parametrize(
    ("suppress", "told"),
    [
        ("+12122000000", "not a single one"),
        (b"+12122000000", "not a single one"),
        ({"+12122000000": True}, "not a mapping"),
        (lambda numbers: numbers, "async function"),
        (set.union, "async function"),
        (5, "an iterable of numbers, not int"),
        (Contact("+12122000000"), "an iterable of numbers, not Contact"),
        (pd.DataFrame({"phone": NUMBERS}), r'pass one column of it, such as df\["phone"\]'),
        (Path("dnc.txt"), "read the file first"),
    ],
)
async def test_what_cannot_be_a_list_is_a_type_error(sandbox, allo, suppress, told):
    """A mistake in the argument is told at the call, before anything is sent."""
    with pytest.raises(TypeError, match=told):
        allo.queue().append_stream(NUMBERS, suppress=suppress)
    for call in (allo.queue().append, allo.queue().plan):
        with pytest.raises(TypeError, match=told):
            await call(NUMBERS, suppress=suppress)
    for call in (allo.spread, allo.plan):
        with pytest.raises(TypeError, match=told):
            await call(NUMBERS, over=[allo.queue()], suppress=suppress)
    assert sandbox.ledger.requests == []


async def test_one_iterator_for_two_calls_is_refused(sandbox, allo):
    """Two calls that share an iterator would have a part of the list each: one of them is refused."""
    shared = many(NUMBERS[:2])

    results = await asyncio.gather(
        allo.queue(email="marie@acme.example").append(NUMBERS, suppress=shared),
        allo.queue(email="tom@acme.example").append(NUMBERS, suppress=shared),
        return_exceptions=True,
    )

    assert sorted(type(result).__name__ for result in results) == ["AppendResult", "SuppressionError"]
    with pytest.raises(SuppressionError, match="once"):
        await allo.queue().append(NUMBERS, suppress=shared)
    assert not set(NUMBERS[:2]) & {*sandbox.numbers("marie@acme.example"), *sandbox.numbers("tom@acme.example")}


async def test_callers_in_one_request_keep_their_own_lists(sandbox, allo):
    """Appends that leave together are each screened by their own list."""
    queue = allo.queue()
    first = us_numbers(10)

    results = await asyncio.gather(
        *(
            queue.append([number, first[place]], suppress=[first[place]])
            for place, number in enumerate(us_numbers(10, 10))
        )
    )

    assert sorted(sandbox.numbers()) == us_numbers(10, 10)
    assert len(sandbox.ledger.appends) < 10
    assert all(result.totals == Totals(added=1, skipped=1) for result in results)


async def test_rows_never_sent_are_told_as_suppressed_by_a_list(sandbox, allo):
    """After an early end a list still tells its rows apart; a predicate is not asked for rows that are not sent."""
    sandbox.script(faults.error(403, "FORBIDDEN"), at=2)
    numbers = us_numbers(200)
    listed = [spelled(number, "({1}) {2}-{3}") for number in numbers[::2]]
    with pytest.raises(AlloError) as by_list:
        await allo.queue().append(numbers, chunk_size=10, suppress=listed, region="US")
    asked = []
    sandbox.script(faults.error(403, "FORBIDDEN"), at=1)

    with pytest.raises(AlloError) as by_predicate:
        await allo.queue(email="tom@acme.example").append(
            numbers, chunk_size=10, suppress=predicate(numbers[::2], asked)
        )

    assert by_list.value.result.totals == Totals(added=10, skipped=100, pending=90)
    assert by_list.value.result.skipped_by_reason() == {"SUPPRESSED": 100}
    assert sum(map(len, asked)) <= 20
    assert by_predicate.value.result.totals.rows == 200
    assert by_predicate.value.result.totals.pending >= 185


async def test_predicate_ends_with_the_deadline(sandbox, allo):
    """A predicate that never answers is cancelled by the call's deadline."""
    cancelled = asyncio.Event()

    async def hangs(numbers):
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(DeadlineExceededError) as caught:
        await allo.queue().append(NUMBERS, suppress=hangs, deadline=5)

    assert cancelled.is_set()
    assert sandbox.ledger.appends == []
    assert fates(caught.value.result) == dict.fromkeys(range(4), "pending")


async def test_predicate_ends_with_its_caller(sandbox, allo):
    """A cancelled call cancels the predicate, and has an account of its rows."""
    asked, cancelled = asyncio.Event(), asyncio.Event()

    async def hangs(numbers):
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    stream = allo.queue().append_stream(NUMBERS, suppress=hangs)
    call = asyncio.create_task(anext(stream))
    await asked.wait()
    call.cancel()
    await asyncio.wait([call])

    assert call.cancelled()
    assert cancelled.is_set()
    assert fates(stream.unfinished) == dict.fromkeys(range(4), "pending")
    assert sandbox.ledger.appends == []


async def test_slow_predicate_holds_up_nobody_else(sandbox, allo):
    """While one call waits for its predicate, others prepare and send their rows."""
    go = asyncio.Event()

    async def waits(numbers):
        await go.wait()
        return []

    slow = asyncio.create_task(allo.queue(email="tom@acme.example").append(NUMBERS, suppress=waits))
    await asyncio.sleep(0)

    async with asyncio.timeout(10):
        result = await allo.queue().append(NUMBERS)

    assert result.totals == Totals(added=4)
    assert not slow.done()
    go.set()
    assert (await slow).totals == Totals(added=4)


async def test_journal_does_not_hold_the_number(sandbox, allo, tmp_path):
    """Neither a suppressed row nor the list stands in the journal, and the load is taken up with another list."""
    journal = Journal(tmp_path / "monday.db")
    options = {"journal": journal, "load_id": "monday", "chunk_size": 10}
    numbers = us_numbers(30)
    strangers = us_numbers(500, start=500_000)
    sandbox.script(faults.error(403, "FORBIDDEN"), at=2)
    with pytest.raises(AlloError):
        await allo.queue().append(numbers, suppress=[numbers[2], *strangers], **options)

    result = await allo.queue().append(numbers, suppress=[numbers[2], numbers[25]], **options)

    written = await at_rest(tmp_path)
    for number in (numbers[2], numbers[25], *strangers):
        assert number[1:].encode() not in written
    assert numbers[3].encode() in written
    assert result.skipped_by_reason() == {"SUPPRESSED": 2}
    assert sandbox.numbers() == [number for number in numbers if number not in {numbers[2], numbers[25]}]
    assert b"suppress" not in written


async def test_spread_with_a_journal_does_not_hold_the_number(sandbox, allo, tmp_path):
    """A spread writes its suppressed rows without their numbers."""
    journal = Journal(tmp_path / "monday.db")
    asked = []

    for suppress in ([NUMBERS[1]], predicate([NUMBERS[1]], asked)):
        result = await allo.spread(NUMBERS, over=[allo.queue()], journal=journal, load_id="monday", suppress=suppress)
        assert result.totals == Totals(added=3, skipped=1)

    written = await at_rest(tmp_path)
    assert NUMBERS[1][1:].encode() not in written
    assert (await journal.loads())[0].totals == Totals(added=3, skipped=1)
    exported = tmp_path / "monday.csv"
    await journal.to_csv(exported, "monday")
    assert "1,,skipped,SUPPRESSED,," in exported.read_text("utf-8")


@pytest.mark.parametrize("by", ["list", "predicate"])
@pytest.mark.parametrize("way", ["append", "spread"])
async def test_what_was_on_its_way_is_not_sent_again_with_a_suppressed_number(sandbox, allo, tmp_path, way, by):
    """A chunk that an earlier run has lost on its way is not repeated for somebody who opted out since."""
    await allo.queue().append(us_numbers(1, start=900))
    load = allo.queue().append if way == "append" else functools.partial(allo.spread, over=[allo.queue()])
    options = {"journal": Journal(tmp_path / "monday.db"), "load_id": "monday"}
    numbers = us_numbers(40)
    sandbox.script(faults.stall(), at=1, times=1)
    with pytest.raises(DeadlineExceededError):
        await load(numbers, deadline=20, **options)
    assert len(sandbox.numbers()) == 1

    result = await load(numbers, suppress=[numbers[2]] if by == "list" else predicate([numbers[2]]), **options)

    assert sandbox.numbers()[1:] == [number for number in numbers if number != numbers[2]]
    assert result.totals == Totals(added=39, skipped=1)


async def test_what_has_arrived_stays_added(sandbox, allo, tmp_path):
    """A chunk whose answer was lost is found in the queue, and is not sent again either."""
    await allo.queue().append(us_numbers(1, start=900))
    options = {"journal": Journal(tmp_path / "monday.db"), "load_id": "monday"}
    numbers = us_numbers(40)
    sandbox.script(faults.commit_and_stall(), at=1, times=1)
    with pytest.raises(DeadlineExceededError):
        await allo.queue().append(numbers, deadline=20, **options)
    sent = len(sandbox.ledger.appends)

    result = await allo.queue().append(numbers, suppress=[numbers[2]], **options)

    assert len(sandbox.ledger.appends) == sent
    assert sandbox.numbers()[1:] == numbers
    assert set(range(40)) - {2} <= {row.index for row in result.added}


async def test_log_does_not_hold_the_number(allo, caplog):
    """At DEBUG the log counts entries that are no numbers, and names none; nor does a repr."""
    caplog.set_level(logging.DEBUG)
    suppress = [NUMBERS[0], "nobody", "Phone", spelled(NUMBERS[1], "({1}) {2}-{3}")]

    async with allo.queue().append_stream(NUMBERS, suppress=suppress, region="US") as stream:
        async for batch in stream:
            assert batch.totals == Totals(added=2, skipped=2)
            assert NUMBERS[0] not in repr(batch)

    assert "2 entries of the suppression list hold no phone number" in caplog.text
    for hidden in (NUMBERS[0][2:], "200-0001", "nobody", "Phone"):
        assert hidden not in caplog.text


async def test_only_last_digits_can_be_compared(sandbox, allo):
    """Without a region, a national number is suppressed by its last digits, and the row says so."""
    result = await allo.queue().append(["0612345678", "0612345679"], suppress=["+33 6 12 34 56 78"])

    assert [(row.index, row.detail) for row in result.skipped if row.source == "client"] == [
        (0, "it has the last digits of a suppressed number")
    ]


async def test_object_with_an_async_call_is_a_predicate(sandbox, allo):
    """A predicate may be an object of the caller's own."""

    class OurList:
        async def __call__(self, numbers):
            return numbers[:1]

        async def holds(self, numbers):
            return numbers[1:2]

    await allo.queue().append(NUMBERS, suppress=OurList())
    await allo.queue(email="tom@acme.example").append(NUMBERS, suppress=OurList().holds)

    assert sandbox.numbers() == NUMBERS[1:]
    assert sandbox.numbers("tom@acme.example") == [NUMBERS[0], *NUMBERS[2:]]


REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
STYLES = [
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.NATIONAL,
    phonenumbers.PhoneNumberFormat.RFC3966,
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    region=st.sampled_from(REGIONS),
    listed=st.lists(st.tuples(st.one_of(st.none(), st.sampled_from(REGIONS)), st.sampled_from(STYLES)), min_size=1),
    rows=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(STYLES)), min_size=1, max_size=4),
    asks=st.booleans(),
    ways=st.sampled_from(["append", "spread"]),
)
def test_suppressed_number_never_reaches_the_ledger(region, listed, rows, asks, ways):
    """However the list and the rows write a number, it is not queued; a number of nobody's list is."""

    def write(place, style):
        home = listed[place % len(listed)][0] or region
        number = phonenumbers.example_number(home)
        # The national way of another country is another number.
        return phonenumbers.format_number(number, style if home == region else STYLES[0])

    entries = [write(place, style) for place, (_, style) in enumerate(listed)]
    suppress = returning(entries) if asks else entries

    async def load():
        clock = FastClock(50)
        async with (
            Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox,
            AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250) as allo,
        ):
            numbers = [write(place, style) for place, style in rows]
            options = {"region": region, "suppress": suppress}
            if ways == "append":
                result = await allo.queue().append(["+12122000000", *numbers], **options)
            else:
                result = await allo.spread(["+12122000000", *numbers], over=[allo.queue()], **options)
            return result, sandbox.numbers()

    result, queued = asyncio.run(load())

    assert queued == ["+12122000000"]
    assert {row.reason for row in result.skipped} == {"SUPPRESSED"}
