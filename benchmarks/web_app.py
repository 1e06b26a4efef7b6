"""A FastAPI application under uvicorn, with a trivial handler and one that loads messy rows."""

import socket
from collections.abc import Mapping
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection

import uvicorn
from fastapi import FastAPI

from benchmarks import loads
from benchmarks.apart import served
from benchmarks.baseline import careful, plain
from benchmarks.rows import messy_rows

#: Rows that the handler loads.
ROWS = 50_000

#: The loads that the handler can do, by the name in its path.
LOADS: Mapping[str, loads.Load] = {"allo_async": loads.append, "plain": plain, "careful": careful}


def _app(url: str) -> FastAPI:
    rows, app = messy_rows(ROWS), FastAPI()

    @app.get("/trivial")
    async def trivial() -> dict[str, bool]:
        return {"ok": True}

    @app.post("/loads/{name}")
    async def load(name: str) -> dict[str, bool]:
        loads.check_added(await LOADS[name](url, loads.fresh_queue(), rows), rows)
        return {"ok": True}

    # FastAPI has taken them by their decorators.
    _ = trivial, load
    return app


class _Server(uvicorn.Server):
    """Sends its port once it listens: that of a socket of uvicorn's own, which sends without delay."""

    def __init__(self, config: uvicorn.Config, port: Connection) -> None:
        super().__init__(config)
        self._port = port

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._port.send(self.servers[0].sockets[0].getsockname()[1])


def _serve(url: str, port: Connection) -> None:
    _Server(uvicorn.Config(_app(url), port=0, log_level="warning"), port).run()


def running(url: str) -> AbstractContextManager[str]:
    """Run the application beside an appending server at *url*, and give the application's own URL."""
    return served(_serve, url)
