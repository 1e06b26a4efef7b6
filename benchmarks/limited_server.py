"""The sandbox with its limits on, in a process of its own, and what its ledger says in the end."""

import asyncio
import contextlib
import multiprocessing
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from multiprocessing.connection import Connection
from typing import Any

import attrs

from allo_async.sandbox import Sandbox

#: Seconds that a request takes, and that an append takes on top for each row: 600 rows take 290 ms.
LATENCY = 0.03
PER_ROW = 0.00043

#: Whose queues there are, the key's owner first; each has a user id, too.
REPS = ("olivia@acme.example", *(f"rep{place}@acme.example" for place in range(5)))


@attrs.frozen
class Server:
    """What a contender needs to know.

    Attributes:
        url: The base URL.
        key: The API key.
        user_ids: The reps' user ids, by their addresses.
        redis_url: Where a Redis server is, for those who want one.
        directory: Where processes may meet.
    """

    url: str
    key: str
    user_ids: Mapping[str, str]
    redis_url: str = ""
    directory: str = ""


@attrs.frozen
class Ledger:
    """What happened.

    Attributes:
        conflicts: Requests that were refused with 409.
        limited: Requests that were refused with 429.
        requests: All requests.
        carried_out: How often each number was added by requests under the key.
        answered_at: When the request was answered that added each number, on the machine's monotonic clock.
    """

    conflicts: int
    limited: int
    requests: int
    carried_out: Counter[str]
    answered_at: Mapping[str, float]


@contextlib.asynccontextmanager
async def running(*, stranger: bool) -> AsyncGenerator[tuple[Server, Callable[[], Coroutine[Any, Any, Ledger]]]]:
    """Start the server, with a *stranger* who appends all the time if so wished; give what tells of it in the end."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(there,), kwargs={"stranger": stranger}, daemon=True
    )
    process.start()
    server: Server = await asyncio.to_thread(here.recv)

    async def ledger() -> Ledger:
        here.send("tell")
        told: Ledger = await asyncio.to_thread(here.recv)
        return told

    try:
        yield server, ledger
    finally:
        here.send("stop")
        await asyncio.to_thread(process.join)


def _serve(pipe: Connection, *, stranger: bool) -> None:
    asyncio.run(_server(pipe, stranger=stranger))


async def _server(pipe: Connection, *, stranger: bool) -> None:
    async with Sandbox(latency=LATENCY, append_seconds_per_row=PER_ROW) as sandbox:
        ids = {REPS[0]: sandbox.users[0].id} | {rep: sandbox.add_user(rep).id for rep in REPS[1:]}
        own_key = sandbox.api_key
        colleague = asyncio.create_task(_append_all_the_time(sandbox)) if stranger else None
        commands: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        threading.Thread(target=_listen, args=(pipe, loop, commands), daemon=True).start()
        pipe.send(Server(sandbox.url, own_key, ids))
        while await commands.get() == "tell":
            appends = [request for request in sandbox.ledger.appends if request.fault is None]
            pipe.send(
                Ledger(
                    sum(request.status == 409 for request in sandbox.ledger.requests),  # noqa: PLR2004 - conflict
                    sum(request.status == 429 for request in sandbox.ledger.requests),  # noqa: PLR2004 - too many
                    len(sandbox.ledger.requests),
                    Counter(number for request in appends for number in request.added),
                    {number: request.answered_at or 0.0 for request in appends for number in request.added},
                )
            )
        if colleague is not None:
            colleague.cancel()


def _listen(pipe: Connection, loop: asyncio.AbstractEventLoop, commands: "asyncio.Queue[str]") -> None:
    command = ""
    while command != "stop":
        command = pipe.recv()
        loop.call_soon_threadsafe(commands.put_nowait, command)


async def _append_all_the_time(sandbox: Sandbox) -> None:
    """Put a number into the owner's queue three times a second, as a colleague's script does."""
    sandbox.fill(None, 1)
    while len(sandbox.numbers()) < 1_000:  # noqa: PLR2004 - full
        await asyncio.sleep(0.33)
        sandbox.fill(None, 1)
