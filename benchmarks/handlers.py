"""500 handlers of one process append a row each to one queue, while another process appends to it all the time.

How long each handler waits for its answer, beside the time at which the server answered the request with its row.
"""

import asyncio
import logging
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from itertools import count
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import attrs

from allo_async import AlloClient
from allo_async.file import FileCoordination
from allo_async.redis import RedisCoordination
from benchmarks.limited_server import Server, running
from tests.redis_server import RedisServer

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_NAME = "500 handlers beside another"
_HANDLERS = 500


def client_of(server: Server, way: str) -> AlloClient:
    """Return a client in step with other processes, by way of a "file" or of "Redis"."""
    if way == "file":
        return AlloClient(server.key, base_url=server.url, coordination=FileCoordination(server.directory))
    return AlloClient(server.key, base_url=server.url, coordination=RedisCoordination(server.redis_url))


def _handlers(pipe: "Connection[Any, Any]", way: str, server: Server) -> None:
    """Run the handlers in a process of its own, and send back when each was told."""
    logging.disable(logging.CRITICAL)
    numbers = [f"+1212{2_000_000 + number}" for number in range(_HANDLERS)]

    async def run() -> dict[str, float]:
        async with client_of(server, way) as allo:
            queue, told = allo.queue(), dict[str, float]()

            async def handle(number: str) -> None:
                await queue.append([number])
                told[number] = time.monotonic()

            pipe.send("ready")
            pipe.recv()
            await asyncio.gather(*map(handle, numbers))
            return told

    pipe.send(asyncio.run(run()))


def _other(pipe: "Connection[Any, Any]", way: str, server: Server) -> None:
    """Append in a process of its own, until somebody ends it."""
    logging.disable(logging.CRITICAL)

    async def run() -> None:
        async with client_of(server, way) as allo:
            for number in count(2_000_000):
                await allo.queue().append([f"+1213{number}"])
                if number == 2_000_000:  # noqa: PLR2004 - the first
                    pipe.send("ready")

    asyncio.run(run())


@attrs.frozen
class Times:
    """Seconds from the beginning, for each handler.

    Attributes:
        answered: When the server answered the request with its row.
        told: When its `append` returned.
        conflicts: Requests that were refused with 409, of both processes.
        limited: Requests that were refused with 429.
        lost: Rows that were not added, or more than once.
    """

    answered: Sequence[float]
    told: Sequence[float]
    conflicts: int
    limited: int
    lost: int


async def _run(way: str, redis_url: str, directory: str) -> Times:
    async with running(stranger=False) as (bare, ledger):
        server = attrs.evolve(bare, redis_url=redis_url, directory=directory)
        spawn = multiprocessing.get_context("spawn")
        processes, pipes = list[Any](), list[Any]()
        # The other process begins last, so that it has not filled the queue by the time that the handlers begin.
        for work in (_handlers, _other):
            here, there = multiprocessing.Pipe()
            process = spawn.Process(target=work, args=(there, way, server), daemon=True)
            process.start()
            processes.append(process)
            pipes.append(here)
            await asyncio.to_thread(here.recv)
        begun = time.monotonic()
        pipes[0].send("go")
        told: Mapping[str, float] = await asyncio.to_thread(pipes[0].recv)
        processes[1].kill()
        seen = await ledger()
    return Times(
        [seen.answered_at[number] - begun for number in told],
        [moment - begun for moment in told.values()],
        seen.conflicts,
        seen.limited,
        sum(seen.carried_out[number] != 1 for number in told),
    )


def _percentiles(seconds: Sequence[float]) -> str:
    cuts = quantiles(seconds, n=100)
    return f"{cuts[49]:>8.2f} s {cuts[98]:>8.2f} s"


async def handlers_beside_another_process(wanted: str, redis: RedisServer, directory: str) -> None:
    """Print when the handlers are told, and when their rows were answered, for each way of coordination."""
    if wanted not in _NAME:
        return
    print(f"{'':48}{'answered: p50':>17} {'p99':>5} {'told: p50':>15} {'p99':>7} {'409':>9} {'429':>6} {'lost':>6}")
    for way in ("file", "Redis"):
        redis.flush()
        times = await _run(way, redis.url, directory)
        row = f"{_percentiles(times.answered)} {_percentiles(times.told)}"
        print(
            f"{_NAME:28}{'allo_async, ' + way:20}{row} {times.conflicts:>6} {times.limited:>6} {times.lost:>6}",
            flush=True,
        )
