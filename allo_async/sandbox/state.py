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
        contact: What else the row said: name, company and so on, as it was sent.
    """

    number_to: str
    position: int
    created_at: str
    updated_at: str
    contact: dict[str, Any] = attrs.field(factory=dict[str, Any])


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

    def extend(self, rows: Iterable[tuple[str, dict[str, Any]]], now: str) -> list[SandboxEntry]:
        """Put *rows* (E.164 and the contact) at the end in one commit, and return their entries."""
        added = [
            SandboxEntry(number_to=number, position=position, created_at=now, updated_at=now, contact=contact)
            for position, (number, contact) in enumerate(rows, start=len(self.entries))
        ]
        self.entries += added
        self.version += 1
        self.updated_at = now
        return added


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
        queues: The current queue of each user who has one, by user id.
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
        if user_id not in self.queues:
            now = self.now()
            self.queues[user_id] = SandboxQueue(
                id=self.identifiers.queue(),
                creator_id=creator_id,
                assignee_id=user_id,
                created_at=now,
                updated_at=now,
            )
        return self.queues[user_id]
