import asyncio
import socket
import ssl
from types import SimpleNamespace

import aiohttp
import pytest

from allo_async import AlloClient, ConnectionFailedError, UnreachableError
from allo_async.sandbox import Sandbox
from tests.clocks import ManualClock

KEY = "ak_live_secret123"


def _no_address(number):
    error = OSError(None, "DNS lookup failed")
    error.__cause__ = Exception(number, "said by c-ares")
    return error


class _Connector(aiohttp.TCPConnector):
    """Connects as often as is wished for, and then fails with what the system said."""

    def __init__(self, reason, *, successes=0):
        super().__init__()
        self._reason, self._successes, self.tries = reason, successes, 0

    async def connect(self, req, traces, timeout):  # noqa: ASYNC109 - aiohttp's own signature
        self.tries += 1
        if self.tries <= self._successes:
            return await super().connect(req, traces, timeout)
        raise (
            self._reason
            if isinstance(self._reason, aiohttp.ClientError)
            else aiohttp.ClientConnectorDNSError(req.connection_key, self._reason)
        )


def _certificate():
    return aiohttp.ClientConnectorCertificateError(
        SimpleNamespace(host="allo.example", port=443, is_ssl=True), ssl.SSLCertVerificationError("self-signed")
    )


def _handshake(error):
    return aiohttp.ClientConnectorSSLError(SimpleNamespace(host="h", port=443, ssl=True), error)


LASTING = {
    "no such host": socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
    "no address": socket.gaierror(getattr(socket, "EAI_NODATA", socket.EAI_NONAME), "No address"),
    "no such host, by c-ares": _no_address(4),
    "no address, by c-ares": _no_address(1),
    "certificate": _certificate(),
    "login of a proxy": aiohttp.ClientHttpProxyError(SimpleNamespace(real_url="x"), (), status=407, message="Login"),
}
PASSING = {
    "name server is away": socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
    "name server is away, by c-ares": _no_address(12),
    "alert of the server": _handshake(ssl.SSLError(1, "TLSV1_ALERT_INTERNAL_ERROR")),
    "balancer without TLS": _handshake(ssl.SSLError(1, "WRONG_VERSION_NUMBER")),
    "broken handshake": _handshake(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")),
    "proxy's gateway": aiohttp.ClientHttpProxyError(SimpleNamespace(real_url="x"), (), status=502, message="Bad"),
    "nobody listens": ConnectionRefusedError(111, "Connection refused"),
}


async def _fail(reason, successes=0):
    """Append over a connection that fails for *reason*; give the error, and how often it was tried."""
    clock = ManualClock()
    connector = _Connector(reason, successes=successes)
    async with (
        Sandbox(clock=clock) as sandbox,
        aiohttp.ClientSession(connector=connector) as session,
        AlloClient(sandbox.api_key, base_url=sandbox.url, session=session, clock=clock, retry_budget=20) as allo,
    ):
        if successes:
            await allo.me()
        with pytest.raises(ConnectionFailedError) as caught:
            await allo.queue().append(["+12125550010"])
    return caught.value, connector.tries


@pytest.mark.parametrize("reason", LASTING.values(), ids=LASTING)
async def test_what_lasts_is_told_at_once(reason):
    """A host that does not exist, a certificate or a proxy's refusal is no matter of time: nothing is tried again."""
    error, tries = await _fail(reason)

    assert isinstance(error, UnreachableError)
    assert tries == 2  # the look at the queue, and the append
    assert error.result.totals.pending == 1


@pytest.mark.parametrize("reason", PASSING.values(), ids=PASSING)
async def test_what_passes_is_tried_again(reason):
    """What may be over in a second is tried for as long as the retry budget lasts."""
    error, tries = await _fail(reason)

    assert not isinstance(error, UnreachableError)
    assert tries > 4


@pytest.mark.parametrize("reason", LASTING.values(), ids=LASTING)
async def test_host_that_answered_before_is_tried_again(reason):
    """With the network, names are lost too, and come back: a load that is under way does not end."""
    error, tries = await _fail(reason, successes=1)

    assert not isinstance(error, UnreachableError)
    assert tries > 4


async def test_real_host_that_does_not_exist():
    """The system's own resolver is understood."""
    async with AlloClient(KEY, base_url="https://does-not-exist.invalid", clock=ManualClock()) as allo:
        async with asyncio.timeout(20):
            with pytest.raises(ConnectionFailedError, match="could not connect"):
                await allo.me()
