"""The values that the caller and the API exchange, frozen and without behaviour beyond themselves."""

from allo_async.models.added_numbers import AddedNumbers
from allo_async.models.append_result import AppendResult, Totals
from allo_async.models.assignee import Assignee
from allo_async.models.contact import Contact, ContactLike, PendingContact
from allo_async.models.dialing_queue import QUEUE_CAPACITY, QueueSettings, QueueState
from allo_async.models.field_error import FieldError
from allo_async.models.journaled import JournaledLoad, JournaledRow
from allo_async.models.plan import Plan, PlannedRequest
from allo_async.models.queue_number import QueueNumber
from allo_async.models.row_fate import AddedNumber, InDoubtContact, RowFate, SkippedNumber
from allo_async.models.spread_result import QueueShare, SpreadResult
from allo_async.models.team import Endpoint, Me, RateLimits, Team, User

__all__ = [
    "QUEUE_CAPACITY",
    "AddedNumber",
    "AddedNumbers",
    "AppendResult",
    "Assignee",
    "Contact",
    "ContactLike",
    "Endpoint",
    "FieldError",
    "InDoubtContact",
    "JournaledLoad",
    "JournaledRow",
    "Me",
    "PendingContact",
    "Plan",
    "PlannedRequest",
    "QueueNumber",
    "QueueSettings",
    "QueueShare",
    "QueueState",
    "RateLimits",
    "RowFate",
    "SkippedNumber",
    "SpreadResult",
    "Team",
    "Totals",
    "User",
]
