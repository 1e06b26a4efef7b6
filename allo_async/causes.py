"""Errors of other libraries, kept as causes without their frames: error trackers record the locals of every frame."""

import socket
import ssl
from collections.abc import Sequence

from allo_async.display import without_login

_NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
# The codes of c-ares for the same, by aiodns: no data, and not found.
_NO_SUCH_HOST_BY_ARES = ({1}, {4})
_LOGIN_WANTED = 407

_PLAIN = (str, int, float, bool, type(None))


def bare(error: BaseException, secrets: Sequence[str] = ()) -> BaseException:
    """Strip *error* and its causes of their frames and *secrets*, and return it; kind and text stay.

    Contexts go altogether: the last of them may be an exception that the caller handles, which is not ours to change.
    """
    waiting: list[BaseException | None] = [error]
    seen: list[BaseException] = []
    while waiting:
        one = waiting.pop()
        if one is None or any(one is other for other in seen):
            continue
        seen.append(one)
        waiting += [one.__cause__, *getattr(one, "exceptions", ())]
        one.__traceback__ = one.__context__ = None
        _scrub(one, secrets)
    return error


def is_lasting(error: BaseException) -> bool:
    """Return whether a connection that failed with *error* will fail again, until somebody changes a setting."""
    reason = getattr(error, "os_error", error)
    if isinstance(reason, socket.gaierror):
        return reason.errno in _NO_SUCH_HOST
    if isinstance(reason, ssl.SSLError):
        # Any other error of a handshake may be that of a server, or a balancer, that is about to restart.
        return isinstance(reason, ssl.SSLCertVerificationError)
    by_ares = {arg for arg in getattr(reason.__cause__, "args", ()) if isinstance(arg, int)}
    return by_ares in _NO_SUCH_HOST_BY_ARES or getattr(error, "status", None) == _LOGIN_WANTED


def scrubbed(text: str, secrets: Sequence[str]) -> str:
    """Return *text* without *secrets*, and without the user and the password of any URL."""
    for secret in secrets:
        text = text.replace(secret, "…")
    return without_login(text)


def _scrub(error: BaseException, secrets: Sequence[str]) -> None:
    text = _text(error)
    # A value that is not plain may have a repr that shows a header or a login, as aiohttp's connection keys do.
    plain = [arg for arg in error.args if isinstance(arg, _PLAIN)]
    error.args = tuple(scrubbed(arg, secrets) if isinstance(arg, str) else arg for arg in plain)
    if _text(error) != text:
        error.args = (scrubbed(text, secrets),)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an exception of anybody's may not be able to print itself
        return type(error).__name__
