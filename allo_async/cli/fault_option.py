"""`--fault`: what goes wrong in the sandbox, and with which appends."""

import re
import sys
from typing import TYPE_CHECKING

import attrs
import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from allo_async.sandbox import Fault

_KINDS = (
    "drop",
    "commit-and-drop",
    "stall",
    "commit-and-stall",
    "html",
    "empty",
    "truncated-json",
    "truncated-body",
    "unknown-fields",
    "unknown-enum-values",
    "reversed-order",
)
_WHICH = re.compile(r"([1-9]\d{0,8})(-([1-9]\d{0,8})?)?", re.ASCII)
_STATUS = re.compile(r"[45]\d\d", re.ASCII)

HELP = (
    "A fault that strikes appends. Repeatable. KIND is an error code such as "
    f"DIALING_QUEUE_APPEND_CONFLICT, a status such as 500, or {', '.join(_KINDS)}. "
    "WHICH counts appends: 2, 2-4 or 2-. Without it, all of them are struck."
)


@attrs.frozen
class ScriptedFault:
    """A fault, and the appends that it strikes, counted from 1; None for all."""

    fault: "Fault"
    at: range | None


def read_fault(text: str) -> ScriptedFault:
    """Read a value of `--fault`.

    Raises:
        typer.BadParameter: It is none.
    """
    kind, marked, which = text.partition("@")
    return ScriptedFault(_fault(kind), _range(which) if marked else None)


def _fault(kind: str) -> "Fault":
    from allo_async.sandbox import faults  # noqa: PLC0415 - help does without it

    if kind in _KINDS:
        make: Callable[[], Fault] = getattr(faults, kind.replace("-", "_"))
        return make()
    if _STATUS.fullmatch(kind):
        return faults.error(int(kind))
    try:
        return faults.refusal(kind)
    except KeyError:
        known = ", ".join(_KINDS)
        raise typer.BadParameter(
            f"{kind!r} is no error code of the API, no status from 400 to 599, and none of {known}"
        ) from None


def _range(which: str) -> range:
    found = _WHICH.fullmatch(which)
    if found is None:
        raise typer.BadParameter(f"{which!r} names no appends: say 2, 2-4 or 2-")
    first, to, last = found.groups()
    end = int(first) if to is None else sys.maxsize - 1 if last is None else int(last)
    if end < int(first):
        raise typer.BadParameter(f"{which!r} ends before it begins")
    return range(int(first), end + 1)
