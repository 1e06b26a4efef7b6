"""Checks of options: each raises a `ConfigurationError` that names the option and says what it takes."""

import asyncio
import functools
import inspect
import math
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple, cast

from allo_async.display import is_whole
from allo_async.errors import ConfigurationError
from allo_async.private_file import as_path

#: Exceptions that a caller's code may raise without ending a load that has not given its account.
FOREIGN_ERRORS: tuple[type[BaseException], ...] = (Exception, asyncio.CancelledError, BaseExceptionGroup)

_Attribute = Any
_Validator = Callable[[Any, Any, Any], None]


def seconds(*, above_zero: bool = False, finite: bool = False, optional: bool = False) -> _Validator:
    """Return a check that takes a number of seconds, from 0, or *above_zero*."""
    bound = "above 0" if above_zero else "0 or more"
    wanted = f"a number of seconds, {bound}" + (" and finite" if finite else "") + (", or None" if optional else "")

    def check(_: object, attribute: _Attribute, value: object) -> None:
        if value is None and optional:
            return
        number = _number(value)
        usable = number is not None and (number > 0 if above_zero else number >= 0)
        if not usable or (finite and number == math.inf):
            raise _refusal(attribute.name, wanted, value)

    return check


def whole(*, most: int | None = None) -> _Validator:
    """Return a check that takes a whole number from 1, up to *most*."""
    wanted = "a whole number above 0" if most is None else f"1 to {most}"

    def check(_: object, attribute: _Attribute, value: object) -> None:
        usable = not isinstance(value, bool) and isinstance(value, Integral)
        if not usable or not 1 <= int(value) <= (most or math.inf):  # type: ignore[call-overload] # as just checked
            raise _refusal(attribute.name, wanted, value)

    return check


class _Named(NamedTuple):
    name: str


def flag(_: object, attribute: _Attribute, value: object) -> None:
    """Check that *value* is True or False: any text, "no" too, would be true."""
    if not isinstance(value, bool):
        raise _refusal(attribute.name, "True or False", value)


def one_of(*choices: str) -> _Validator:
    """Return a check that takes one of *choices*."""
    *first, last = map(repr, choices)

    def check(_: object, attribute: _Attribute, value: object) -> None:
        if not isinstance(value, str) or value not in choices:
            raise _refusal(attribute.name, f"{', '.join(first)} or {last}", value)

    return check


def text(most: int) -> _Validator:
    """Return a check that takes `None`, or a text that is not blank and has at the *most* so many characters."""

    def check(_: object, attribute: _Attribute, value: object) -> None:
        if value is not None and (not isinstance(value, str) or not value.strip() or len(value) > most):
            raise _refusal(attribute.name, f"None or a text of 1 to {most} characters", value)
        # Half of a surrogate pair has no place in a file.
        if isinstance(value, str) and not is_whole(value):
            raise _refusal(attribute.name, "a text of whole characters", value)

    return check


# By the argument's name: what it must have, and what it is called.
_PARTS = {
    "coordination": (("on_coordination_loss",), "a FileCoordination or a RedisCoordination"),
    "clock": (("monotonic", "time", "sleep", "timeout"), "what allo_async.clock.Clock has"),
    "session": (("request", "closed"), "an aiohttp.ClientSession"),
}
_LISTS = {
    "observers": ("__call__", "functions"),
    "trace_configs": ("freeze", "TraceConfig"),
    "middlewares": ("__call__", "functions"),
}


def check_client(**arguments: object) -> None:
    """Refuse what would fail, or be taken for something else, once rows are on their way."""
    for name, value in arguments.items():
        if name in _LISTS:
            _check_list(name, value)
        elif name not in _PARTS:
            flag(None, _Named(name), value)
        elif value is not None and not all(hasattr(value, needed) for needed in _PARTS[name][0]):
            raise ConfigurationError(f"{name} must be {_PARTS[name][1]}, not {type(value).__name__}")
    for name in ("trace_configs", "middlewares"):
        if arguments["session"] is not None and arguments[name]:
            raise ConfigurationError(f"{name} are for the session that the client makes: give them to yours")


def _check_list(name: str, value: object) -> None:
    needed, wanted = _LISTS[name]
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ConfigurationError(f"{name} must be a list of {wanted}, not {type(value).__name__}")
    for each in cast("Sequence[object]", value):
        if not hasattr(each, needed):
            raise ConfigurationError(f"{name} must be a list of {wanted}, and {type(each).__name__} is none")


def file_path(name: str, value: object) -> Path:
    """Return *value* as a path.

    Raises:
        ConfigurationError: It is none.
    """
    try:
        return as_path(name, value)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def is_async(callback: object) -> bool:
    """Return whether *callback* is an async function, or an object that is called like one."""
    while isinstance(callback, functools.partial):
        callback = callback.func
    # An object is async if its class defines an async __call__.
    functions = (callback, getattr(type(callback), "__call__", None))  # noqa: B004 - the method itself is asked for
    return any(inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each) for each in functions)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if math.isnan(number) else number


def _refusal(name: str, wanted: str, value: object) -> ConfigurationError:
    shown = repr(value)[:40] if isinstance(value, str | int | float | None) else type(value).__name__
    return ConfigurationError(f"{name} must be {wanted}, not {shown}")
