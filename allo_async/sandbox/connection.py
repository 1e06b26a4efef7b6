"""The server's side of HTTP: what cannot be read as a request is answered in the envelope too."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, cast

from aiohttp import web

from allo_async.sandbox.envelope import refuse

Handle: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

# Room for a header that is refused with its name.
_LONGEST_LINE = 64 * 1024


class Server(web.Server):
    """Hands every request to *handle*, whatever its path and its method; *new_id* makes the ids of other answers."""

    def __init__(self, handle: Handle, new_id: Callable[[], str]) -> None:
        super().__init__(handle)
        self.new_id = new_id

    def __call__(self) -> web.RequestHandler:
        """Serve one connection."""
        return _Connection(self, self._loop, self.new_id)


class _Connection(web.RequestHandler):
    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop, new_id: Callable[[], str]) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=cast("Any", None),  # how aiohttp is told to write no line a request
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            # Nothing says that the API takes compressed bodies.
            auto_decompress=False,
        )
        self._new_id = new_id

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        if isinstance(exc, ConnectionError):
            # The client has gone, which is no failure: aiohttp closes its side without a word.
            raise exc
        if status >= 500 or request.writer.output_size > 0:  # noqa: PLR2004
            return super().handle_error(request, status, exc, message)
        request_id = self._new_id()
        body = refuse("BAD_REQUEST", details={"suggestion": message}).answer().encode(request_id)
        headers = {"X-Request-Id": request_id}
        response = web.Response(status=status, body=body, content_type="application/json", headers=headers)
        response.force_close()
        return response
