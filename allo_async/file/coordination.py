"""Several processes of one machine, one key, by way of a file."""

import os
from pathlib import Path

import attrs

from allo_async._sending.key_state import OnCoordinationLoss, known
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError
from allo_async.file.store import FileStore


def _usable(directory: str | os.PathLike[str]) -> Path:
    try:
        path = Path(directory).resolve()
        found = (path if path.exists() else path.parent).is_dir()
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigurationError(f"the directory {directory!r} cannot be used: {error}") from error
    if not os.fspath(directory) or not found:
        raise ConfigurationError(f"there is no directory {str(directory)!r}, and none in which it could be made")
    return path


@attrs.frozen
class FileCoordination:
    """Keeps the limits of a key together for the processes of one machine; pass it to each one's `AlloClient`.

    At most as many requests as the key may send leave all processes in any second; a 429 holds up all of them; one
    process at a time appends to a queue. The file holds moments and ids made up by the processes. The API key, the
    server and the queue's owner stand there as a keyed hash alone. `allo_async.redis.RedisCoordination` is for several
    machines.

    Args:
        directory: The directory of the file, one for each key: the same for all processes, which run as the same user,
            and on a disk of this machine. If there is none, it is made. The directory and the file are readable by
            their owner alone, and a file of another user is not used.
        on_coordination_loss: The reaction if the file cannot be used, or another process keeps it locked for more than
            a second, as one does that a signal stops just then: `"local"`, the default, warns once and goes on with
            this process's own limits and locks until the file can be used; `"raise"` raises a `CoordinationLostError`.
            No row is lost either way.

    Raises:
        ConfigurationError: One of the arguments is of no use.

    Example:
        ```python
        async with AlloClient(coordination=FileCoordination("/run/leads")) as allo:
            await allo.queue().append(leads)
        ```
    """

    directory: Path = attrs.field(converter=_usable)
    on_coordination_loss: OnCoordinationLoss = attrs.field(default="local", validator=known, kw_only=True)

    def _store(self, key: str, clock: Clock) -> FileStore:
        """Return the store of the key with the keyed hash *key*."""
        return FileStore(self.directory / f"allo-async-2-{key}.json", clock)
