"""`POST /v2/api/dialing-queues/current/numbers`: the append, which commits or refuses as a whole."""

from typing import Any, Literal, TypeAlias, cast

import attrs
import orjson
import phonenumbers

from allo_async.sandbox.answers import Answer
from allo_async.sandbox.clock import Clock
from allo_async.sandbox.endpoint import Call, assignee
from allo_async.sandbox.envelope import refuse
from allo_async.sandbox.state import SandboxEntry, SandboxQueue, SandboxUser

#: The entries that the capacity counts: all entries, only those not called yet, or all that were ever put in.
Counts: TypeAlias = Literal["all", "uncalled", "ever"]


@attrs.frozen(kw_only=True)
class Append:
    """The append endpoint.

    Attributes:
        clock: The server's time.
        region: How a number without a country code is read.
        capacity: Numbers a queue may hold.
        counts: The entries that the capacity counts.
        skips_queued: Whether a number that stands in the queue already is skipped.
        partial_overflow: Whether a request that does not fit is refused after what fits was added.
        max_rows: Rows one request may hold, `None` for any.
        latency: Seconds that every append takes.
        seconds_per_row: Seconds on top for each row.
    """

    clock: Clock
    region: str
    capacity: int
    counts: Counts
    skips_queued: bool
    partial_overflow: bool
    max_rows: int | None
    latency: float
    seconds_per_row: float

    async def __call__(self, call: Call) -> Answer:
        """Carry out the append."""
        numbers: list[dict[str, Any]] = call.body["numbers"]
        user = assignee(call, call.body)
        if self.max_rows is not None and len(numbers) > self.max_rows:
            raise refuse("BATCH_TOO_LARGE", rows=self.max_rows)
        return await self._commit(call, user, numbers)

    async def _commit(self, call: Call, user: SandboxUser, numbers: list[dict[str, Any]]) -> Answer:
        # Optimistic, as the real one shows itself to be: the first commit wins, the other conflicts.
        version = call.team.version_of(user.id)
        valid, skipped = self._normalized(numbers)
        seconds = self.latency + self.seconds_per_row * len(numbers) + call.delay
        if seconds > 0:
            await self.clock.sleep(seconds)
        if call.team.version_of(user.id) != version:
            raise refuse("DIALING_QUEUE_APPEND_CONFLICT")
        queue = call.team.queue_of(user.id, call.key.owner_id)
        if self.skips_queued:
            valid = _not_yet(queue, valid, skipped)
        room = self.capacity - _counted(queue, self.counts)
        if len(valid) > room:
            if self.partial_overflow and room > 0:
                call.record.added = [entry.number_to for entry in queue.extend(valid[:room], call.team.now())]
            raise refuse("DIALING_QUEUE_LIMIT_REACHED", capacity=self.capacity)
        added = queue.extend(valid, call.team.now())
        call.record.added = [entry.number_to for entry in added]
        return Answer(content={"data": {"added": [_told(entry) for entry in added], "skipped": skipped}})

    def _normalized(
        self, numbers: list[dict[str, Any]]
    ) -> tuple[list[tuple[str, dict[str, Any]]], list[dict[str, str]]]:
        valid: list[tuple[str, dict[str, Any]]] = []
        skipped: list[dict[str, str]] = []
        for row in numbers:
            number = e164(row["number"], self.region)
            if number is None:
                skipped.append({"number": row["number"], "reason": "INVALID_PHONE_NUMBER"})
            else:
                valid.append((number, {name: value for name, value in row.items() if name != "number"}))
        return valid, skipped


def _counted(queue: SandboxQueue, counts: Counts) -> int:
    if counts == "uncalled":
        return sum(entry.call_start_date is None for entry in queue.entries)
    return queue.ever if counts == "ever" else len(queue.entries)


def _not_yet(
    queue: SandboxQueue, valid: list[tuple[str, dict[str, Any]]], skipped: list[dict[str, str]]
) -> list[tuple[str, dict[str, Any]]]:
    """Leave out what stands in the queue already, as one integrator says the live API does [seen]."""
    queued = {entry.number_to for entry in queue.entries}
    skipped += [{"number": number, "reason": "ALREADY_IN_QUEUE"} for number, _ in valid if number in queued]
    return [row for row in valid if row[0] not in queued]


def e164(number: str, region: str) -> str | None:
    """Read a number as the server does; `None` for what is none."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _told(entry: SandboxEntry) -> dict[str, Any]:
    """Write an entry as the append's documented example does: four fields."""
    return {
        "number_to": entry.number_to,
        "position": entry.position,
        "created_at": entry.created_at,
        "updated_at": entry.updated_at,
    }


def raw_numbers(body: bytes) -> list[str]:
    """Return the numbers of an append as they came, as far as it can be read, for the ledger."""
    try:
        rows: object = orjson.loads(body)["numbers"]
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return []
    if not isinstance(rows, list):
        return []
    numbers = (cast("dict[str, Any]", row).get("number") for row in cast("list[object]", rows) if isinstance(row, dict))
    return [number for number in numbers if isinstance(number, str)]
