"""Code of the caller's that fails inside a load: rows, generators, callbacks, predicates."""

import asyncio
import contextvars
from collections.abc import Mapping

import anyio
import pytest

from allo_async import (
    AlloClient,
    AppendResult,
    AppendStream,
    CallbackError,
    ConfigurationError,
    Journal,
    RowSourceError,
    SpreadResult,
    SuppressionError,
)
from allo_async._loading.feeder import take_all
from allo_async._loading.prepare import Preparer
from allo_async.sandbox import faults
from tests.end_to_end.numbers import fates, us_numbers


def _group():
    return BaseExceptionGroup("unhandled", [KeyboardInterrupt()])


MARIE, TOM = "marie@acme.example", "tom@acme.example"


class Broken(Mapping):
    """A row whose *part* raises, as that of a row whose database session is closed."""

    def __init__(self, part, error=RuntimeError):
        self.part, self.error = part, error

    def _do(self, part):
        if self.part == part:
            raise self.error("detached: +12125550010")

    def __getitem__(self, name):
        self._do("getitem")
        return "+12125550010"

    def __iter__(self):
        self._do("iter")
        return iter(["number"])

    def __len__(self):
        self._do("len")
        return 1

    def items(self):
        self._do("items")
        return super().items()


class Named:
    """A row of a database that is known by its keys."""

    def keys(self):
        raise RuntimeError("detached")

    def __getitem__(self, name):
        return "+12125550010"


class Text(str):
    """Text that has methods of its own."""

    __slots__ = ()

    def strip(self):
        raise RuntimeError("no")

    isascii = encode = __str__ = __len__ = strip


class Proxy:
    """An object that stands for another one, which is gone."""

    @property
    def __class__(self):
        raise RuntimeError("working outside of a context")


