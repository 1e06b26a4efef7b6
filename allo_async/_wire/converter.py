"""The one cattrs converter, and how entries of a queue are read with it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs
import cattrs

from allo_async.models import AddedNumber, FieldError, QueueNumber

_CONVERTER = cattrs.Converter()


def _exactly(kind: type) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        # cattrs would turn a 5 into "5"; a value of another type is kept as it came instead.
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return structure


for _kind in (str, int, bool):
    _CONVERTER.register_structure_hook(_kind, _exactly(_kind))
_CONVERTER.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))


def _field_hooks(model: type[attrs.AttrsInstance]) -> dict[str, Callable[[Any], Any]]:
    def reader(kind: Any) -> Callable[[Any], Any]:
        hook = _CONVERTER.get_structure_hook(kind)
        return lambda value: hook(value, kind)

    return {field.name: reader(field.type) for field in attrs.fields(model) if field.name != "extra"}


_QUEUE_NUMBER = _field_hooks(QueueNumber)
_FIELD_ERROR = _field_hooks(FieldError)


def _read(raw: Mapping[str, Any], hooks: Mapping[str, Callable[[Any], Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split *raw* into the fields that the model knows and can hold, and all the rest."""
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in raw.items():
        try:
            known[name] = hooks[name](value)
        except (KeyError, TypeError, ValueError):
            extra[name] = value
    return known, extra


def read_added_number(raw: Mapping[str, Any], index: int) -> AddedNumber:
    """Read an entry of a reply's `added`; *raw* has a `number_to`, and whatever else the API sends."""
    known, extra = _read(raw, _QUEUE_NUMBER)
    return AddedNumber(index=index, extra=extra, **known)


def read_field_error(raw: Mapping[str, Any]) -> FieldError:
    """Read an entry of an error's `errors`."""
    known, _ = _read(raw, _FIELD_ERROR)
    return FieldError(**known)
