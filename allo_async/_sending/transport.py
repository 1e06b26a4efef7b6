"""The one door to aiohttp: a request out, a whole reply in, foreign errors translated."""

import asyncio
import base64
import contextlib
import platform
import re
from collections.abc import Callable, Sequence

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.payload import Payload
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from allo_async._wire.replies import Reply
from allo_async._wire.requests import Request
from allo_async.causes import bare, is_lasting, scrubbed
from allo_async.clock import Clock
from allo_async.errors import (
    AlloError,
    AttemptTimeoutError,
    ClientClosedError,
    ConnectionFailedError,
    ConnectionLostError,
    ReplyTooLargeError,
    TransportError,
    UnreachableError,
    UnreadableReplyError,
)
from allo_async.settings import Settings
from allo_async.validators import FOREIGN_ERRORS
from allo_async.version import __version__

_USER_AGENT = f"allo-async/{__version__} python/{platform.python_version()} aiohttp/{aiohttp.__version__}"

_QUERY = re.compile(r"\?[^\s'\"]+")

# Gateways add headers far above the 8,190 bytes that aiohttp reads, to answers that are otherwise in order.
_LONGEST_HEADER = 64 * 1024

# A slice that goes into the socket's buffer without holding up the loop.
_SLICE = 64 * 1024


# Nothing can have happened on a server that these are about: there was no connection to it.
_NOT_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)

_BROKEN = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)


_NO_HEADERS: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())


class _SentOnceError(aiohttp.ClientConnectionError):
    """aiohttp tried to send a request again by itself."""


class _Body(Payload):
    """A request's bytes, which leave once, and report when the first of them does.

    aiohttp repeats a DELETE or a PUT by itself if a kept-alive connection breaks. A repeated `clear(position=0)` takes
    the next number off too, so the second attempt is refused: before it is built, and at the latest before it leaves.
    """

    # Newer versions of aiohttp ask this before they repeat a request.
    _consumed = True

    def __init__(self, value: bytes, on_send: Callable[[], None]) -> None:
        super().__init__(value, content_type="application/json")
        self._length = len(value)
        self._bytes = value
        self._on_send = on_send
        self.sent = False

    @property
    def size(self) -> int:
        self._refuse_a_second_time()
        return self._length

    def __deepcopy__(self, _: object) -> "_Body":
        # Test tools keep a deep copy of what is sent: without this, one of the whole client, its locks and its loop.
        return self

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._bytes.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        self._refuse_a_second_time()
        self.sent = True
        self._on_send()
        for start in range(0, len(self._bytes), _SLICE):
            await writer.write(self._bytes[start : start + _SLICE])

    def _refuse_a_second_time(self) -> None:
        if self.sent:
            raise _SentOnceError("the connection was lost, and the request was not sent a second time")


