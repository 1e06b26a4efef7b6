"""The one cattrs converter, and what is read with it: models that take what the API sends, known or not."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

import attrs
import cattrs

from allo_async.models import AddedNumber, QueueNumber

_CONVERTER = cattrs.Converter()

_Model = TypeVar("_Model")


def _exactly(kind: type) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        # cattrs would turn a 5 into "5"; a value of another type is kept as it came instead.
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return structure


@cache
def _field_hooks(model: Any) -> dict[str, Callable[[Any], Any]]:
    def reader(kind: Any) -> Callable[[Any], Any]:
        hook = _CONVERTER.get_structure_hook(kind)
        return lambda value: hook(value, kind)

    return {field.name: reader(field.type) for field in attrs.fields(model) if field.name != "extra"}


def _read(raw: Mapping[str, Any], model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split *raw* into the fields that *model* knows and can hold, and all the rest."""
    hooks = _field_hooks(model)
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in raw.items():
        try:
            known[name] = hooks[name](value)
        except (KeyError, TypeError, ValueError, cattrs.BaseValidationError):
            extra[name] = value
    return known, extra


def _structure(raw: Any, model: type[Any]) -> Any:
    if not isinstance(raw, Mapping):
        raise TypeError(f"expected an object, got {type(raw).__name__}")
    known, extra = _read(cast("Mapping[str, Any]", raw), model)
    if "extra" in attrs.fields_dict(model):
        known["extra"] = extra
    return model(**known)


for _kind in (str, int, bool):
    _CONVERTER.register_structure_hook(_kind, _exactly(_kind))
_CONVERTER.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
_CONVERTER.register_structure_hook_func(attrs.has, _structure)


def read_model(raw: Any, model: type[_Model]) -> _Model:
    """Read *raw* as a *model*; what the model does not know goes into its `extra`.

    Raises:
        TypeError: *raw* is no object, or lacks a field that the model cannot be without.
    """
    return _CONVERTER.structure(raw, model)


def read_added_number(raw: Mapping[str, Any], index: int, detail: str | None = None) -> AddedNumber:
    """Read an entry of a reply's `added`; *raw* has a `number_to`, and whatever else the API sends."""
    known, extra = _read(raw, QueueNumber)
    return AddedNumber(index=index, detail=detail, extra=extra, **known)
