"""Loading under the limits: how long it takes against the least that the limits allow, what is refused, what is lost.

    python -m benchmarks.limits [part of a scenario's name]

The server is the sandbox, with its limits and conflicts on, in another process and new for each run; who loads does so
in processes of their own, which have imported what they need when the time begins. The least time is what one request
of each process for each queue takes, the limits being what they are: it is measured with bare requests, so that the
sandbox's own work is not taken for the loader's.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
import orjson

from allo_async import AlloClient
from benchmarks.chunks import chunks_with_and_without
from benchmarks.handlers import client_of, handlers_beside_another_process
from benchmarks.limited_server import REPS, Server, running
from benchmarks.rivals import RIVALS, Job, Rival
from benchmarks.server import APPEND_PATH
from tests.redis_server import RedisServer

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

# A contender that is not done by then is not worth waiting for.
_LONGEST_RUN = 90.0

# Seconds: the limit's own, and a little for requests that reach the server closer together than they left.
_WINDOW = 1.03


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

    @property
    def fewest_requests(self) -> Sequence[tuple[str, bytes]]:
        """The fewest requests that do it, each the queue and the body: one of each process for each queue."""
        requests: list[tuple[str, bytes]] = []
        for jobs in self.processes:
            own: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
            for whose, numbers in jobs:
                own[_queue(whose)] += [{"number": number} for number in numbers]
            requests += [(queue, orjson.dumps({"email": queue, "numbers": rows})) for queue, rows in own.items()]
        return requests


async def least(scenario: Scenario) -> float:
    """Measure the least seconds that *scenario* takes: bare requests, over open connections, with their bodies ready.

    The requests for one queue go one after the other, and of all together at most five begin in a second.
    """
    requests = scenario.fewest_requests
    turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
    async with running(stranger=False) as (server, _):
        headers = {"Content-Type": "application/json", "Authorization": f"Api-Key {server.key}"}
        async with aiohttp.ClientSession(server.url, headers=headers, raise_for_status=True) as session:

            async def send(place: int, queue: str, body: bytes) -> None:
                async with turns[queue]:
                    await asyncio.sleep(begun + place // 5 * _WINDOW - time.perf_counter())
                    async with session.post(APPEND_PATH, data=body) as response:
                        await response.read()

            async def connect() -> None:
                async with session.get("/v2/api/me") as response:
                    await response.read()

            await asyncio.gather(*(connect() for _ in requests[:5]))
            begun = time.perf_counter()
            await asyncio.gather(*(send(place, *request) for place, request in enumerate(requests)))
            return time.perf_counter() - begun


def _queue(whose: Mapping[str, str]) -> str:
    return whose.get("email") or whose.get("user_id") or REPS[0]


def _addressed(jobs: Sequence[Job], server: Server) -> Sequence[Job]:
    """Return *jobs* with the user ids that this server has given, where a scenario has an address instead."""
    return [
        ({"user_id": server.user_ids[whose["user_id"]]} if "user_id" in whose else whose, numbers)
        for whose, numbers in jobs
    ]


def _numbers(count: int, place: int = 0) -> list[str]:
    return [f"+1212{2_000_000 + 1_000 * place + number}" for number in range(count)]


def scenarios() -> Mapping[str, Scenario]:
    """Return what there is to load, by name; a rep that is named by user id stands there by address."""
    names: Sequence[dict[str, str]] = ({}, {"user_id": REPS[0]}, {"email": REPS[0]})
    team = [{"email": rep} for rep in REPS[1:]]
    mixed = [*({"user_id": rep} for rep in REPS[1:3]), *team[2:]]
    return {
        "one queue of 950": Scenario([[({}, _numbers(950))]]),
        "five queues of 900": Scenario([[(rep, _numbers(900, place)) for place, rep in enumerate(team)]]),
        "five queues, mixed names": Scenario([[(rep, _numbers(900, place)) for place, rep in enumerate(mixed)]]),
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
    await _load(client_of(server, "Redis"), jobs)


async def allo_with_file(server: Server, jobs: Sequence[Job]) -> None:
    """Load the lists with this library, in step with other processes of this machine."""
    await _load(client_of(server, "file"), jobs)


async def _load(client: AlloClient, jobs: Sequence[Job]) -> None:
    async with client:
        await asyncio.gather(*(client.queue(**whose).append(numbers) for whose, numbers in jobs))


TOGETHER: Mapping[str, Rival] = {"allo_async, Redis": allo_with_redis, "allo_async, file": allo_with_file}
CONTENDERS: Mapping[str, Rival] = {"allo_async": allo, **TOGETHER, **RIVALS}


def _work(pipe: "Connection[Any, Any]", contender: str, server: Server, jobs: Sequence[Job]) -> None:
    """Load *jobs* in a process of its own: say that it is ready, wait for a word, and say that it is done."""
    logging.disable(logging.CRITICAL)
    pipe.send("ready")
    pipe.recv()

    async def work() -> None:
        async with asyncio.timeout(_LONGEST_RUN):
            await CONTENDERS[contender](server, jobs)

    # What a contender lost is in the ledger.
    with contextlib.suppress(Exception):
        asyncio.run(work())
    pipe.send("done")


async def run(name: str, contender: str, redis_url: str, directory: str) -> tuple[float, str]:
    """Run a contender on a scenario; give how long it took, and the rest as text."""
    async with running(stranger=scenarios()[name].stranger) as (bare, ledger):
        server = attrs.evolve(bare, redis_url=redis_url, directory=directory)
        scenario = scenarios()[name]
        spawn, pipes = multiprocessing.get_context("spawn"), list[Any]()
        for jobs in scenario.processes:
            here, there = multiprocessing.Pipe()
            spawn.Process(target=_work, args=(there, contender, server, _addressed(jobs, server)), daemon=True).start()
            pipes.append(here)
        for pipe in pipes:
            await asyncio.to_thread(pipe.recv)
        begun = time.perf_counter()
        for pipe in pipes:
            pipe.send("go")
        for pipe in pipes:
            await asyncio.to_thread(pipe.recv)
        seconds = time.perf_counter() - begun
        told = await ledger()
    lost = sum(told.carried_out[number] == 0 for number in scenario.numbers)
    twice = sum(max(0, told.carried_out[number] - 1) for number in scenario.numbers)
    refused = (told.conflicts + told.limited) / told.requests
    return seconds, f"{told.conflicts:>6,} {told.limited:>6,} {refused:>8.1%} {lost:>6,} {twice:>6,}"


async def main(wanted: str = "") -> None:
    """Run everything whose name has *wanted* in it, side by side, and print the table."""
    print(f"{'':28}{'':20}{'time ÷ least':>14} {'409':>6} {'429':>6} {'refused':>8} {'lost':>6} {'twice':>6}")
    # What the processes of one server share stands in a file of its own.
    with RedisServer() as redis, TemporaryDirectory() as directory:
        for name, scenario in scenarios().items():
            if wanted not in name:
                continue
            bare = median([await least(scenario) for _ in range(3)])
            print(f"{name:28}{'least':20}{bare:>12.3f} s")
            for contender in CONTENDERS:
                if contender not in TOGETHER or len(scenario.processes) > 1:
                    redis.flush()
                    seconds, rest = await run(name, contender, redis.url, directory)
                    print(f"{name:28}{contender:20}{seconds / bare:>14.2f} {rest}", flush=True)
            print()
        await handlers_beside_another_process(wanted, redis, directory)
        await chunks_with_and_without(wanted, redis, directory)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
