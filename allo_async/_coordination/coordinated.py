"""What the clients of a key share when its processes are coordinated."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Literal

from allo_async._coordination.link import Link
from allo_async._coordination.pace import SharedPace
from allo_async._coordination.store import Store
from allo_async._coordination.turn import LeasedTurn
from allo_async._sending.key_state import Ends, KeyState
from allo_async._sending.pacing import Paces
from allo_async._sending.queue_locks import Identity, QueueLocks
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError
from allo_async.models.team import READS_PER_SECOND, WRITES_PER_SECOND
from allo_async.settings import Settings

#: What to do when the store is slow, gone or frozen: go on with this process's own pace and turns, or raise.
OnCoordinationLoss = Literal["local", "raise"]


def known(_: object, __: object, value: str) -> None:
    """Check what to do on a loss.

    Raises:
        ConfigurationError: It is none of what can be done.
    """
    if value not in {"local", "raise"}:
        raise ConfigurationError(f"on_coordination_loss must be 'local' or 'raise', not {value!r}")


def coordinated(
    settings: Settings, clock: Clock, opened: Callable[[str], Store], *, on_loss: OnCoordinationLoss
) -> KeyState:
    """Make what the clients of a key share on the running loop.

    Args:
        settings: Of the clients; what they have in common is the key and the server.
        clock: The clients' own.
        opened: Makes the store of the key whose keyed hash it is given.
        on_loss: What to do when the store does not answer.
    """
    key = _hashed(settings, "key")
    link = Link(lambda: opened(key), clock=clock, raises=on_loss == "raise")
    ends: Ends = {}

    def turn(identity: Identity) -> LeasedTurn:
        name = f"queue:{_hashed(settings, *identity)}"
        return LeasedTurn(identity, name, link=link, ends=ends, tell_kinds=turns.others_use, clock=clock)

    turns = QueueLocks(turn)
    reads = SharedPace(READS_PER_SECOND, clock=clock, link=link, name="reads")
    writes = SharedPace(WRITES_PER_SECOND, clock=clock, link=link, name="writes")
    shared = KeyState(Paces(clock=clock, reads=reads, writes=writes), turns, ends, link.hang_up)
    link.tell_of = shared.emit
    return shared


def _hashed(settings: Settings, *parts: str) -> str:
    message = "\n".join(("allo_async", str(settings.base_url), *parts))
    return hmac.digest(settings.api_key.encode(), message.encode(), hashlib.sha256).hex()[:32]
