"""Why Allo could not be reached, in words for people."""

import socket
import ssl

import aiohttp

from allo_async import TransportError
from allo_async.cli.inert import inert


def why_unreached(error: TransportError) -> str:
    """Return what kept a connection from coming about, as far as the system has said."""
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        return _why_refused_by_proxy(cause)
    if isinstance(cause, aiohttp.ClientProxyConnectionError):
        return f"the proxy {cause.host}:{cause.port} does not answer. Check HTTPS_PROXY and NO_PROXY"
    host = f"{cause.host}:{cause.port}" if isinstance(cause, aiohttp.ClientConnectorError) else "it"
    reason = getattr(cause, "os_error", cause)
    told = next((words for kind, words in _REASONS if isinstance(reason, kind)), None)
    if told is None:
        system = getattr(reason, "strerror", None)
        told = f"{inert(system)}. Check the network" if system else _LATE
    return told.format(host=host)


_LATE = "{host} did not take the connection in time. Check the network"

# The first kind that fits.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "no address is known for {host}. Check the network and ALLO_BASE_URL"),
    (
        ssl.CertificateError,
        "the certificate of {host} cannot be trusted. Check that nothing in between reads along",
    ),
    (ssl.SSLError, "no secure connection to {host} came about. Check ALLO_BASE_URL and HTTPS_PROXY"),
    (ConnectionRefusedError, "nothing listens at {host}. Check ALLO_BASE_URL"),
    (TimeoutError, _LATE),
)


def _why_refused_by_proxy(cause: aiohttp.ClientHttpProxyError) -> str:
    wants_login = cause.status == 407  # noqa: PLR2004 - Proxy Authentication Required
    told = "the proxy wants another user or password" if wants_login else "the proxy does not let it through"
    return f"{told}. Check HTTPS_PROXY and NO_PROXY"
