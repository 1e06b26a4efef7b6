"""An entry of a dialing queue, as the API returns it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class QueueNumber:
    """An entry of a dialing queue.

    Every value that the API draws from a list (`routing_result`, `sync_status`, …) is a plain string: a value that this
    version has never heard of arrives as it came.

    Attributes:
        number_to: The number in E.164, e.g. `+12125550010`.
        position: The place in the queue, from 0.
        created_at: When the entry was made; the API gives no offset, so this is a naive datetime.
        updated_at: When the entry last changed; naive as well.
        call_start_date: When the call began, `None` before it.
        call_id: The call, `cll-…`.
        routing_result: How the call ended, e.g. `ANSWERED`, `VOICEMAIL`, `FAILED`.
        sync_status: `NOT_SYNCED`, `PROCESSING` or `SYNCED`.
        detected_outbound_voicemail: Whether a voicemail box answered.
        not_reached_destination_reason: Why nobody was reached, e.g. `BUSY`, `RING_TIMEOUT`.
        voicemail_left: Whether the rep left a message.
        extra: Fields that this version does not know, and values that it could not read, under their own names.
    """

    number_to: str
    position: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    call_start_date: datetime | None = None
    call_id: str | None = None
    routing_result: str | None = None
    sync_status: str | None = None
    detected_outbound_voicemail: bool | None = None
    not_reached_destination_reason: str | None = None
    voicemail_left: bool | None = None
    extra: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
