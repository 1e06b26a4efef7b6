"""One row to what will be sent for it, or to the reason why it will not be."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from allo_async._loading.contacts import UnusableRowError, number_as_given, read_contact
from allo_async._loading.field_names import FIELDS
from allo_async._loading.plain_rows import plain_entries
from allo_async._loading.prepared_rows import PreparedRow, PreparedRows
from allo_async._loading.seen_numbers import SeenNumbers
from allo_async._loading.suppress_option import Suppress
from allo_async._loading.suppression import Suppression
from allo_async._numbers.damage import NoNumber
from allo_async._numbers.plans import check_region, tail
from allo_async._numbers.reading import first_number, single_tail
from allo_async._numbers.shortcut import plain_reader
from allo_async.clock import TimeSlice
from allo_async.models import Contact, PendingContact, SkippedNumber
from allo_async.validators import FOREIGN_ERRORS

# Why a row is skipped whose number could be sent.
_USABLE = {"ALREADY_QUEUED", "DUPLICATE_NUMBER"}


class SentNumbers:
    """Numbers that earlier runs of a load sent, which can be asked for and not listed; by itself, none."""

    def __bool__(self) -> bool:
        return False

    def __contains__(self, number: object) -> bool:
        return False

    def may_end_with(self, digits: str) -> bool:  # noqa: ARG002 - for those that hold some
        """Return whether one of the numbers may have *digits* for its last."""
        return False


class Preparer:
    """Prepares the rows of one call, in their order.

    Args:
        region: How to read a number that is written without its country code.
        keep_duplicates: Whether to send a number that came up before in the call.
        suppress: The numbers that must not be called, or the predicate that knows them.

    Attributes:
        suppression: The numbers that must not be called, `None` for none.

    Raises:
        InvalidRegionError: There is no such region.
        TypeError: *suppress* is of no use.
    """

    def __init__(self, *, region: str | None, keep_duplicates: bool, suppress: Suppress | None = None) -> None:
        self._region = check_region(region)
        self._read_plain = plain_reader(self._region)
        self.suppression = None if suppress is None else Suppression(suppress, self._region)
        self._seen = None if keep_duplicates else SeenNumbers()
        self._queued: set[str] = set()
        self._sent = SentNumbers()
        self._recalls: Callable[[int], bool] | None = None
        # The last digits of all numbers seen so far, with a row that was set aside without being read.
        self._tails: dict[str, PendingContact | None] = {}

    @property
    def compares_rest(self) -> bool:
        """Whether rows that are not sent any more are compared with a suppression list."""
        return self.suppression is not None and not self.suppression.asks

    def leave_out(self, numbers: Iterable[str]) -> None:
        """Skip *numbers* too, in E.164, as already queued."""
        self._queued.update(numbers)

    def leave_out_sent(self, numbers: SentNumbers, recalls: Callable[[int], bool]) -> None:
        """Skip *numbers*, which earlier runs of the load put into a queue, as already queued; but not twice a call.

        Args:
            numbers: The numbers as they were sent.
            recalls: Tells for an index whether it is the very row that was sent, whose fate is known.
        """
        if self._seen is not None and numbers:
            self._sent, self._recalls = numbers, recalls

    def prepare(self, index: int, row: object) -> PreparedRow | SkippedNumber:
        """Prepare the row at *index*; a row of any kind gets an answer, never an exception."""
        prepared, skipped = PreparedRows(), list[SkippedNumber]()
        self.prepare_all(index, (row,), prepared, skipped)
        return prepared[0] if prepared else skipped[0]

    def prepare_all(
        self, index: int, rows: Sequence[object], prepared: PreparedRows, skipped: list[SkippedNumber]
    ) -> None:
        """Prepare *rows*, which follow each other in the input from *index* on, and add each to one of two lists."""
        entries = plain_entries(rows)
        read = self._read_plain
        e164s = [None if entry is None else read(entry["number"]) for entry in entries]
        if self._are_simply_new(e164s, index):
            prepared.extend_plain(index, cast("Any", entries), cast("Any", e164s))
            return
        for row, entry, e164 in zip(rows, entries, e164s, strict=True):
            sifted = self._prepared_slowly(index, row) if e164 is None else self._sifted(_sent(index, entry, e164))
            if isinstance(sifted, PreparedRow):
                prepared.append(sifted)
            else:
                skipped.append(sifted)
            index += 1

    def _are_simply_new(self, e164s: Sequence[str | None], index: int) -> bool:
        """Return whether rows can be sent without a closer look at each, and remember their numbers if so."""
        if None in e164s or self.suppression is not None or self._queued or self._recalls is not None:
            return False
        return self._seen is None or self._seen.add_new(cast("Sequence[str]", e164s), index)

    def _prepared_slowly(self, index: int, row: object) -> PreparedRow | SkippedNumber:
        contact = _contact(index, row)
        if isinstance(contact, SkippedNumber):
            return contact
        number = first_number(contact.number, self._region)
        if isinstance(number, NoNumber):
            return _skipped(index, contact.number, number.reason, number.detail)
        entry = {name: value for name in FIELDS if (value := getattr(contact, name)) is not None}
        entry["number"] = number.wire
        return self._sifted(PreparedRow(index, entry, number.e164, contact.number, number.detail))

    def _sifted(self, row: PreparedRow) -> PreparedRow | SkippedNumber:
        """Return *row*, or the skip of a number that must not be called, stands in a queue, or came up before."""
        if self.suppression is not None:
            suppressed = self._suppressed(row.index, row.written, row.wire, row.e164)
            if suppressed is not None:
                return suppressed
        if self._queued and row.e164 in self._queued:
            return _skipped(row.index, row.written, "ALREADY_QUEUED")
        if self._seen is not None:
            wire = row.entry["number"]
            first = self._seen.first(wire, row.index)
            if first != row.index:
                return _skipped(row.index, row.written, "DUPLICATE_NUMBER", f"repeats row {first}")
            if self._recalls is not None and wire in self._sent and not self._recalls(row.index):
                detail = "an earlier run put this number into a queue"
                return _skipped(row.index, row.written, "ALREADY_QUEUED", detail)
        return row

    def let_go(self) -> None:
        """Forget the numbers, once all rows are prepared."""
        if self._seen is not None:
            self._seen.let_go()

    async def begin_setting_aside(self) -> None:
        """Get ready for `set_aside`, and let others run meanwhile."""
        time_slice = TimeSlice()
        for number in itertools.chain(self._seen or (), self._queued):
            self._tails[tail(number)] = None
            if time_slice.over:
                await time_slice.renew()

    def set_aside(self, index: int, row: object) -> PendingContact | SkippedNumber:
        """Return what becomes of a row that will not be sent any more, at the least cost; a repeat is skipped.

        Numbers with other last digits are other numbers: only those that may repeat one are read in full.
        """
        (entry,) = plain_entries((row,))
        contact = _contact(index, row) if entry is None else Contact(**entry)
        if isinstance(contact, SkippedNumber):
            return contact
        suppressed = self._listed(index, contact.number) if self.compares_rest else None
        if suppressed is not None:
            return suppressed
        pending = PendingContact(index=index, contact=contact)
        last_digits = single_tail(contact.number)
        if last_digits and last_digits not in self._tails and not self._sent.may_end_with(last_digits):
            self._tails[last_digits] = pending
            return pending
        alike = self._tails.get(last_digits)
        if alike is not None:
            self.prepare(alike.index, alike.contact)
            self._tails[last_digits] = None
        prepared = self.prepare(index, contact)
        return prepared if isinstance(prepared, SkippedNumber) else pending

    async def bars(self, rows: Sequence[PreparedRow]) -> bool:
        """Return whether one of *rows*, which an earlier run was sending, must not be sent any more.

        Raises:
            SuppressionError: The suppression list or function failed.
        """
        if self.suppression is None:
            return False
        await self.suppression.ready()
        if self.suppression.asks:
            await self.suppression.ask(list(dict.fromkeys(row.wire for row in rows)))
        return any(map(self.suppressed, rows))

    def suppressed(self, row: PreparedRow | SkippedNumber) -> SkippedNumber | None:
        """Return the skip of a *row* whose number is known to be suppressed since it was prepared, else `None`."""
        if isinstance(row, PreparedRow):
            return self._suppressed(row.index, row.written, row.wire, row.e164)
        return self._listed(row.index, row.number) if row.number is not None and row.reason in _USABLE else None

    def wire(self, row: SkippedNumber) -> str | None:
        """Return the number of a skipped row as it would have been sent."""
        number = first_number(row.number, self._region) if row.number is not None and row.reason in _USABLE else None
        return None if number is None or isinstance(number, NoNumber) else number.wire

    def _suppressed(self, index: int, written: str, wire: str, e164: str | None) -> SkippedNumber | None:
        match = None if self.suppression is None else self.suppression.find(wire, e164, written)
        if match is None:
            return None
        detail = "it has the last digits of a suppressed number" if match == "digits" else None
        return _skipped(index, written, "SUPPRESSED", detail)

    def _listed(self, index: int, written: str) -> SkippedNumber | None:
        """Return the skip of a row that is not sent for another reason, if it is known to be suppressed."""
        if self.suppression is None or not self.suppression.may_hold(written):
            return None
        number = first_number(written, self._region)
        return None if isinstance(number, NoNumber) else self._suppressed(index, written, number.wire, number.e164)


def _sent(index: int, entry: Any, e164: Any) -> PreparedRow:
    written, entry["number"] = entry["number"], e164
    return PreparedRow(index, entry, e164, written)


def _contact(index: int, row: object) -> Contact | SkippedNumber:
    """Read a row, or return the skip of one that cannot be used or raises when it is read."""
    try:
        try:
            return read_contact(row)
        except UnusableRowError as error:
            return _skipped(index, number_as_given(row), "INVALID_CONTACT", str(error))
    except FOREIGN_ERRORS as error:  # nothing is awaited: it is the row's own
        return _skipped(index, None, "INVALID_CONTACT", f"reading it raised {type(error).__name__}")


def _skipped(index: int, number: str | None, reason: str, detail: str | None = None) -> SkippedNumber:
    return SkippedNumber(index=index, number=number, reason=reason, source="client", detail=detail)
