"""A server that replies to appends as cheaply as it can, so that the client is what is measured.

It adds whatever it is sent, without limits and without a cap; it runs in a process of its own.
"""

import socket
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from typing import Any

import attrs
import orjson
from aiohttp import web

from benchmarks.apart import served

QUEUE_PATH = "/v2/api/dialing-queues/current"
APPEND_PATH = f"{QUEUE_PATH}/numbers"

# The fields that an entry has besides those of the append's documented example.
_FURTHER = {
    "call_start_date": None,
    "call_id": None,
    "routing_result": None,
    "sync_status": "NOT_SYNCED",
    "detected_outbound_voicemail": None,
    "not_reached_destination_reason": None,
    "voicemail_left": None,
}


@attrs.define
class _Queues:
    """All queues, by the rep's address.

    Attributes:
        whole: Whether an append's reply has all eleven fields of an entry, instead of the documented example's four.
    """

    whole: bool
    numbers: dict[str, list[str]] = attrs.field(factory=lambda: defaultdict(list))

    async def append(self, request: web.Request) -> web.Response:
        content = orjson.loads(await request.read())
        numbers = self.numbers[content.get("email", "")]
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        further = _FURTHER if self.whole else {}
        added: list[dict[str, Any]] = [
            {
                "number_to": "+" + "".join(filter(str.isdecimal, row["number"])),
                "position": position,
                "created_at": now,
                "updated_at": now,
                **further,
            }
            for position, row in enumerate(content["numbers"], len(numbers))
        ]
        numbers += [entry["number_to"] for entry in added]
        return _json({"data": {"added": added, "skipped": []}})

    async def page(self, request: web.Request) -> web.Response:
        numbers = self.numbers[request.query.get("email", "")]
        page, size = int(request.query.get("page", 1)), int(request.query.get("size", 20))
        first, pages = (page - 1) * size, -(-len(numbers) // size)
        entries = [
            {"number_to": number, "position": position, **_FURTHER}
            for position, number in enumerate(numbers[first : first + size], first)
        ]
        pagination = {"page": page, "size": size, "total_count": len(numbers), "total_pages": pages}
        return _json({"data": entries, "pagination": {**pagination, "has_more": page < pages}})


def _json(content: Mapping[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(content), content_type="application/json")


def _serve(whole: bool, port: Connection) -> None:  # noqa: FBT001 - across processes
    queues = _Queues(whole)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post(APPEND_PATH, queues.append)
    app.router.add_get(QUEUE_PATH, queues.page)
    listener = socket.create_server(("127.0.0.1", 0))

    async def announce(_: web.Application) -> None:
        port.send(listener.getsockname()[1])

    app.on_startup.append(announce)
    web.run_app(app, sock=listener, print=lambda *_: None)


def running(*, whole: bool = False) -> AbstractContextManager[str]:
    """Run the server on a free port of loopback, and give its URL.

    Args:
        whole: Reply to appends with all eleven fields of an entry, instead of the documented example's four.
    """
    return served(_serve, whole)
