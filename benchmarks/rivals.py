"""What a user would write or pick instead of this library, to load several lists under the limits.

Each gives its all: they send a hundred rows at a time, as integrators do, and tell nothing of single rows.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

import aiohttp
import httpx
import tenacity

from benchmarks.limited_server import Server
from benchmarks.server import APPEND_PATH

#: A list, and the field that names whose queue it is for.
Job = tuple[dict[str, str], Sequence[str]]

Rival = Callable[[Server, Sequence[Job]], Awaitable[object]]

_CHUNK = 100


def _bodies(job: Job, size: int = _CHUNK) -> list[dict[str, object]]:
    whose, numbers = job
    return [
        {**whose, "numbers": [{"number": number} for number in numbers[start : start + size]]}
        for start in range(0, len(numbers), size)
    ]


async def plain_loop(server: Server, jobs: Sequence[Job]) -> None:
    """Send chunk after chunk, all lists at the same time; the first error ends a list."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Api-Key {server.key}"}) as session:

        async def load(job: Job) -> None:
            for body in _bodies(job):
                async with session.post(server.url + APPEND_PATH, json=body) as response:
                    response.raise_for_status()

        await asyncio.gather(*map(load, jobs), return_exceptions=True)


async def gather_with_tenacity(server: Server, jobs: Sequence[Job]) -> None:
    """Send all chunks at once, each with retries and exponential jitter."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Api-Key {server.key}"}) as session:

        @tenacity.retry(
            retry=tenacity.retry_if_exception_type(aiohttp.ClientError),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=10),
            stop=tenacity.stop_after_delay(60),
        )
        async def send(body: dict[str, object]) -> None:
            async with session.post(server.url + APPEND_PATH, json=body) as response:
                response.raise_for_status()

        sends = [send(body) for job in jobs for body in _bodies(job)]
        await asyncio.gather(*sends, return_exceptions=True)


async def httpx_as_sdks_do(server: Server, jobs: Sequence[Job]) -> None:
    """Retry twice on 408, 409, 429 and 5xx, after what `Retry-After` says or half a second doubled, with jitter."""
    async with httpx.AsyncClient(
        headers={"Authorization": f"Api-Key {server.key}"}, timeout=60, limits=httpx.Limits(max_connections=1_000)
    ) as client:

        async def send(body: dict[str, object]) -> None:
            for attempt in range(3):
                response = await client.post(server.url + APPEND_PATH, json=body)
                again = response.status_code in {408, 409, 429} or response.status_code >= 500  # noqa: PLR2004
                if not again or attempt == 2:  # noqa: PLR2004 - the last one
                    response.raise_for_status()
                    return
                told = float(response.headers.get("Retry-After", 0))
                await asyncio.sleep(told or min(0.5 * 2**attempt, 8) * random.uniform(0.75, 1))

        async def load(job: Job) -> None:
            for body in _bodies(job):
                await send(body)

        await asyncio.gather(*map(load, jobs), return_exceptions=True)


async def bulk_helper(server: Server, jobs: Sequence[Job]) -> None:
    """Stream chunks of 500 as elasticsearch-py's helper does: three retries, on 429 only, after 2, 4 and 8 seconds."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Api-Key {server.key}"}) as session:

        async def load(job: Job) -> None:
            for body in _bodies(job, 500):
                for attempt in range(4):
                    async with session.post(server.url + APPEND_PATH, json=body) as response:
                        if response.status != 429 or attempt == 3:  # noqa: PLR2004 - too many; the last one
                            response.raise_for_status()
                            break
                    await asyncio.sleep(2 ** (attempt + 1))

        await asyncio.gather(*map(load, jobs), return_exceptions=True)


RIVALS: dict[str, Rival] = {
    "aiohttp loop": plain_loop,
    "gather + tenacity": gather_with_tenacity,
    "httpx, SDK retries": httpx_as_sdks_do,
    "bulk helper": bulk_helper,
}
