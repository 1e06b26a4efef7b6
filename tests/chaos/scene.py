"""One load in a storm, from one seed: random lists, random faults, other writers; and what the ledger says of it."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable

import attrs

from allo_async import AlloClient, AlloError, AppendResult
from allo_async.sandbox import Sandbox, faults
from allo_async.sandbox.faults import Fault
from allo_async.testing import FastClock
from tests.end_to_end.numbers import fates, us_numbers

#: A fiftieth of a second is a second of the storm: its seconds of back-off and of silence pass quickly.
SPEED = 50

# In which an answer that is not lost on purpose comes on the busiest machine.
_TIMEOUT = 40

#: Everything that the sandbox can do to a request, by name.
KINDS: dict[str, Callable[[random.Random], Fault]] = {
    "500 before": lambda _: faults.error(500, "INTERNAL_SERVER_ERROR", retryable=True),
    "500 after commit": lambda _: faults.error(500, "INTERNAL_SERVER_ERROR", retryable=True, commit=True),
    "503 empty": lambda _: faults.empty(503),
    "502 HTML": lambda _: faults.html(502),
    "502 HTML after commit": lambda _: faults.html(502, commit=True),
    "504 HTML, answer kept": lambda _: faults.html(504, commit=True, stored=True),
    "drop": lambda _: faults.drop(),
    "commit and drop": lambda _: faults.commit_and_drop(),
    "stall": lambda _: faults.stall(),
    "commit and stall": lambda _: faults.commit_and_stall(),
    "late": lambda _: faults.late(1.5 * _TIMEOUT),
    "truncated JSON": lambda _: faults.truncated_json(),
    "truncated body": lambda _: faults.truncated_body(),
    "conflict": lambda _: faults.conflict(),
    "429": lambda dice: faults.rate_limited(seconds=dice.choice([1, 2, 5])),
    "429 as a date": lambda _: faults.rate_limited(header="date"),
    "413": lambda _: faults.error(413, "BATCH_TOO_LARGE"),
    "403": lambda _: faults.error(403, "FORBIDDEN"),
    "queue full, wrongly": lambda _: faults.error(400, "DIALING_QUEUE_LIMIT_REACHED"),
    "unknown fields": lambda _: faults.unknown_fields(),
    "unknown values": lambda _: faults.unknown_enum_values(),
    "unknown reason": lambda _: faults.unknown_skip_reason(),
    "entries left out": lambda dice: faults.leave_out(dice.randrange(5), dice.randrange(5)),
    "entries made up": lambda dice: faults.made_up(dice.randrange(1, 5)),
    "entries reversed": lambda _: faults.reversed_order(),
}

#: Those that can happen to a read as well.
_OF_READS = ("500 before", "503 empty", "502 HTML", "drop", "truncated JSON", "429")

_INVALID = ["nope", "", "+1 123 456 7890", "+1 123 456 7891", {"number": 5}, {"number": "+12125550100", "fax": "x"}]


@attrs.define
class Finding:
    """What a load did, and what was wrong with it."""

    seed: int
    honours: bool
    kinds: set[str] = attrs.field(factory=set)
    rows: int = 0
    added: int = 0
    in_doubt: int = 0
    recovered: int = 0
    lost: int = 0
    twice: int = 0
    wrong_order: int = 0
    untrue: list[str] = attrs.field(factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, doubled, out of order, or told wrongly."""
        return not (self.lost or self.twice or self.wrong_order or self.untrue)


@attrs.define
class _Load:
    """One list for one rep."""

    rep: str
    rows: list
    held: int
    result: AppendResult = attrs.field(factory=AppendResult)


async def storm(seed: int, *, honours: bool) -> Finding:
    """Run the load of *seed*, and compare what it told with what happened."""
    dice = random.Random(seed)
    clock = FastClock(SPEED)
    finding = Finding(seed, honours)
    overflows = dice.random() < 0.15
    if overflows:
        finding.kinds.add("partial overflow")
    async with Sandbox(
        clock=clock,
        read_per_second=None,
        write_per_second=None,
        honour_idempotency=honours,
        skips_queued=dice.random() < 0.2,
        max_rows_per_request=dice.choice([None, None, None, 7]),
        conflict_rate=dice.choice([0.0, 0.0, 0.2]),
        rate_limit_rate=dice.choice([0.0, 0.0, 0.05]),
        partial_overflow=overflows,
        seed=seed,
    ) as sandbox:
        loads = _loads(sandbox, dice)
        _script(sandbox, dice, finding)
        stop = asyncio.Event()
        repeating = dice.random() < 0.1
        if repeating:
            finding.kinds.add("strangers repeat us")
        colleague = not repeating and dice.random() < 0.1
        if colleague:
            finding.kinds.add("a colleague queues and calls the same")
        strangers = asyncio.create_task(
            _strangers(sandbox, loads, dice, stop, repeating=repeating or colleague, calling=colleague)
        )
        async with AlloClient(
            sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=_TIMEOUT, retry_budget=2_000
        ) as allo:
            await asyncio.gather(*(_append(allo, load, dice.randrange(3, 25)) for load in loads))
        stop.set()
        await strangers
        # A request that was given up may still be under way.
        await clock.sleep(2 * _TIMEOUT if "late" in finding.kinds else 1)
        for load in loads:
            _compare(sandbox, load, finding)
    return finding


