"""Idempotency keys: a stored answer for an hour after a 2xx, and one execution at a time."""

import attrs

from allo_async.sandbox.answers import Answer
from allo_async.sandbox.clock import Clock
from allo_async.sandbox.envelope import refuse

KEPT_SECONDS = 3600.0


@attrs.frozen
class _Stored:
    endpoint: str
    answer: Answer
    stored_at: float


@attrs.define
class IdempotencyStore:
    """The replies under each (API key, idempotency key), and the keys that are being executed.

    Attributes:
        clock: The server's time; a stored answer expires by it.
    """

    clock: Clock
    _stored: dict[tuple[str, str], _Stored] = attrs.field(init=False)
    _running: dict[tuple[str, str], str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._stored = {}
        self._running = {}

    def begin(self, owner: tuple[str, str], endpoint: str) -> Answer | None:
        """The stored answer to replay, or None: then *owner* is being executed until `end`.

        Args:
            owner: The API key's id and the idempotency key: keys of two API keys never meet.
            endpoint: Method and path, such as `POST /v2/api/…`.

        Raises:
            Refusal: `IDEMPOTENCY_KEY_REUSE` when the key belongs to another endpoint,
                `OTHER_TRANSACTION_IN_PROGRESS` when its first request is not answered yet.
        """
        stored = self._fresh(owner)
        used_on = self._running.get(owner) if stored is None else stored.endpoint
        if used_on is not None and used_on != endpoint:
            raise refuse("IDEMPOTENCY_KEY_REUSE")
        if stored is not None:
            return stored.answer
        if used_on is not None:
            raise refuse("OTHER_TRANSACTION_IN_PROGRESS")
        self._running[owner] = endpoint
        return None

    def keep(self, owner: tuple[str, str], endpoint: str, answer: Answer) -> None:
        """Store the *answer* that later requests with this key get."""
        self._stored[owner] = _Stored(endpoint, answer, self.clock.monotonic())

    def end(self, owner: tuple[str, str]) -> None:
        """The execution that `begin` started is over, however it went."""
        self._running.pop(owner, None)

    def _fresh(self, owner: tuple[str, str]) -> _Stored | None:
        stored = self._stored.get(owner)
        if stored is not None and self.clock.monotonic() - stored.stored_at >= KEPT_SECONDS:
            del self._stored[owner]
            return None
        return stored
