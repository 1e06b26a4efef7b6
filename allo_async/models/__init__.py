"""What the caller and the API speak of: frozen values with no behaviour beyond themselves."""

from allo_async.models.append_result import AddedNumber, AppendResult, PendingContact, SkippedNumber, Totals
from allo_async.models.contact import Contact, ContactLike
from allo_async.models.field_error import FieldError
from allo_async.models.queue_number import QueueNumber

__all__ = [
    "AddedNumber",
    "AppendResult",
    "Contact",
    "ContactLike",
    "FieldError",
    "PendingContact",
    "QueueNumber",
    "SkippedNumber",
    "Totals",
]
