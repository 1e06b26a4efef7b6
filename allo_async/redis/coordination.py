"""Several processes or hosts, one key, by way of a Redis server."""

from typing import Any

import attrs

from allo_async._coordination.coordinated import OnCoordinationLoss, coordinated, known
from allo_async._sending.key_state import KeyState
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError
from allo_async.redis.store import RedisStore, connect
from allo_async.settings import Settings


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
    on_coordination_loss: OnCoordinationLoss = attrs.field(default="local", validator=known, kw_only=True)

    def share(self, settings: Settings, clock: Clock) -> KeyState:
        """Make what the clients of this key share on the running loop."""

        def opened(key: str) -> RedisStore:
            # In braces, so that all of a key's stand on the same node of a cluster.
            return RedisStore(self.url, f"allo_async:{{{key}}}")

        return coordinated(settings, clock, opened, on_loss=self.on_coordination_loss)
