"""The fate of a row: one model for each fate, and one for all, as a data frame, JSON and CSV take it."""

import re
from typing import Literal, NamedTuple

import attrs

from allo_async.models.contact import Contact, PendingContact
from allo_async.models.queue_number import QueueNumber


@attrs.frozen(kw_only=True)
class AddedNumber(QueueNumber):
    """A row that stands in the queue now.

    Attributes:
        index: The row's place in what was passed in, from 0.
        detail: The part of the row that was not sent, in words, e.g. `extension 5 is not dialed`, or `None`.
    """

    index: int
    detail: str | None = None


@attrs.frozen(kw_only=True)
class SkippedNumber:
    """A row that will not be in the queue, and why.

    Attributes:
        index: The row's place in what was passed in, from 0.
        number: The number as it was given, or `None` when the row had none.
        reason: The server's word (e.g. `INVALID_PHONE_NUMBER`, or one that this version does not know), or one of ours:
            `INVALID_PHONE_NUMBER`, `DUPLICATE_NUMBER`, `INVALID_CONTACT`, `ALREADY_QUEUED`, `SUPPRESSED`.
        source: `"server"` when the API skipped the row, `"client"` when the row was never sent.
        detail: For `INVALID_CONTACT`, what is wrong and in which field, e.g. `emails: expected a list of strings`;
            for `DUPLICATE_NUMBER`, the index of the row that it repeats; for `SUPPRESSED`, that only the last digits
            could be compared.
    """

    index: int
    number: str | None
    reason: str
    source: Literal["server", "client"]
    detail: str | None = None


@attrs.frozen(kw_only=True)
class InDoubtContact:
    """A row that was sent, and whose arrival neither a reply nor the queue shows.

    No `append` takes such a row as it is, because that may put it in twice. After a look into the queue, pass its
    *contact*.

    Attributes:
        index: The row's place in what was passed in, from 0.
        contact: The row.
        reason: Why it is in doubt, in words.
    """

    index: int
    contact: Contact
    reason: str


class RowFate(NamedTuple):
    """The fate of a row, in plain values.

    Attributes:
        index: The row's place in what was passed in, from 0.
        number: In E.164, as it stands in the queue, if the row was added; else as it was given, `None` if it had none.
        fate: `added`, `skipped`, `pending` or `in_doubt`.
        reason: Why it was skipped, or is in doubt.
        position: Its place in the queue, from 0, if it was added.
        queue: In a spread, the queue that it was sent to: a user id, an e-mail address, or `(key owner)`.
        detail: More about the row, in words that may quote it.
    """

    # Named as everywhere else; that a tuple has a method of this name is no loss.
    index: int  # type: ignore[assignment]
    number: str | None
    fate: Literal["added", "skipped", "pending", "in_doubt"]
    reason: str | None = None
    position: int | None = None
    queue: str | None = None
    detail: str | None = None


#: The fields that may name a person.
PERSONAL = ("number", "detail")

_WORD = re.compile(r"[A-Z][A-Z0-9_]{0,99}")


def in_a_word(reason: str) -> str:
    """Return *reason* if it is a word, as the API documents them; a sentence of the server's may name people."""
    return reason if _WORD.fullmatch(reason) else "OTHER"


def row_fate(row: AddedNumber | SkippedNumber | PendingContact | InDoubtContact, queue: str | None) -> RowFate:
    """Return the fate of *row*, which was sent to *queue*."""
    queue = _encodable(queue)
    match row:
        case AddedNumber():
            return RowFate(
                row.index, _encodable(row.number_to), "added", None, row.position, queue, _encodable(row.detail)
            )
        case SkippedNumber():
            return RowFate(
                row.index,
                _encodable(row.number),
                "skipped",
                _encodable(row.reason),
                None,
                queue,
                _encodable(row.detail),
            )
        case PendingContact():
            return RowFate(row.index, _encodable(row.contact.number), "pending", queue=queue)
        case InDoubtContact():
            return RowFate(row.index, _encodable(row.contact.number), "in_doubt", _encodable(row.reason), queue=queue)


def _encodable(text: str | None) -> str | None:
    """Return *text* with an escape for each half of a surrogate pair, which no JSON and no file takes."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
