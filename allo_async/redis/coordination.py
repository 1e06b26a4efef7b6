"""Several processes, one key: its pace, its pause and the turns of its queues, by way of a Redis server."""

import hashlib
import hmac
from typing import Any, Literal

import attrs

from allo_async._sending.pacing import Paces
from allo_async._sending.shared import Ends, Shared
from allo_async._sending.turns import Identity, Turns
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError
from allo_async.models.team import READS_PER_SECOND, WRITES_PER_SECOND
from allo_async.redis.link import Link, connect
from allo_async.redis.pace import SharedPace
from allo_async.redis.turn import LeasedTurn
from allo_async.settings import Settings

#: What to do when Redis is slow, gone or frozen: go on with this process's own pace and turns, or raise.
OnCoordinationLoss = Literal["local", "raise"]


def _known(_: object, __: "attrs.Attribute[Any]", value: str) -> None:
    if value not in {"local", "raise"}:
        raise ConfigurationError(f"on_coordination_loss must be 'local' or 'raise', not {value!r}")


def _url(_: object, __: "attrs.Attribute[Any]", value: str) -> None:
    try:
        connect(value)
    except ValueError as error:
        raise ConfigurationError(f"the URL of Redis cannot be read: {error}") from error


@attrs.frozen
class RedisCoordination:
    """Lets all processes that use a key keep its limits together; hand it to each one's `AlloClient`.

    At most as many requests as the key may send leave all processes in any second of Redis's clock; a 429 holds up all
    of them; one process at a time appends to a queue. What stands in Redis: the moments of requests, ids made up by the
    processes, and for ten minutes what stands last in a queue, its number included. The API key, the server and whose
    queue it is stand there as a keyed hash alone.

    Args:
        url: Where Redis is: `redis://…`, `rediss://…` or `unix://…`; 6.2 or newer.
        on_coordination_loss: What to do when Redis does not answer within a second: `"local"`, the default, warns once
            and goes on with this process's own pace and turns until Redis is back; `"raise"` raises a
            `CoordinationLostError`. No row is lost either way.

    Raises:
        ConfigurationError: One of them is of no use.

    Example:
        ```python
        async with AlloClient(coordination=RedisCoordination("redis://localhost")) as allo:
            await allo.queue().append(leads)
        ```
    """

    url: str = attrs.field(validator=_url, repr=False)
    on_coordination_loss: OnCoordinationLoss = attrs.field(default="local", validator=_known, kw_only=True)

    def share(self, settings: Settings, clock: Clock) -> Shared:
        """Make what the clients of this key share on the running loop."""
        # In braces, so that all of a key's stand on the same node of a cluster.
        root = f"allo_async:{{{_hashed(settings, 'key')}}}"
        link = Link(self.url, f"{root}:bells", clock=clock, raises=self.on_coordination_loss == "raise")
        ends: Ends = {}

        def pace(name: str, limit: int) -> SharedPace:
            return SharedPace(limit, clock=clock, link=link, name=f"{root}:{name}", pause=f"{root}:pause")

        def turn(identity: Identity) -> LeasedTurn:
            name = f"{root}:queue:{_hashed(settings, *identity)}"
            kinds = (f"{root}:kinds", turns.others_use)
            return LeasedTurn(identity, name, link=link, ends=ends, kinds=kinds, clock=clock)

        turns = Turns(turn)
        paces = Paces(clock=clock, reads=pace("reads", READS_PER_SECOND), writes=pace("writes", WRITES_PER_SECOND))
        shared = Shared(paces, turns, ends, link.hang_up)
        link.tell_of = shared.tell
        return shared


def _hashed(settings: Settings, *parts: str) -> str:
    message = "\n".join(("allo_async", str(settings.base_url), *parts))
    return hmac.digest(settings.api_key.encode(), message.encode(), hashlib.sha256).hex()[:32]
