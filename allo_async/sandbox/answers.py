"""An answer before it is sent: what it says, and how much of it will reach the client."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs
import orjson

JsonObject: TypeAlias = dict[str, Any]

Delivery: TypeAlias = Literal["whole", "cut_body", "stalled", "dropped"]


@attrs.frozen(kw_only=True)
class Answer:
    """A status and a body, with the way they go out.

    Attributes:
        status: The HTTP status.
        content: The reply as JSON, or bytes that are sent as they are.
        content_type: The media type.
        headers: Headers that come on top of, and win over, those every answer carries.
        proxied: Whether a proxy in between is speaking, so that none of the API's own headers are there.
        delivery: `whole`; `cut_body` sends half of the promised bytes; `stalled` sends nothing for
            `seconds`; `dropped` closes the connection.
        seconds: How long a stalled answer keeps its silence.
        then: How the silence ends.
    """

    status: int = 200
    content: JsonObject | bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    proxied: bool = False
    delivery: Delivery = "whole"
    seconds: float = 0.0
    then: Literal["whole", "dropped"] = "whole"

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx, which is what uses up an idempotency key."""
        return 200 <= self.status < 300  # noqa: PLR2004

    @property
    def code(self) -> str | None:
        """The error code in the envelope, if there is an envelope."""
        error = self.content.get("error") if isinstance(self.content, dict) else None
        return None if error is None else error["code"]

    def encode(self, request_id: str) -> bytes:
        """The body's bytes; an error envelope gets *request_id*, as the API puts it in both places."""
        if isinstance(self.content, bytes):
            return self.content
        if "error" not in self.content:
            return orjson.dumps(self.content)
        return orjson.dumps({"error": {"request_id": request_id, **self.content["error"]}})
