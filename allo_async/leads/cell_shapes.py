"""The looks of a column's cells: phone numbers, ids of records, or text."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from allo_async._numbers.reading import numbers_in

_DIALABLE = re.compile(r"[\d\s()+./\-\u2010-\u2015\u00a0\u202f'\"]+")
_NUMBER_DIGITS = range(7, 18)
_BARE_DIGITS = range(8, 16)
_EXTENSION_DIGITS = 5
# A step of ids that a database counts up; some of them were deleted.
_ID_STEP = 20
_ENOUGH_TO_SEE_ORDER = 5
_NETWORKS = ("linkedin.com/in/", "linkedin.com/sales/", "linkedin.com/pub/", "facebook.com/", "xing.com/")
_RECORD_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{24}")


def is_blank(value: object) -> bool:
    """Whether a cell holds nothing: empty, white space, `None`, an empty list of JSON, or the NaN of data frames."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, list | dict):
        return not value
    return value is None or value != value  # noqa: PLR0124 - NaN is what differs from itself


def values_of(cell: Any) -> list[Any]:
    """Return what a cell holds: itself, or the items of a list, in which JSON keeps several numbers or tags."""
    return list(cell) if isinstance(cell, list | tuple) else [cell]  # pyright: ignore[reportUnknownArgumentType]


def looks_like_a_number(value: object) -> bool:
    """Whether a cell looks like the phone number of somebody, rather than text, a count or an extension."""
    return any(
        sum(map(str.isdigit, number)) in _NUMBER_DIGITS and _DIALABLE.fullmatch(number.strip()) is not None
        for number in numbers_in(value)
    )


def look_like_numbers(cells: Iterable[object]) -> bool:
    """Whether *cells*, of a column whose header leaves it open, hold phone numbers and no ids of records.

    A plus, separators or a leading zero make a phone number. Bare digits are one by their length, unless they count up.
    A column without any cell says nothing against it.
    """
    texts = [str(cell).strip() for cell in cells if not is_blank(cell)]
    if not texts:
        return True
    numbers = [text.removesuffix(".0") for text in texts if looks_like_a_number(text)]
    bare = [number for number in numbers if number.isdecimal()]
    if not numbers or 2 * len(numbers) < len([text for text in texts if numbers_in(text)]):
        return False
    return 2 * len(bare) <= len(numbers) or not _are_ids(bare)


def are_extensions(cells: Iterable[object]) -> bool:
    """Whether *cells* hold nothing but extensions, such as `-23`."""
    digits = [sum(map(str.isdigit, str(cell))) for cell in cells if not is_blank(cell)]
    return bool(digits) and max(digits) <= _EXTENSION_DIGITS


def look_like_words(cells: Iterable[object]) -> bool:
    """Whether *cells* may be names, titles or companies: not only numbers, ids, addresses of mail or yes and no."""
    texts = [str(cell).strip() for cell in cells if not is_blank(cell)]
    return not texts or any(map(_is_words, texts))


def may_be_website(cells: Iterable[object]) -> bool:
    """Whether *cells* may be the sites of companies, rather than people's profiles in a network."""
    texts = [str(cell).casefold() for cell in cells if not is_blank(cell)]
    return not texts or not all(any(network in text for network in _NETWORKS) for text in texts)


def _is_words(text: str) -> bool:
    if text.casefold() in {"true", "false", "yes", "no"} or "@" in text:
        return False
    is_record_id = _RECORD_ID.fullmatch(text) is not None and any(map(str.isdigit, text))
    return any(map(str.isalpha, text)) and not is_record_id


def _are_ids(bare: Sequence[str]) -> bool:
    values = [int(number) for number in bare]
    if any(number.startswith("0") for number in bare):
        return _are_close(values)
    wrong = sum(len(number) not in _BARE_DIGITS for number in bare)
    return 2 * wrong >= len(bare) or _are_close(values) or _are_in_order(values)


def _are_close(values: Sequence[int]) -> bool:
    steps = [second - first for first, second in pairwise(sorted(values))]
    return bool(steps) and 2 * sum(0 < step <= _ID_STEP for step in steps) > len(steps)


def _are_in_order(values: Sequence[int]) -> bool:
    if len(values) < _ENOUGH_TO_SEE_ORDER:
        return False
    rising = [first < second for first, second in pairwise(values)]
    return all(rising) or not any(rising)
