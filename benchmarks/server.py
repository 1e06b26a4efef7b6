"""A server that answers appends as cheaply as it can, so that what is measured is the client.

It adds whatever it is sent, without limits and without a cap; it runs in a process of its own.
"""

import contextlib
import multiprocessing
from collections.abc import Generator
from multiprocessing.connection import Connection

import orjson
from aiohttp import web

APPEND_PATH = "/v2/api/dialing-queues/current/numbers"


async def _append(request: web.Request) -> web.Response:
    numbers = orjson.loads(await request.read())["numbers"]
    added = [
        {
            "number_to": "+" + "".join(filter(str.isdecimal, row["number"])),
            "position": position,
            "created_at": "2026-04-30T10:00:00",
            "updated_at": "2026-04-30T10:00:00",
        }
        for position, row in enumerate(numbers)
    ]
    body = orjson.dumps({"data": {"added": added, "skipped": []}})
    return web.Response(body=body, content_type="application/json")


async def _queue(_: web.Request) -> web.Response:
    pagination = {"page": 0, "size": 0, "total_count": 0, "total_pages": 0, "has_more": False}
    return web.json_response({"data": [], "pagination": pagination})


def _serve(ready: Connection) -> None:
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post(APPEND_PATH, _append)
    app.router.add_get(APPEND_PATH.removesuffix("/numbers"), _queue)

    async def announce(_: web.Application) -> None:
        ready.send(None)

    app.on_startup.append(announce)
    port: int = ready.recv()
    web.run_app(app, host="127.0.0.1", port=port, print=lambda *_: None)


@contextlib.contextmanager
def running(port: int) -> Generator[str]:
    """Run the server on *port* of loopback, and give its URL."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    # Left open here, it would keep `recv` waiting for a server that died.
    there.close()
    here.send(port)
    here.recv()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()