def _loads(sandbox: Sandbox, dice: random.Random) -> list[_Load]:
    loads = []
    for place in range(dice.choice([1, 1, 2, 3])):
        rep = sandbox.add_user(f"rep{place}@acme.example").email
        numbers = us_numbers(dice.randrange(1, 70), 1_000 * place)
        rows = [row for number in numbers for row in _around(number, numbers, dice)]
        held = dice.choice([0, 0, 3, 120, 950, 995])
        if held:
            sandbox.fill(rep, held)
        loads.append(_Load(rep, rows, held))
    return loads


def _around(number: str, numbers: list[str], dice: random.Random) -> list:
    rows: list = [number if dice.random() < 0.7 else {"number": number, "name": "Zoë"}]
    if dice.random() < 0.1:
        rows.append(dice.choice(_INVALID))
    if dice.random() < 0.05:
        rows.append(dice.choice(numbers))
    return rows


def _script(sandbox: Sandbox, dice: random.Random, finding: Finding) -> None:
    """Let two faults or more strike, each at a request of its own or several in a row at one."""
    for kind in dice.sample(sorted(KINDS), dice.randrange(2, 6)):
        finding.kinds.add(kind)
        first = dice.randrange(1, 7)
        sandbox.script(KINDS[kind](dice), at=range(first, first + dice.choice([1, 1, 1, 2, 3])))
        if kind in _OF_READS and dice.random() < 0.5:
            sandbox.script(KINDS[kind](dice), method="GET", at=dice.randrange(1, 6))


async def _strangers(
    sandbox: Sandbox,
    loads: list[_Load],
    dice: random.Random,
    stop: asyncio.Event,
    *,
    repeating: bool,
    calling: bool,
) -> None:
    """Others write to queues with room left; some are *repeating* numbers of ours, and *calling* them."""
    while not stop.is_set() and dice.random() < 0.9:
        await asyncio.sleep(dice.random() * 0.02)
        load = dice.choice(loads)
        if len(sandbox.numbers(load.rep)) >= 1_000:
            continue
        number = _number(dice.choice(load.rows))
        if repeating and isinstance(number, str) and number.startswith("+1212"):
            user = sandbox._found(load.rep)
            queue, now = sandbox._team.queue_of(user.id, user.id), sandbox._now()
            (entry,) = queue.extend([(number, {})], now)
            if calling:
                called = attrs.evolve(entry, call_start_date=now, call_id="cll-theirs", routing_result="ANSWERED")
                queue.entries[entry.position] = called
        else:
            sandbox.fill(load.rep, 1)


async def _append(allo: AlloClient, load: _Load, chunk_size: int) -> None:
    try:
        load.result = await allo.queue(email=load.rep).append(load.rows, chunk_size=chunk_size, on_full_queue="stop")
    except AlloError as error:
        load.result = error.result


def _compare(sandbox: Sandbox, load: _Load, finding: Finding) -> None:
    """Compare what the load told with the ledger: what was carried out, in which order, and where it stands."""
    result, queue, user = load.result, sandbox.queue(load.rep), sandbox._found(load.rep)
    appends = [request for request in sandbox.ledger.appends if request.user_id == user.id]
    counts = Counter(number for request in appends for number in request.added)
    finding.rows += len(load.rows)
    finding.added += len(result.added)
    finding.in_doubt += len(result.in_doubt)
    finding.recovered += result.recovered
    finding.lost += len(load.rows) - len(fates(result))
    finding.twice += sum(count - 1 for count in counts.values())
    places = {_number(row): place for place, row in reversed(list(enumerate(load.rows)))}
    repeated = finding.kinds & {"strangers repeat us", "a colleague queues and calls the same"}
    if not repeated:
        order = [places[entry.number_to] for entry in queue if entry.number_to in counts]
        finding.wrong_order += sum(one > other for one, other in itertools.pairwise(order))
    told = {row.number_to for row in result.added}
    may_be_there = told | {row.contact.number for row in result.in_doubt}
    for row in result.added:
        there = queue[row.position].number_to if row.position < len(queue) else None
        if not there == row.number_to == _number(load.rows[row.index]):
            finding.untrue.append(f"row {row.index} of {load.rep} is told as added at {row.position}: {there} is there")
    for number in counts.keys() - may_be_there:
        finding.untrue.append(f"{number} is in the queue of {load.rep}, and is not told so")
    if "strangers repeat us" not in finding.kinds and told - counts.keys():
        finding.untrue.append(f"{len(told - counts.keys())} numbers of {load.rep} are told as added, and were not")


def _number(row: object) -> object:
    return row.get("number") if isinstance(row, dict) else row
