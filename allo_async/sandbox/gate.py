"""The way of every request through the API: which key asks, how fast, whether it may, and whether it asked before."""

import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate

import attrs

from allo_async.sandbox.answers import Answer
from allo_async.sandbox.clock import Clock
from allo_async.sandbox.endpoint import Call
from allo_async.sandbox.endpoints import Endpoint, find
from allo_async.sandbox.envelope import Refusal, refuse
from allo_async.sandbox.faults import Fault
from allo_async.sandbox.idempotency import IdempotencyStore
from allo_async.sandbox.ledger import RecordedRequest
from allo_async.sandbox.limits import RateLimits
from allo_async.sandbox.reception import APPEND, Received
from allo_async.sandbox.state import SandboxKey, Team

_LOG = logging.getLogger("allo_async.sandbox")


@attrs.frozen(kw_only=True)
class Moods:
    """Refusals that come by themselves, as they do where others use the same key and the same queue.

    Attributes:
        conflict_rate: How likely an append is refused as a conflict, 0 to 1.
        rate_limit_rate: How likely it is refused for the rate limit, 0 to 1.
        dice: Decides; the same seed decides the same.
    """

    conflict_rate: float
    rate_limit_rate: float
    dice: random.Random

    def refuse_sometimes(self, record: RecordedRequest) -> None:
        """Refuse *record* if it is its turn, and note so.

        Raises:
            Refusal: It is.
        """
        roll = self.dice.random()
        if roll < self.rate_limit_rate:
            record.fault = "spontaneous rate limit"
            raise refuse("RATE_LIMIT_EXCEEDED", headers={"Retry-After": "1"}, details={"retry_after_seconds": 1})
        if roll < self.rate_limit_rate + self.conflict_rate:
            record.fault = "spontaneous conflict"
            raise refuse("DIALING_QUEUE_APPEND_CONFLICT")


@attrs.frozen(kw_only=True)
class Gate:
    """Takes a recorded request and gives its answer.

    Attributes:
        team: Everything the API knows.
        clock: The server's time.
        limits: Every key's windows.
        idempotency: Stored answers, `None` where keys are ignored.
        moods: Refusals that come by themselves.
        endpoints: The endpoints.
        latency: Seconds that a call other than the append takes.
    """

    team: Team
    clock: Clock
    limits: RateLimits
    idempotency: IdempotencyStore | None
    moods: Moods
    endpoints: tuple[Endpoint, ...]
    latency: float

    async def answer(self, received: Received, fault: Fault | None) -> Answer:
        """Answer what was *received*, as the *fault* that strikes it lets it."""
        try:
            return await self._answer(received, fault)
        except _UnknownSchemeError:
            return Answer(status=401)
        except Refusal as refusal:
            return refusal.answer()
        except Exception:  # noqa: BLE001 - the last net: the client is answered as the API would.
            _LOG.exception("the sandbox failed at %s %s", received.record.method, received.record.path)
            return refuse("INTERNAL_SERVER_ERROR").answer()

    async def _answer(self, received: Received, fault: Fault | None) -> Answer:
        record = received.record
        key = self._authenticate(received.authorization)
        record.api_key_id = key.id
        self.limits.admit(key.id, record.method)
        endpoint, path_id = find(self.endpoints, record.method, record.path)
        _check_scope(key, endpoint)
        if received.refusal is not None:
            raise received.refusal
        if (record.method, record.path) == APPEND:
            self.moods.refuse_sometimes(record)
        else:
            await self._take_time()
        delay = fault.delay if fault is not None else 0.0

        async def carry_out() -> Answer:
            body, query = endpoint.read_body(received), endpoint.read_query(received)
            call = Call(record=record, key=key, team=self.team, body=body, query=query, path_id=path_id, delay=delay)
            return await endpoint.handler(call)

        return await self._once(carry_out, record, fault)

    def headers(self, record: RecordedRequest, answer: Answer) -> Mapping[str, str]:
        """Return the headers that go out with *answer*."""
        if answer.proxied:
            return answer.headers
        own = self.limits.headers(record.api_key_id, record.method)
        own |= {"X-Request-Id": record.request_id, "Date": formatdate(self.clock.time(), usegmt=True)}
        if record.idempotency_key is not None and self.idempotency is not None:
            own["Idempotency-Key"] = record.idempotency_key
        return {**own, **answer.headers}

    def _authenticate(self, authorization: str | None) -> SandboxKey:
        if authorization is None:
            raise refuse("UNAUTHORIZED")
        scheme, _, secret = authorization.partition(" ")
        if scheme != "Api-Key":
            raise _UnknownSchemeError
        key = self.team.keys.get(secret)
        if key is None:
            raise refuse("API_KEY_INVALID")
        if key.revoked:
            raise refuse("API_KEY_REVOKED")
        return key

    async def _once(
        self, carry_out: Callable[[], Awaitable[Answer]], record: RecordedRequest, fault: Fault | None
    ) -> Answer:
        """Carry the request out, unless it was carried out before under its idempotency key."""
        store, name = self.idempotency, f"{record.method} {record.path}"
        owner = (record.api_key_id or "", record.idempotency_key or "")
        if store is None or record.idempotency_key is None or record.method == "GET":
            return (await self._struck(carry_out, record, fault))[0]
        stored = store.begin(owner, name)
        if stored is not None:
            await self._take_time()
            return self._replay(stored, record, fault)
        try:
            answer, kept = await self._struck(carry_out, record, fault)
            if kept is not None and kept.ok:
                store.keep(owner, name, kept)
            return answer
        finally:
            store.end(owner)

    async def _struck(
        self, carry_out: Callable[[], Awaitable[Answer]], record: RecordedRequest, fault: Fault | None
    ) -> tuple[Answer, Answer | None]:
        """Carry the request out as *fault* lets it, and give what goes out and what a replay would give."""
        if fault is not None and not fault.commit:
            record.fault = fault.name
            await self._take_time()
            return fault.answer(Answer(), self.clock.time()), None
        honest = await carry_out()
        if fault is None:
            return honest, honest
        record.fault = fault.name
        answer = fault.answer(honest, self.clock.time())
        return answer, {"honest": honest, "changed": answer, "nothing": None}[fault.keeps]

    async def _take_time(self) -> None:
        if self.latency > 0:
            await self.clock.sleep(self.latency)

    def _replay(self, stored: Answer, record: RecordedRequest, fault: Fault | None) -> Answer:
        answer = attrs.evolve(stored, headers={**stored.headers, "Idempotency-Replayed": "true"})
        if fault is not None:
            # An answer can be lost as often as it is given.
            record.fault = fault.name
            answer = fault.answer(answer, self.clock.time())
        record.replayed = answer.headers.get("Idempotency-Replayed") == "true"
        return answer


class _UnknownSchemeError(Exception):
    """An Authorization of another scheme than Api-Key, which the API answers with a bare 401."""


def _check_scope(key: SandboxKey, endpoint: Endpoint) -> None:
    if endpoint.scope is None:
        return
    if endpoint.scope not in key.scopes:
        raise refuse("API_KEY_INSUFFICIENT_SCOPE")
    if key.trial:
        raise refuse("API_KEY_TRIAL_NOT_ALLOWED")
