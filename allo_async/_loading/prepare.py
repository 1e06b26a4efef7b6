"""One row to what will be sent for it, or to the reason why it will not be."""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

import attrs

from allo_async._loading.contacts import UnusableRowError, number_as_given, read_contact
from allo_async._loading.normalize import check_region, normalize, tail
from allo_async.models import Contact, SkippedNumber

_OPTIONAL = tuple(field.name for field in attrs.fields(Contact) if field.name != "number")
_read_optional = attrgetter(*_OPTIONAL)


@attrs.frozen
class PreparedRow:
    """A row that will be sent.

    Attributes:
        index: The row's place in the input.
        contact: The row as the caller gave it.
        wire: The number as it is sent.
        e164: The number in E.164, `None` where only the server can tell.
        entry: The row as it stands in the request's `numbers`.
    """

    index: int
    contact: Contact
    wire: str
    e164: str | None
    entry: Mapping[str, Any] = attrs.field(repr=False)


class Preparer:
    """Prepares the rows of one call, in their order.

    Args:
        region: How to read a number that is written without its country code.
        keep_duplicates: Whether to send a number that came up before in the call.

    Raises:
        InvalidRegionError: There is no such region.
    """

    def __init__(self, *, region: str | None, keep_duplicates: bool) -> None:
        self._region = check_region(region)
        self._first_index: dict[str, int] | None = None if keep_duplicates else {}
        self._queued: set[str | None] = set()
        self._sent: set[str] = set()
        self._recalls: Callable[[int], bool] | None = None
        # The last digits of all numbers seen so far, with a row that was set aside without being read.
        self._tails: dict[str, tuple[int, Contact] | None] | None = None

    def leave_out(self, numbers: Iterable[str]) -> None:
        """Skip *numbers* too, in E.164, as already queued."""
        self._queued.update(numbers)

    def leave_out_sent(self, numbers: Iterable[str], recalls: Callable[[int], bool]) -> None:
        """Skip *numbers*, which earlier runs of the load put into a queue, as already queued; but not twice a call.

        Args:
            numbers: The numbers as they were sent.
            recalls: Tells for an index whether it is the very row that was sent, whose fate is known.
        """
        if self._first_index is not None:
            self._sent.update(numbers)
            self._recalls = recalls

    def prepare(self, index: int, row: object) -> PreparedRow | SkippedNumber:
        """Prepare the row at *index*; a row of any kind gets an answer, never an exception."""
        try:
            contact = read_contact(row)
        except UnusableRowError as error:
            return _skipped(index, number_as_given(row), "INVALID_CONTACT", str(error))
        number = normalize(contact.number, self._region)
        if number is None:
            return _skipped(index, contact.number, "INVALID_PHONE_NUMBER")
        if number.e164 in self._queued:
            return _skipped(index, contact.number, "ALREADY_QUEUED")
        first = self._first_seen(index, number.wire)
        if first != index:
            return _skipped(index, contact.number, "DUPLICATE_NUMBER", f"repeats row {first}")
        if number.wire in self._sent and not (self._recalls and self._recalls(index)):
            return _skipped(index, contact.number, "ALREADY_QUEUED", "an earlier run put this number into a queue")
        return PreparedRow(index, contact, number.wire, number.e164, _entry(number.wire, contact))

    def set_aside(self, index: int, row: object) -> Contact | SkippedNumber:
        """Tell what a row is that will not be sent any more, at the least cost; one that repeats another is skipped.

        Numbers with other last digits are other numbers: only those that may repeat one are read in full.
        """
        try:
            contact = read_contact(row)
        except UnusableRowError as error:
            return _skipped(index, number_as_given(row), "INVALID_CONTACT", str(error))
        if self._tails is None:
            seen = {tail(number) for number in (*(self._first_index or ()), *self._queued, *self._sent) if number}
            self._tails = dict.fromkeys(seen)
        last_digits = tail(contact.number)
        if last_digits and last_digits not in self._tails:
            self._tails[last_digits] = (index, contact)
            return contact
        alike = self._tails.get(last_digits)
        if alike is not None:
            self.prepare(*alike)
            self._tails[last_digits] = None
        prepared = self.prepare(index, contact)
        return prepared if isinstance(prepared, SkippedNumber) else contact

    def _first_seen(self, index: int, wire: str) -> int:
        return index if self._first_index is None else self._first_index.setdefault(wire, index)


def _skipped(index: int, number: str | None, reason: str, detail: str | None = None) -> SkippedNumber:
    return SkippedNumber(index=index, number=number, reason=reason, source="client", detail=detail)


def _entry(wire: str, contact: Contact) -> Mapping[str, Any]:
    optional = zip(_OPTIONAL, _read_optional(contact), strict=True)
    return {"number": wire} | {name: value for name, value in optional if value is not None}
