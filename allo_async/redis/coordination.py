"""Several processes or hosts, one key, by way of a Redis server."""

from typing import Any, NoReturn, Self

import attrs

from allo_async._sending.key_state import OnCoordinationLoss, known
from allo_async.causes import bare
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError
from allo_async.redis.store import RedisStore
from allo_async.redis.url import checked


def _url(_: object, __: "attrs.Attribute[Any]", value: str) -> None:
    checked(value)


@attrs.frozen(init=False)
class RedisCoordination:
    """Keeps the limits of a key together for all processes that use it; pass it to each one's `AlloClient`.

    At most as many requests as the key may send leave all processes in any second of Redis's clock; a 429 holds up all
    of them; one process at a time appends to a queue. Redis holds moments and ids made up by the processes. The API
    key, the server and the queue's owner stand there as a keyed hash alone.

    Args:
        url: The address of Redis: `redis://…`, `rediss://…` or `unix://…`; 6.2 or newer, one server, no cluster. In a
            password, `/`, `#`, `?` and `@` are written as `%2F`, `%23`, `%3F` and `%40`.
        on_coordination_loss: The reaction if Redis does not answer within a second: `"local"`, the default, warns
            once and goes on with this process's own limits and locks until Redis is back; `"raise"` raises a
            `CoordinationLostError`. No row is lost either way.

    Raises:
        ConfigurationError: One of the arguments is of no use.

    Example:
        ```python
        async with AlloClient(coordination=RedisCoordination("redis://localhost")) as allo:
            await allo.queue().append(leads)
        ```
    """

    url: str = attrs.field(validator=_url, repr=False)
    on_coordination_loss: OnCoordinationLoss = attrs.field(default="local", validator=known, kw_only=True)

    def __init__(self, url: str, *, on_coordination_loss: OnCoordinationLoss = "local") -> None:
        try:
            self.__attrs_init__(url, on_coordination_loss=on_coordination_loss)  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]
        except ConfigurationError as error:
            raise bare(error) from None
        finally:
            # Error trackers record the locals of every frame.
            del url

    def __reduce__(self) -> NoReturn:
        # A pickle would carry the URL, and in it the password, to wherever it is sent or kept.
        raise TypeError("a RedisCoordination is not pickled: make one in each process")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def _store(self, key: str, clock: Clock) -> RedisStore:  # noqa: ARG002 - the server's clock is the one that counts
        """Return the store of the key with the keyed hash *key*."""
        return RedisStore(self.url, f"allo_async:2:{{{key}}}")