class Transport:
    """Sends requests over one aiohttp session, which belongs to one event loop.

    Args:
        settings: The key, the base URL, the limits.
        clock: Bounds each attempt.
        session: The caller's own session, which stays open; `None`: one is made at the first request.
        trace_configs: For the session that is made.
        middlewares: Likewise.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        session: aiohttp.ClientSession | None,
        trace_configs: Sequence[aiohttp.TraceConfig],
        middlewares: Sequence[aiohttp.ClientMiddlewareType],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._given = session
        self._made: aiohttp.ClientSession | None = None
        self._trace_configs = list(trace_configs)
        self._middlewares = tuple(middlewares)
        self._closed = self._was_reached = False
        self._secrets = [settings.api_key.text]
        self._proxy: URL | None = None
        self._proxy_headers: dict[str, str] | None = None
        if settings.proxy is not None:
            self._take_proxy(URL(settings.proxy))

    async def exchange(self, request: Request, *, request_id: str, on_send: Callable[[], None]) -> Reply:
        """Send *request* once and read the whole answer.

        Args:
            request: The request to send.
            request_id: Goes out as `X-Request-Id`.
            on_send: Called when the first byte of the body goes out.

        Raises:
            UnreachableError: Nothing was sent, nor ever will be.
            ConnectionFailedError: Nothing was sent.
            ConnectionLostError: The connection broke after that.
            AttemptTimeoutError: No complete answer within the settings' `timeout`.
            UnreadableReplyError: The answer is not HTTP, cannot be decoded or is above the settings' `max_reply_bytes`.
            TransportError: aiohttp, or a session, a trace config or a middleware of the caller's, raised.
            ClientClosedError: `close` was called.
        """
        if self._closed:
            raise ClientClosedError("the client is closed")
        body = _Body(request.body or b"", on_send) if not request.reads else None
        try:
            async with self._clock.timeout(self._settings.timeout):
                return await self._exchange(request, request_id, body)
        except AlloError:
            raise
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                # aiohttp's frames hold the headers, and the cancellation may become a TimeoutError of the caller's.
                self._bare(error)
                raise
            # Nobody has cancelled the caller: something that a session was given did not come to its end.
            raise self._translated(error, request_id, body) from self._bare(error)
        except FOREIGN_ERRORS as error:
            raise self._translated(error, request_id, body) from self._bare(error)

    async def close(self) -> None:
        """Close the session, if this made it, and let nothing more out."""
        self._closed = True
        if self._made is not None:
            await self._made.close()

    def abandon(self) -> None:
        """Release the session, if this made it, without its loop, which has ended."""
        self._closed = True
        if self._made is not None and self._made.connector is not None:
            connector = self._made.connector
            self._made.detach()
            # Has nothing left to await on a loop that is closed.
            connector.close()

    def _take_proxy(self, proxy: URL) -> None:
        # Apart from each other, so that no error of aiohttp's can show the password.
        self._proxy = proxy.with_user(None)
        if proxy.user:
            login = f"{proxy.user}:{proxy.password or ''}".encode()
            basic = base64.b64encode(login).decode()
            self._proxy_headers = {"Proxy-Authorization": f"Basic {basic}"}
            self._secrets.append(basic)

    def _session(self, request_id: str) -> aiohttp.ClientSession:
        if self._given is not None:
            # aiohttp finds neither out before parts of the request are on their way.
            if self._given.closed:
                raise TransportError("the session that the client was given is closed", request_id=request_id)
            if getattr(self._given, "_loop", None) not in {None, asyncio.get_running_loop()}:
                raise TransportError(
                    "the session that the client was given belongs to another event loop", request_id=request_id
                )
            return self._given
        if self._made is None:
            self._made = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=self._trace_configs,
                middlewares=self._middlewares,
            )
        return self._made

    async def _exchange(self, request: Request, request_id: str, body: _Body | None) -> Reply:
        async with self._session(request_id).request(
            request.method,
            URL(f"{self._settings.base_url}{request.target}", encoded=True),
            data=body,
            headers=self._headers(request, request_id),
            proxy=self._proxy,
            proxy_headers=self._proxy_headers,
            allow_redirects=False,
            raise_for_status=False,
            timeout=aiohttp.ClientTimeout(),
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        ) as response:
            self._was_reached = True
            content = await self._read(response, request_id)
            # An error's message may quote the header that it refuses.
            for secret in self._secrets:
                content = content.replace(secret.encode(), b"...")
            request_id = response.headers.get("X-Request-Id") or request_id
            return Reply(response.status, response.headers, content, request_id)

    def _headers(self, request: Request, request_id: str) -> dict[str, str]:
        headers = {
            "Authorization": f"Api-Key {self._settings.api_key.text}",
            "Accept": "application/json",
            "User-Agent": _USER_AGENT,
            "X-Request-Id": request_id,
        }
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if request.idempotency_key is not None:
            headers["Idempotency-Key"] = request.idempotency_key
        return headers

    async def _read(self, response: aiohttp.ClientResponse, request_id: str) -> bytes:
        bound = self._settings.max_reply_bytes
        body = bytearray()
        async for part in response.content.iter_any():
            body += part
            if len(body) > bound:
                break
        else:
            # A middleware that reads a reply's body leaves none of it to iterate over.
            body += b"" if body else await response.read()
        if len(body) > bound:
            response.close()
            # The error's frames would keep it.
            body.clear()
            raise ReplyTooLargeError(f"a reply above {bound:,} bytes", status=response.status, request_id=request_id)
        return bytes(body)

    def _bare(self, error: BaseException) -> BaseException:
        if isinstance(error, aiohttp.ClientResponseError):
            # It may be one of a test tool's or of the caller's, without any.
            with contextlib.suppress(AttributeError):
                error.request_info = error.request_info._replace(headers=_NO_HEADERS)
        return bare(error, self._secrets)

    def _translated(self, error: BaseException, request_id: str, body: _Body | None) -> TransportError:
        # The headers of a read leave unseen: only an error of connecting shows that nothing was sent.
        sent = body is None or body.sent
        kind, told = self._meaning(error, sent=sent)
        # aiohttp quotes the whole URL, and a query may name a number or a teammate.
        text = _QUERY.sub("?…", scrubbed(getattr(error, "message", None) or str(error), self._secrets))
        why = f"{type(error).__name__}: {text}" if text else type(error).__name__
        if body is not None and body.sent:
            told += ", and the server may have acted"
        if kind is UnreadableReplyError:
            # aiohttp's own status of an unreadable answer is made up.
            return UnreadableReplyError(f"{told}: {why}", status=0, request_id=request_id)
        return kind(told if isinstance(error, TimeoutError) else f"{told}: {why}", request_id=request_id)

    def _meaning(self, error: BaseException, *, sent: bool) -> tuple[type[TransportError], str]:
        seconds = f"{self._settings.timeout:g} s"
        if isinstance(error, _NOT_CONNECTED):
            # A host that answered before exists: its name is lost with the network, and comes back.
            is_lasting_one = not self._was_reached and is_lasting(error)
            return UnreachableError if is_lasting_one else ConnectionFailedError, "could not connect"
        if isinstance(error, TimeoutError):
            return (
                (AttemptTimeoutError, f"no answer within {seconds}")
                if sent
                else (ConnectionFailedError, f"no connection within {seconds}")
            )
        if isinstance(error, aiohttp.ClientResponseError) or isinstance(error.__cause__, HttpProcessingError):
            return UnreadableReplyError, "an answer that cannot be read"
        if isinstance(error, _BROKEN):
            return (
                (ConnectionLostError, "the connection broke")
                if sent
                else (ConnectionFailedError, "the connection broke before the request left")
            )
        return TransportError, "the exchange failed in this process" if sent else "the request was not sent"
