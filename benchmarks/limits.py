"""Loading under the limits: how long it takes against the least that the limits allow, what is refused, what is lost.

    python -m benchmarks.limits [part of a scenario's name]

The server is the sandbox, with its limits and conflicts on, in another process and new for each run; who loads does so
in processes of their own, which have imported what they need when the time begins. The least time is what one request
of each process for each queue would take, the limits being what they are; how long a bare request takes, over an open
connection and with its body ready, is measured first, so that the sandbox's own work is not taken for the loader's.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
import orjson

from allo_async import AlloClient
from allo_async.redis import RedisCoordination
from benchmarks.limited_server import REPS, Server, running
from benchmarks.rivals import RIVALS, Job, Rival
from benchmarks.server import APPEND_PATH
from tests.redis_server import RedisServer

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

# A contender that is not done by then is not worth waiting for.
_PATIENCE = 90.0


@attrs.frozen
class Scenario:
    """Something to load.

    Attributes:
        processes: What each process has to load: lists, each for a queue.
        stranger: Whether somebody else appends to the same queue all the time.
    """

    processes: Sequence[Sequence[Job]]
    stranger: bool = False

    @property
    def numbers(self) -> list[str]:
        """All there is to load."""
        return [number for jobs in self.processes for _, numbers in jobs for number in numbers]

    def least(self, bare: "Bare") -> float:
        """Tell the least seconds that it can take, where a request takes as long as a *bare* one.

        The requests for one queue go one after the other, and of all together at most five begin in a second.
        """
        queues: defaultdict[str, float] = defaultdict(float)
        requests: list[float] = []
        for jobs in self.processes:
            own: Counter[str] = Counter()
            for whose, numbers in jobs:
                own[_queue(whose)] += len(numbers)
            for queue, rows in own.items():
                seconds = bare.request + rows * bare.row
                queues[queue] += seconds
                requests.append(seconds)
        paced = (seconds + place // 5 for place, seconds in enumerate(sorted(requests)))
        return max(*queues.values(), *paced)


@attrs.frozen
class Bare:
    """How long a request takes that is ready to be sent.

    Attributes:
        request: Seconds for any.
        row: Seconds for each of its rows.
    """

    request: float
    row: float

    @classmethod
    async def measured(cls) -> "Bare":
        """Send a few, of one row and of many."""
        seconds = {rows: [await _bare(rows) for _ in range(3)] for rows in (1, 901)}
        row = (median(seconds[901]) - median(seconds[1])) / 900
        return cls(median(seconds[1]) - row, row)


async def _bare(rows: int) -> float:
    body = orjson.dumps({"numbers": [{"number": number} for number in _numbers(rows)]})
    headers = {"Content-Type": "application/json"}
    async with running("", stranger=False) as (server, _):
        authorization = {"Authorization": f"Api-Key {server.key}"}
        async with aiohttp.ClientSession(server.url, headers=headers | authorization) as session:
            await (await session.get(APPEND_PATH)).read()
            begun = time.perf_counter()
            await (await session.post(APPEND_PATH, data=body)).read()
            return time.perf_counter() - begun


def _queue(whose: Mapping[str, str]) -> str:
    # Without a name, and by user id, it is the owner's.
    return whose.get("email", REPS[0])


def _numbers(count: int, place: int = 0) -> list[str]:
    return [f"+1212{2_000_000 + 1_000 * place + number}" for number in range(count)]


def scenarios(owner_id: str) -> Mapping[str, Scenario]:
    """Give what there is to load, by name."""
    names: Sequence[dict[str, str]] = ({}, {"user_id": owner_id}, {"email": REPS[0]})
    team = [{"email": rep} for rep in REPS[1:]]
    return {
        "one queue of 950": Scenario([[({}, _numbers(950))]]),
        "five queues of 900": Scenario([[(rep, _numbers(900, place)) for place, rep in enumerate(team)]]),
        "eight tasks, one queue": Scenario([[({}, _numbers(100, place)) for place in range(8)]]),
        "nine tasks, three names": Scenario([[(names[place % 3], _numbers(100, place)) for place in range(9)]]),
        "against a stranger": Scenario([[({}, _numbers(600))]], stranger=True),
        "500 handlers, one row each": Scenario([[({}, [number]) for number in _numbers(500)]]),
        "four processes, one queue": Scenario([[({}, _numbers(225, place))] for place in range(4)]),
        "four processes, five queues": Scenario(
            [[(rep, _numbers(200, 10 * part + place)) for place, rep in enumerate(team)] for part in range(4)]
        ),
    }


async def allo(server: Server, jobs: Sequence[Job]) -> None:
    """Load the lists with this library."""
    await _load(AlloClient(server.key, base_url=server.url), jobs)


async def allo_with_redis(server: Server, jobs: Sequence[Job]) -> None:
    """Load the lists with this library, in step with other processes."""
    await _load(AlloClient(server.key, base_url=server.url, coordination=RedisCoordination(server.redis_url)), jobs)


async def _load(client: AlloClient, jobs: Sequence[Job]) -> None:
    async with client:
        await asyncio.gather(*(client.queue(**whose).append(numbers) for whose, numbers in jobs))


CONTENDERS: Mapping[str, Rival] = {"allo_async": allo, "allo_async, Redis": allo_with_redis, **RIVALS}


def _work(pipe: "Connection[Any, Any]", contender: str, server: Server, jobs: Sequence[Job]) -> None:
    """Load *jobs* in a process of its own: say that it is ready, wait for a word, and say that it is done."""
    logging.disable(logging.CRITICAL)
    pipe.send("ready")
    pipe.recv()

    async def work() -> None:
        async with asyncio.timeout(_PATIENCE):
            await CONTENDERS[contender](server, jobs)

    # What a contender lost is in the ledger.
    with contextlib.suppress(Exception):
        asyncio.run(work())
    pipe.send("done")


async def run(name: str, contender: str, redis_url: str, bare: Bare) -> tuple[float, str]:
    """Run a contender on a scenario; give how long it took against the least time, and the rest as text."""
    async with running(redis_url, stranger=scenarios("")[name].stranger) as (server, ledger):
        scenario = scenarios(server.owner_id)[name]
        spawn, pipes = multiprocessing.get_context("spawn"), list[Any]()
        for jobs in scenario.processes:
            here, there = multiprocessing.Pipe()
            spawn.Process(target=_work, args=(there, contender, server, jobs), daemon=True).start()
            pipes.append(here)
        for pipe in pipes:
            await asyncio.to_thread(pipe.recv)
        begun = time.perf_counter()
        for pipe in pipes:
            pipe.send("go")
        for pipe in pipes:
            await asyncio.to_thread(pipe.recv)
        ratio = (time.perf_counter() - begun) / scenario.least(bare)
        told = await ledger()
    lost = sum(told.carried_out[number] == 0 for number in scenario.numbers)
    twice = sum(max(0, told.carried_out[number] - 1) for number in scenario.numbers)
    refused = (told.conflicts + told.limited) / told.requests
    return ratio, f"{told.conflicts:>6,} {told.limited:>6,} {refused:>8.1%} {lost:>6,} {twice:>6,}"


async def main(wanted: str = "") -> None:
    """Run everything whose name has *wanted* in it, side by side, and print the table."""
    bare = await Bare.measured()
    print(f"a bare request takes {bare.request * 1e3:.1f} ms, and {bare.row * 1e3:.2f} ms a row")
    print(f"{'':28}{'':20}{'time ÷ least':>14} {'409':>6} {'429':>6} {'refused':>8} {'lost':>6} {'twice':>6}")
    with RedisServer() as redis:
        for name, scenario in scenarios("").items():
            if wanted not in name:
                continue
            for contender in CONTENDERS:
                if contender != "allo_async, Redis" or len(scenario.processes) > 1:
                    redis.flush()
                    ratio, rest = await run(name, contender, redis.url, bare)
                    print(f"{name:28}{contender:20}{ratio:>14.2f} {rest}", flush=True)
            print()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
