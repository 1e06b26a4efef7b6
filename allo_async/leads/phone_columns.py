"""The columns of phone numbers, by their headers and, where those leave it open, by their cells."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from allo_async.leads.calling_headers import allows_calls, forbids_calls
from allo_async.leads.cell_shapes import are_extensions, is_blank, look_like_numbers, looks_like_a_number, values_of
from allo_async.leads.phone_headers import is_bare_number, is_extension_or_number, phone_rank, qualified_number_rank
from allo_async.leads.words import word_set, words

#: A file's first rows, by column.
Sample = Sequence[Mapping[str, Any]]

_LABELS = word_set("label type typ tipo etikett etiquette etiqueta etichetta kind")
_NO_VOICE = word_set("fax telefax pager beeper telex isdn")


def find_phone_columns(headers: Sequence[str], sample: Sample) -> list[str]:
    """Return the columns of phone numbers, the one to call first in front.

    A header such as "Number" or "Lead Number" counts only if no other column is of a phone, and only if its cells look
    like phone numbers: such columns often hold ids of records, which are numbers of strangers.
    """
    ranked = [(place, header) for header in headers if (place := _rank(header, sample)) is not None]
    found = [header for _, header in sorted(ranked, key=lambda pair: pair[0])]
    # A column of counts or of yes and no, beside one of numbers, has a phone's header and nothing to call.
    dialable = [header for header in found if _has_numbers(header, sample)]
    if found:
        return dialable or found
    return [header for header in headers if is_bare_number(header) and look_like_numbers(_cells(header, sample))]


def bare_number_columns(headers: Iterable[str]) -> list[str]:
    """Return the columns whose headers say no more than "number"."""
    return [header for header in headers if is_bare_number(header)]


def find_labels(phones: Iterable[str], headers: Iterable[str]) -> dict[str, str]:
    """Return for phone columns the column that says of each number what it is, as Google's `Phone 1 - Label` does."""
    by_stem = {_stem(header): header for header in headers if not _LABELS.isdisjoint(words(header))}
    return {phone: by_stem[_stem(phone)] for phone in phones if _stem(phone) in by_stem}


def is_no_voice(label: object) -> bool:
    """Whether a label is that of a fax or the like, which nobody can call."""
    return isinstance(label, str) and not _NO_VOICE.isdisjoint(words(label))


def _stem(header: str) -> tuple[str, ...]:
    return tuple(word for word in words(header) if word not in _LABELS and word not in {"value", "number"})


def _rank(header: str, sample: Sample) -> int | None:
    if forbids_calls(header) or allows_calls(header):
        return None
    if is_extension_or_number(header) and are_extensions(_cells(header, sample)):
        return None
    if (place := phone_rank(header)) is not None:
        return place
    place = qualified_number_rank(header)
    return place if place is not None and look_like_numbers(_cells(header, sample)) else None


def _has_numbers(header: str, sample: Sample) -> bool:
    cells = [cell for cell in _cells(header, sample) if not is_blank(cell)]
    return not cells or any(map(looks_like_a_number, cells)) or not any(_has_digit(cell) for cell in cells)


def _has_digit(cell: object) -> bool:
    return any(map(str.isdigit, str(cell)))


def _cells(header: str, sample: Sample) -> list[Any]:
    return [value for row in sample for value in values_of(row.get(header))]
