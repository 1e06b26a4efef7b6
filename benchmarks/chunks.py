"""What coordination costs one process that loads chunk after chunk: with a file and with Redis, against none."""

import time
from collections.abc import Sequence
from statistics import median

import attrs

from allo_async import AlloClient
from benchmarks.handlers import client_of
from benchmarks.limited_server import REPS, Server, running
from tests.redis_server import RedisServer

_NAME = "one process, chunks of"
_ROUNDS = 3

# Rows for each queue by the size of the chunks; the queues are loaded one after the other.
_LOADS = {10: (300,), 100: (900,), 1_000: (1_000,) * 5}


async def _run(size: int, rows: Sequence[int], way: str, redis_url: str, directory: str) -> float:
    async with running(stranger=False) as (bare, _):
        server = attrs.evolve(bare, redis_url=redis_url, directory=directory)
        async with _client(server, way) as allo:
            await allo.me()
            begun = time.perf_counter()
            for place, count in enumerate(rows):
                numbers = [f"+1212{2_000_000 + 1_000 * place + number}" for number in range(count)]
                await allo.queue(email=REPS[place]).append(numbers, chunk_size=size)
            return time.perf_counter() - begun


def _client(server: Server, way: str) -> AlloClient:
    return client_of(server, way) if way else AlloClient(server.key, base_url=server.url)


async def chunks_with_and_without(wanted: str, redis: RedisServer, directory: str) -> None:
    """Print the time with a file and with Redis as a multiple of the time with neither."""
    if wanted not in _NAME:
        return
    print(f"{'':28}{'none':>12} {'file ÷ none':>12} {'Redis ÷ none':>13}")
    for size, rows in _LOADS.items():
        seconds: dict[str, list[float]] = {"": [], "file": [], "Redis": []}
        for _ in range(_ROUNDS):
            for way, taken in seconds.items():
                redis.flush()
                taken.append(await _run(size, rows, way, redis.url, directory))
        none = median(seconds[""])
        with_file, with_redis = median(seconds["file"]) / none, median(seconds["Redis"]) / none
        print(f"{_NAME} {size:<5,}{none:>12.2f} s {with_file:>10.2f} {with_redis:>13.2f}", flush=True)
