"""Errors of other libraries, kept as causes without their frames: error trackers record the locals of every frame."""

from collections.abc import Sequence

from allo_async.display import without_login

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


def scrubbed(text: str, secrets: Sequence[str]) -> str:
    """Return *text* without *secrets*, and without the user and the password of any URL."""
    for secret in secrets:
        text = text.replace(secret, "…")
    return without_login(text)


def _scrub(error: BaseException, secrets: Sequence[str]) -> None:
    text = _text(error)
    # What is no plain value may have a repr that shows a header or a login, as aiohttp's connection keys do.
    plain = [arg for arg in error.args if isinstance(arg, _PLAIN)]
    error.args = tuple(scrubbed(arg, secrets) if isinstance(arg, str) else arg for arg in plain)
    if _text(error) != text:
        error.args = (scrubbed(text, secrets),)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an exception of anybody's may not be able to print itself
        return type(error).__name__
