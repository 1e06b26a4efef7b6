"""Single values as callers, notebooks and database drivers give them: missing, text, or a number."""

import operator
from decimal import Decimal

# pandas' own values for "not given"; they are known by name, because nothing here may import pandas.
_MISSING_TYPES = {"NAType", "NaTType"}

# Above these, a float of so many bytes no longer holds every whole number.
_EXACT_UP_TO = {2: 2**11, 4: 2**24}
_EXACT_FLOAT = 2**53


class UnusableValueError(ValueError):
    """A value that is no text and no number; the text says what it is, and never holds the value."""


class UnexpectedTypeError(UnusableValueError):
    """A value of a type that holds neither text nor a number."""

    def __init__(self, value: object) -> None:
        super().__init__(f"expected a string, got {type(value).__name__}")


def is_missing(value: object) -> bool:
    """Whether *value* means "not given": `None`, NaN, NA or NaT."""
    if value is None or type(value).__name__ in _MISSING_TYPES:
        return True
    if isinstance(value, str):
        return False
    if isinstance(value, Decimal):
        return value.is_nan()
    try:
        # NaN alone differs from itself.
        return bool(value != value)  # noqa: PLR0124 - as said
    except Exception:  # noqa: BLE001 - an array, or anything else, compares as it likes
        return False


def written_number(value: object) -> str | None:
    """Return a phone number as text, `None` for one that is missing or blank.

    Raises:
        UnusableValueError: *value* is of another type, or is a number that lost digits.
    """
    if isinstance(value, str):
        return str.strip(value) or None
    if is_missing(value):
        return None
    digits = whole(value)
    if digits.startswith("-"):
        raise UnusableValueError("is below zero")
    return digits


def written_text(value: object) -> str | None:
    """Return a number as text, `None` for one that is missing.

    Raises:
        UnexpectedTypeError: *value* is no number.
    """
    if is_missing(value):
        return None
    try:
        return whole(value)
    except UnexpectedTypeError:
        raise
    except UnusableValueError:
        return str(value)


def whole(value: object) -> str:
    """Return the digits of a whole number, exactly.

    Raises:
        UnusableValueError: *value* is no number, is not whole, or lost digits.
    """
    if isinstance(value, bool):
        raise UnexpectedTypeError(value)
    try:
        return str(operator.index(value))  # type: ignore[arg-type] # what is no integer raises
    except TypeError:
        pass
    if isinstance(value, Decimal):
        return _whole_decimal(value)
    if not isinstance(value, float) and not _is_narrow_float(value):
        raise UnexpectedTypeError(value)
    exact = float(value)  # type: ignore[arg-type] # as just checked
    if not exact.is_integer():
        raise UnusableValueError("is a number, but not a whole one")
    if abs(exact) > _EXACT_UP_TO.get(_bytes(value), _EXACT_FLOAT):
        raise UnusableValueError("lost digits when it became a float; keep it as text")
    return str(int(exact))


def _whole_decimal(value: Decimal) -> str:
    if not value.is_finite() or value != value.to_integral_value():
        raise UnusableValueError("is a number, but not a whole one")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0:
        raise UnusableValueError("lost digits in scientific notation; keep it as text")
    return str(int(value))


def _is_narrow_float(value: object) -> bool:
    # numpy's float64 is a float, its others are not.
    return getattr(getattr(value, "dtype", None), "kind", None) == "f" and hasattr(value, "__float__")


def _bytes(value: object) -> int:
    size = getattr(getattr(value, "dtype", None), "itemsize", 8)
    return size if isinstance(size, int) else 8
