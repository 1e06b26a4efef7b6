"""The team behind the API: its users, their keys and their dialing queues, all in memory."""

import random
import string
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias

import attrs

Role: TypeAlias = Literal["ADMIN", "MANAGER", "MEMBER"]
Status: TypeAlias = Literal["ACTIVE", "BLOCKED"]

DIALING_QUEUES = "DIALING_QUEUE_READ_WRITE"
USERS = "USERS_READ"
ALL_SCOPES = (DIALING_QUEUES, USERS)

_ALPHANUMERICS = string.ascii_letters + string.digits


@attrs.frozen(kw_only=True)
class SandboxUser:
    """A member of the team.

    Attributes:
        id: `usr-…`.
        name: The name the API shows.
        email: The address; the API finds a teammate by it whatever its case.
        role: ADMIN, MANAGER or MEMBER.
        status: ACTIVE or BLOCKED.
    """

    id: str
    name: str
    email: str
    role: Role = "MEMBER"
    status: Status = "ACTIVE"


@attrs.frozen(kw_only=True)
class SandboxEntry:
    """One number in a queue.

    Attributes:
        number_to: The number in E.164.
        position: Its place in the queue, from 0.
        created_at: When it was added, UTC without offset, such as `2026-04-30T10:00:00`.
        updated_at: When it was last changed, in the same form.
        contact: The rest of the row: name, company and so on, as it was sent.
        call_start_date: When the rep called it; None before.
        call_id: `cll-…`, once it was called.
        routing_result: How the call ended.
        call_status: A field that the contract does not know, as the real API grew one.
    """

    number_to: str
    position: int
    created_at: str
    updated_at: str
    contact: dict[str, Any] = attrs.field(factory=dict[str, Any])
    call_start_date: str | None = None
    call_id: str | None = None
    routing_result: str | None = None
    call_status: str | None = None


@attrs.define(kw_only=True)
class SandboxKey:
    """An API key and what it may do."""

    id: str
    secret: str = attrs.field(repr=False)
    owner_id: str
    scopes: tuple[str, ...]
    trial: bool = False
    revoked: bool = False


@attrs.define(kw_only=True)
class SandboxQueue:
    """A user's current queue; `version` counts the commits, which is how a conflict is noticed."""

    id: str
    creator_id: str
    assignee_id: str
    created_at: str
    updated_at: str
    name: str | None = None
    voicemail_handling: str = "NO_SKIP"
    do_not_disturb: str = "DISABLED"
    entries: list[SandboxEntry] = attrs.field(factory=list[SandboxEntry])
    version: int = 0
    ever: int = 0
    session_active: bool = False

    def extend(self, rows: Iterable[tuple[str, dict[str, Any]]], now: str) -> list[SandboxEntry]:
        """Put *rows* (E.164 and the contact) at the end in one commit, and return their entries."""
        added = [
            SandboxEntry(number_to=number, position=position, created_at=now, updated_at=now, contact=contact)
            for position, (number, contact) in enumerate(rows, start=len(self.entries))
        ]
        self.entries += added
        self.ever += len(added)
        self.version += 1
        self.updated_at = now
        return added

    def remove(self, gone: Iterable[SandboxEntry], now: str) -> None:
        """Take entries out; those behind them move up."""
        positions = {entry.position for entry in gone}
        if positions:
            left = (entry for entry in self.entries if entry.position not in positions)
            self.entries = [attrs.evolve(entry, position=place) for place, entry in enumerate(left)]
            self.version += 1
            self.updated_at = now


@attrs.define
class Identifiers:
    """Makes ids in the API's own forms, the same ones for the same seed."""

    _random: random.Random

    def user(self) -> str:
        """`usr-` and 40 hexadecimal digits."""
        return "usr-" + self._letters("0123456789ABCDEF", 40)

    def key(self) -> tuple[str, str]:
        """An API key's id and the key itself."""
        return "api-" + self._letters("0123456789abcdef", 12), "ak_test_" + self._letters(_ALPHANUMERICS, 32)

    def queue(self) -> str:
        """`pdl_` and 12 alphanumerics."""
        return "pdl_" + self._letters(_ALPHANUMERICS, 12)

    def request(self) -> str:
        """`req_` and 12 alphanumerics."""
        return "req_" + self._letters(_ALPHANUMERICS, 12)

    def call(self) -> str:
        """`cll-` and 12 hexadecimal digits."""
        return "cll-" + self._letters("0123456789abcdef", 12)

    def team(self) -> str:
        """`team-` and 12 hexadecimal digits."""
        return "team-" + self._letters("0123456789abcdef", 12)

    def _letters(self, alphabet: str, count: int) -> str:
        return "".join(self._random.choices(alphabet, k=count))


@attrs.define
class Team:
    """Everything the API knows.

    Attributes:
        identifiers: Makes the ids of whatever is new.
        now: The current time in the form the API writes it.
        users: In the order in which they joined; the first owns the first key.
        keys: Every key ever made, by its secret.
        queues: The current queue of each user with one, by user id.
    """

    identifiers: Identifiers
    now: Callable[[], str]
    users: list[SandboxUser] = attrs.field(factory=list[SandboxUser])
    keys: dict[str, SandboxKey] = attrs.field(factory=dict[str, SandboxKey])
    queues: dict[str, SandboxQueue] = attrs.field(factory=dict[str, SandboxQueue])
    id: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.id = self.identifiers.team()

    def find(self, *, user_id: str | None = None, email: str | None = None) -> SandboxUser | None:
        """The teammate with *user_id* or, only where that is None, with *email*."""
        if user_id is not None:
            return next((user for user in self.users if user.id == user_id), None)
        wanted = (email or "").casefold()
        return next((user for user in self.users if user.email.casefold() == wanted), None)

    def add_key(self, owner_id: str, scopes: tuple[str, ...], *, trial: bool, revoked: bool) -> SandboxKey:
        """A new key of *owner_id*."""
        key_id, secret = self.identifiers.key()
        key = SandboxKey(id=key_id, secret=secret, owner_id=owner_id, scopes=scopes, trial=trial, revoked=revoked)
        self.keys[secret] = key
        return key

    def version_of(self, user_id: str) -> int:
        """How many commits the user's queue has seen; a queue not yet made has seen none."""
        queue = self.queues.get(user_id)
        return 0 if queue is None else queue.version

    def queue_of(self, user_id: str, creator_id: str) -> SandboxQueue:
        """The user's current queue, made on the spot when there is none."""
        return self.queues[user_id] if user_id in self.queues else self.new_queue(user_id, creator_id)

    def new_queue(self, user_id: str, creator_id: str) -> SandboxQueue:
        """A fresh queue, which becomes the user's current one."""
        now = self.now()
        queue = self.queues[user_id] = SandboxQueue(
            id=self.identifiers.queue(),
            creator_id=creator_id,
            assignee_id=user_id,
            created_at=now,
            updated_at=now,
            # An append that began on the queue before must notice.
            version=self.version_of(user_id) + 1,
        )
        return queue

    def move(self, queue: SandboxQueue, user_id: str) -> None:
        """Make *queue* the current one of another user; whose it was has none afterwards."""
        version = self.version_of(user_id)
        del self.queues[queue.assignee_id]
        queue.assignee_id = user_id
        queue.updated_at = self.now()
        queue.version = max(queue.version, version) + 1
        self.queues[user_id] = queue