BROKEN = {
    "getitem": lambda: Broken("getitem"),
    "iter": lambda: Broken("iter"),
    "items": lambda: Broken("items"),
    "stop iteration": lambda: Broken("items", StopIteration),
    "recursion": lambda: Broken("items", RecursionError),
    "cancelled": lambda: Broken("items", asyncio.CancelledError),
    "keys": Named,
    "proxy": Proxy,
    "field": lambda: {"number": "+12125550011", "emails": Broken("len")},
    "list": lambda: {"number": "+12125550012", "emails": {Proxy(): 1}.keys()},
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("way", ["append", "spread", "rest", "journal"])
async def test_row_that_raises_costs_no_other_row(sandbox, allo, tmp_path, kind, way):
    """Whatever reading a row raises, the row is skipped as unusable, and each other row has its own fate."""
    rows = [*us_numbers(6), BROKEN[kind](), *us_numbers(2, 100)]
    if way == "spread":
        result = await allo.spread(rows, over=[allo.queue(email=MARIE), allo.queue(email=TOM)])
    elif way == "journal":
        result = await allo.queue().append(rows, journal=Journal(tmp_path / "journal"), load_id="one")
    else:
        sandbox.fill(None, 998 if way == "rest" else 0)
        result = await allo.queue().append(rows, chunk_size=2, on_full_queue="stop")

    assert fates(result)[6] == "skipped"
    assert [row.reason for row in result.skipped] == ["INVALID_CONTACT"]
    assert len(result.added) == (2 if way == "rest" else 8)
    assert len(result.pending) == (6 if way == "rest" else 0)


async def test_skip_of_a_row_that_raises_says_so_without_the_number(allo):
    """The detail names the kind of error, and not its text, which may hold what the row holds."""
    result = await allo.queue().append([Broken("getitem")])

    assert result.skipped[0].detail == "reading it raised RuntimeError"


async def test_text_of_a_subclass_is_read_as_text(sandbox, allo):
    """A subclass of `str` with methods of its own is the text that it holds."""
    result = await allo.queue().append([Text("+12125550010"), {"number": Text("+12125550011"), "name": Text("Jo")}])

    assert fates(result) == {0: "added", 1: "added"}
    assert sandbox.numbers() == ["+12125550010", "+12125550011"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_interrupt_in_a_row_is_no_error_of_the_row(error):
    """An interrupt that ends the process is not taken for a bad row."""

    async def look(chunk):
        raise AssertionError(chunk)

    with pytest.raises(error):
        asyncio.run(take_all([Broken("items", error)], Preparer(region=None, keep_duplicates=False), look))


class Rows:
    """Rows whose own *part* raises."""

    def __init__(self, part):
        self.part = part

    def __len__(self):
        if self.part == "len":
            raise RuntimeError("cannot be counted")
        return 3

    def __iter__(self):
        if self.part == "iter":
            raise RuntimeError("no cursor")
        return iter(us_numbers(3))


async def test_rows_that_cannot_be_iterated_are_told_of(allo):
    """An `__iter__` that raises is a `RowSourceError`; a length that raises is none."""
    for load in (allo.queue().append, lambda rows: allo.spread(rows, over=[allo.queue()])):
        with pytest.raises(RowSourceError) as caught:
            await load(Rows("iter"))
        assert isinstance(caught.value.__cause__, RuntimeError)
    assert len((await allo.queue().append(Rows("len"))).added) == 3


class Unspeakable(Exception):  # noqa: N818 - as it is called elsewhere
    def __str__(self):
        raise RuntimeError("no text")


async def _cancelled_rows():
    for number in us_numbers(5):
        yield number
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


def _raising_rows(error):
    yield from us_numbers(5)
    raise error


class _AsyncOnly:
    def __init__(self):
        self._rows = iter(us_numbers(5))

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return next(self._rows)
        except StopIteration:
            raise StopAsyncIteration from None


ENDED = {
    "cancelled producer": _cancelled_rows,
    "cancelled in a sync generator": lambda: _raising_rows(asyncio.CancelledError()),
    "error without text": lambda: _raising_rows(Unspeakable()),
    "end of another iterator": _AsyncOnly,
}


@pytest.mark.parametrize("rows", ENDED)
async def test_error_of_the_rows_is_told_with_the_account(sandbox, allo, rows):
    """A cancellation that nobody asked for, too, is an error of the rows; those before have their fates."""
    task = asyncio.create_task(allo.queue().append(ENDED[rows](), chunk_size=2))
    await asyncio.wait({task})

    assert not task.cancelled()
    assert isinstance(task.exception(), RowSourceError)
    assert "row 5" in str(task.exception())
    assert task.exception().__cause__ is not None
    assert fates(task.exception().result) == {**dict.fromkeys(range(4), "added"), 4: "pending"}
    with pytest.raises(RowSourceError) as caught:
        await allo.spread(ENDED[rows](), over=[allo.queue(email=TOM)])
    assert fates(caught.value.result) == dict.fromkeys(range(5), "pending")


variable = contextvars.ContextVar("variable", default=None)


def _in_a_context():
    token = variable.set("span")
    try:
        yield from us_numbers(15)
    finally:
        variable.reset(token)


async def _in_a_context_later():
    token = variable.set("span")
    try:
        for number in us_numbers(15):
            assert variable.get() == "span"
            yield number
    finally:
        variable.reset(token)


async def _in_a_task_group():
    async with anyio.create_task_group() as group:
        group.start_soon(asyncio.sleep, 0)
        for number in us_numbers(15):
            yield number


async def _in_a_timeout():
    async with asyncio.timeout(1_000):
        for number in us_numbers(15):
            yield number


SCOPED = [_in_a_context, _in_a_context_later, _in_a_task_group, _in_a_timeout]


@pytest.mark.parametrize("rows", SCOPED)
@pytest.mark.parametrize("full", [False, True])
async def test_generator_is_iterated_in_one_task(sandbox, allo, rows, full):
    """Timeouts, task groups and context variables work inside the rows, to whatever end the load comes."""
    sandbox.fill(None, 993 if full else 0)
    result = await allo.queue().append(rows(), chunk_size=4, on_full_queue="stop")

    assert len(result.added) == (7 if full else 15)
    if rows is _in_a_context:
        assert result.totals.rows == 15
    spread = await allo.spread(rows(), over=[allo.queue(email=TOM)])
    assert len(spread.added) == 15
    assert (await allo.queue(email=MARIE).plan(rows())).rows == 15


async def test_timeout_inside_the_rows_ends_them_while_they_are_not_running(sandbox, allo):
    """A timeout that passes while the rows are not asked for the next one is theirs, and no cancellation of ours."""
    scopes = []

    async def rows():
        async with asyncio.timeout(None) as scope:
            scopes.append(scope)
            for number in us_numbers(50):
                yield number

    stream = allo.queue().append_stream(rows(), chunk_size=5)
    await anext(stream)
    scopes[0].reschedule(0)
    await asyncio.sleep(0.01)
    await anext(stream)
    with pytest.raises(RowSourceError) as caught:
        await anext(stream)

    assert isinstance(caught.value.__cause__, TimeoutError)
    assert sandbox.numbers() == us_numbers(10)


def _leave(stream):
    raise RuntimeError("left")


@pytest.mark.parametrize("end", [_leave, AppendStream.stop, lambda stream: asyncio.current_task().cancel()])
@pytest.mark.parametrize("failing", [False, True])
async def test_generator_is_closed_in_its_own_task(sandbox, allo, end, failing):
    """However a load ends, the generator is closed before the call returns, by the task that iterated it."""
    tasks = []

    async def rows():
        tasks.append(asyncio.current_task())
        try:
            for number in us_numbers(50):
                yield number
        finally:
            tasks.append(asyncio.current_task())

    async def run():
        async with allo.queue().append_stream(rows(), chunk_size=5) as stream:
            async for _ in stream:
                end(stream)

    sandbox.script(faults.error(403, "FORBIDDEN"), at=1 if failing else 100)
    await asyncio.wait({asyncio.create_task(run())})

    assert len(tasks) == 2
    assert tasks[0] is tasks[1]


async def test_sync_generator_is_closed_at_the_end(allo):
    """A generator whose rest nobody takes is closed when the call ends, and not when it is collected."""
    closed = []

    def rows():
        try:
            while True:
                yield "+12125550010"
        finally:
            closed.append(True)

    generator = rows()
    with pytest.raises(SuppressionError):
        await allo.queue().append(_limited(generator), suppress=_failing)
    assert not closed
    with pytest.raises(TimeoutError):
        await allo.queue().append(generator, deadline=0)
    assert closed


def _limited(rows):
    return [next(rows) for _ in range(3)]


async def _failing(numbers):
    raise ValueError("out of order")


async def _cancelling(numbers):
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


@pytest.mark.parametrize("suppress", [_cancelling, _cancelled_rows])
async def test_cancellation_out_of_a_suppression_is_its_own_error(allo, suppress):
    """Where nobody cancelled the call, a cancelled look-up is a `SuppressionError`, and nothing was sent."""
    task = asyncio.create_task(
        allo.queue().append(us_numbers(3), suppress=suppress if suppress is _cancelling else suppress())
    )
    await asyncio.wait({task})

    assert not task.cancelled()
    assert isinstance(task.exception(), SuppressionError)
    assert fates(task.exception().result) == dict.fromkeys(range(3), "pending")


@pytest.mark.parametrize("error", [BrokenPipeError("gone"), asyncio.CancelledError(), Unspeakable()])
@pytest.mark.parametrize("at", [1, 2, 3])
async def test_progress_that_raises_ends_the_spread_in_order(sandbox, allo, error, at):
    """No request is cancelled: what is on its way is heard out, and the error has the fate of each row."""
    calls = []

    def on_progress(run):
        calls.append(run)
        if len(calls) == at:
            raise error

    over = [allo.queue(email=email) for email in (MARIE, TOM)]
    with pytest.raises(CallbackError) as caught:
        await allo.spread(us_numbers(12), over=over, chunk_size=2, on_progress=on_progress)

    assert caught.value.__cause__ is error
    assert len(calls) == at
    told = fates(caught.value.result)
    assert sorted(told) == list(range(12))
    assert isinstance(caught.value.result, SpreadResult)
    assert set(told.values()) <= {"added", "pending"}
    assert len(caught.value.result.added) == len(sandbox.numbers(MARIE)) + len(sandbox.numbers(TOM))


async def test_progress_that_raises_replaces_no_cancellation(sandbox, allo):
    """A spread that is cancelled while its callback raises is cancelled."""
    sandbox.script(faults.stall(), method="POST")

    def on_progress(run):
        if sandbox.ledger.appends:
            raise ValueError("a bug")

    result = SpreadResult()
    task = asyncio.create_task(allo.spread(us_numbers(4), over=[allo.queue()], on_progress=on_progress, into=result))
    while not sandbox.ledger.appends:
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    assert fates(result) == dict.fromkeys(range(4), "in doubt")


async def _async_progress(run):
    """Never run."""


def _async_call(run):
    return _async_progress(run)


class _AsyncCallable:
    async def __call__(self, run):
        """Never run."""


@pytest.mark.parametrize("on_progress", [_async_progress, _AsyncCallable(), 5])
async def test_progress_that_cannot_be_called_is_refused(sandbox, allo, on_progress):
    """An async function would never run: it is refused before anything is sent."""
    with pytest.raises(ConfigurationError, match="on_progress"):
        await allo.spread(us_numbers(1), over=[allo.queue()], on_progress=on_progress)
    assert sandbox.ledger.requests == []


async def test_progress_that_returns_a_coroutine_is_told_of(allo):
    """What only shows when it is called ends the spread in order."""
    with pytest.raises(CallbackError, match="coroutine"):
        await allo.spread(us_numbers(1), over=[allo.queue()], on_progress=_async_call)


async def test_cancelled_append_fills_the_result_of_the_caller(sandbox, allo):
    """After a cancellation, `into` has the fate of every row that was taken, and the ledger agrees."""
    sandbox.script(faults.stall(), at=3)
    result = AppendResult()
    task = asyncio.create_task(allo.queue().append(us_numbers(50), chunk_size=5, into=result))
    while len(sandbox.ledger.appends) < 3:
        await asyncio.sleep(0.001)
    assert len(result.added) in (5, 10)
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    told = fates(result)
    assert sorted(told) == list(range(result.totals.rows))
    assert [index for index, fate in told.items() if fate == "added"] == list(range(10))
    assert [index for index, fate in told.items() if fate == "in doubt"] == list(range(10, 15))
    assert sandbox.numbers() == us_numbers(10)


async def test_result_to_fill_is_what_is_returned_and_raised(sandbox, allo):
    """One account: the call returns or raises what it filled."""
    result = AppendResult()
    assert await allo.queue().append(us_numbers(3), into=result) is result
    sandbox.script(faults.error(403, "FORBIDDEN"))
    failed = AppendResult()
    with pytest.raises(Exception, match="FORBIDDEN") as caught:
        await allo.queue().append(us_numbers(3, 10), into=failed)
    assert caught.value.result is failed
    for into in (result, SpreadResult(), []):
        with pytest.raises(ConfigurationError, match="into"):
            await allo.queue().append(us_numbers(3), into=into)


async def test_few_rows_do_not_wait_for_many_to_be_prepared(sandbox, allo):
    """A row that is at hand leaves while other lists are still being read."""
    await allo.queue(email=TOM).append(us_numbers(1))
    pulled = []

    def many():
        for number in us_numbers(1_000):
            pulled.append(number)
            yield f"({number[2:5]}) {number[5:8]}-{number[8:]}"

    bulk = [
        asyncio.create_task(allo.queue(email=MARIE).append(many(), region="US", on_full_queue="stop")) for _ in range(5)
    ]
    while not pulled:
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await allo.queue(email=TOM).append(us_numbers(1, 5_000))

    assert len(pulled) < 5_000
    await asyncio.gather(*bulk)


@pytest.mark.parametrize("kind", [ValueError, asyncio.CancelledError, _group], ids=["error", "cancelled", "group"])
async def test_observer_that_raises_costs_no_row_and_doubles_none(sandbox, clock, kind):
    """Whatever an observer raises, at whichever event, the load goes on, and each row leaves once."""

    def observe(_):
        raise kind()

    async with AlloClient(
        sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=500, observers=[observe]
    ) as allo:
        result = await allo.queue().append(us_numbers(3))

    assert len(result.added) == 3
    assert sandbox.numbers() == us_numbers(3)


async def test_group_out_of_the_rows_ends_the_load_with_its_account(allo):
    """A task group inside a generator that fails is an error of the rows like any other."""

    async def rows():
        for number in us_numbers(7):
            yield number
        raise _group()

    with pytest.raises(RowSourceError) as caught:
        await allo.queue().append(rows(), chunk_size=5)

    assert caught.value.result.totals.rows == 7
    assert len(caught.value.result.added) == 5
