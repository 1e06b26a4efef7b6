"""The one door to aiohttp: a request out, a whole reply in, foreign errors translated."""

import platform
from collections.abc import Callable, Sequence

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload
from yarl import URL

from allo_async._wire.replies import Reply
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.errors import (
    AttemptTimeoutError,
    ClientClosedError,
    ConnectionFailedError,
    ConnectionLostError,
    NoReplyError,
    ReplyTooLargeError,
)
from allo_async.settings import Settings
from allo_async.version import __version__

_USER_AGENT = f"allo-async/{__version__} python/{platform.python_version()} aiohttp/{aiohttp.__version__}"

# A slice that goes into the socket's buffer without holding up the loop.
_SLICE = 64 * 1024


class _Body(Payload):
    """A request's bytes, which tells when the first of them goes out: until then, nothing can have happened."""

    def __init__(self, value: bytes, on_send: Callable[[], None]) -> None:
        super().__init__(value, content_type="application/json")
        self._size = len(value)
        self._bytes = value
        self._on_send = on_send

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._bytes.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        self._on_send()
        for start in range(0, len(self._bytes), _SLICE):
            await writer.write(self._bytes[start : start + _SLICE])


class Transport:
    """Sends requests over one aiohttp session, which belongs to one event loop.

    Args:
        settings: The key, the base URL, the limits.
        clock: CallLimits each attempt.
        session: The caller's own session, which stays open; `None`: one is made at the first request.
        trace_configs: For the session that is made.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        session: aiohttp.ClientSession | None,
        trace_configs: Sequence[aiohttp.TraceConfig],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._given = session
        self._made: aiohttp.ClientSession | None = None
        self._trace_configs = list(trace_configs)
        self._closed = False
        # Apart from each other, so that no error of aiohttp's can show the password.
        proxy = URL(settings.proxy) if settings.proxy is not None else None
        self._proxy = proxy.with_user(None) if proxy is not None else None
        self._proxy_auth = (
            aiohttp.BasicAuth(proxy.user, proxy.password or "", "utf-8") if proxy is not None and proxy.user else None
        )

    async def exchange(self, request: Request, *, request_id: str, on_send: Callable[[], None]) -> Reply:
        """Send *request* once and read the whole answer.

        Args:
            request: What to send.
            request_id: Goes out as `X-Request-Id`.
            on_send: Called when the first byte of the body goes out.

        Raises:
            ConnectionFailedError: Nothing was sent.
            ConnectionLostError: The connection broke after that.
            AttemptTimeoutError: No complete answer within the settings' `timeout`.
            ReplyTooLargeError: The answer is above the settings' `max_reply_bytes`.
            NoReplyError: aiohttp refused to make the request.
            ClientClosedError: `close` was called.
        """
        if self._closed:
            raise ClientClosedError("the client is closed")
        sent = False

        def mark() -> None:
            nonlocal sent
            sent = True
            on_send()

        try:
            async with self._clock.timeout(self._settings.timeout):
                return await self._exchange(request, request_id, mark)
        except (aiohttp.ClientError, OSError) as error:
            # TimeoutError is an OSError.
            raise self._translated(error, request_id, sent=sent) from error
        except (ValueError, TypeError, RuntimeError) as error:
            raise NoReplyError(f"aiohttp refused the request: {error}", request_id=request_id) from error

    async def close(self) -> None:
        """Close the session, if this made it, and let nothing more out."""
        self._closed = True
        if self._made is not None:
            await self._made.close()

    def abandon(self) -> None:
        """Let go of the session, if this made it, without its loop, which has ended."""
        self._closed = True
        if self._made is not None and self._made.connector is not None:
            connector = self._made.connector
            self._made.detach()
            # Has nothing left to await on a loop that is closed.
            connector.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._given is not None:
            return self._given
        if self._made is None:
            self._made = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trace_configs=self._trace_configs)
        return self._made

    async def _exchange(self, request: Request, request_id: str, on_send: Callable[[], None]) -> Reply:
        async with self._session().request(
            request.method,
            URL(f"{self._settings.base_url}{request.target}", encoded=True),
            data=_Body(request.body or b"", on_send) if request.method != "GET" else None,
            headers=self._headers(request, request_id),
            proxy=self._proxy,
            proxy_auth=self._proxy_auth,
            allow_redirects=False,
            raise_for_status=False,
            timeout=aiohttp.ClientTimeout(),
        ) as response:
            body = await self._read(response, request_id)
            request_id = response.headers.get("X-Request-Id") or request_id
            return Reply(response.status, response.headers, body, request_id)

    def _headers(self, request: Request, request_id: str) -> dict[str, str]:
        headers = {
            "Authorization": f"Api-Key {self._settings.api_key}",
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
                response.close()
                raise ReplyTooLargeError(
                    f"an answer above {bound:,} bytes", status=response.status, request_id=request_id
                )
        return bytes(body)

    def _translated(self, error: Exception, request_id: str, *, sent: bool) -> NoReplyError:
        why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        late = isinstance(error, TimeoutError)
        if not sent:
            told = f"no connection within {self._settings.timeout:g} s" if late else f"could not connect: {why}"
            return ConnectionFailedError(told, request_id=request_id)
        if late:
            return AttemptTimeoutError(f"no answer within {self._settings.timeout:g} s", request_id=request_id)
        return ConnectionLostError(f"the connection broke: {why}", request_id=request_id)
