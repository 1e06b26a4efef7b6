"""The team's users, and the key itself."""

from collections.abc import Mapping
from typing import Any

import attrs

#: Requests that a key may make in a second [guide]: GET, and all others.
READS_PER_SECOND = 20
WRITES_PER_SECOND = 5


@attrs.frozen(kw_only=True)
class User:
    """A member of the team.

    Attributes:
        id: `usr-…`.
        name: The full name.
        email: The address.
        role: `ADMIN`, `MANAGER` or `MEMBER`; any other value arrives as it came.
        status: `ACTIVE` or `BLOCKED`; likewise.
        image_url: A picture.
        extra: Fields that this version does not know, and values that it could not read.
    """

    id: str
    name: str | None = None
    email: str | None = None
    role: str | None = None
    status: str | None = None
    image_url: str | None = None
    extra: Mapping[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.frozen(kw_only=True)
class Endpoint:
    """A call that the key may make.

    Attributes:
        method: The HTTP method.
        path: The path, with names of its parameters in braces.
        description: The endpoint's purpose.
        scope: The scope that allows it.
        extra: Fields that this version does not know, and values that it could not read.
    """

    method: str | None = None
    path: str | None = None
    description: str | None = None
    scope: str | None = None
    extra: Mapping[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.frozen(kw_only=True)
class Team:
    """The team that the key belongs to.

    Attributes:
        id: `team-…`.
        name: Its name.
        extra: Fields that this version does not know, and values that it could not read.
    """

    id: str | None = None
    name: str | None = None
    extra: Mapping[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.frozen(kw_only=True)
class RateLimits:
    """How many requests the key may make in a second.

    Attributes:
        read_per_second: GET requests.
        write_per_second: All others.
        extra: Fields that this version does not know, and values that it could not read.
    """

    read_per_second: int | None = None
    write_per_second: int | None = None
    extra: Mapping[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.frozen(kw_only=True)
class Me:
    """An API key: its team, its scopes and its limits.

    Attributes:
        api_key_id: The key's id, which is not the key.
        scopes: The key's scopes, e.g. `DIALING_QUEUE_READ_WRITE`.
        endpoints: The endpoints that the key may call.
        team: Whose it is.
        rate_limits: How fast it may call.
        extra: Fields that this version does not know, and values that it could not read.
    """

    api_key_id: str | None = None
    scopes: list[str] = attrs.field(factory=list[str])
    endpoints: list[Endpoint] = attrs.field(factory=list[Endpoint])
    team: Team | None = None
    rate_limits: RateLimits | None = None
    extra: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
