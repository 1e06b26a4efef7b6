"""The way to the key's other processes, as an option names it."""

import typer

from allo_async import Coordination


def coordination_by(where: str | None) -> Coordination | None:
    """Return the way to the key's other processes.

    Raises:
        ConfigurationError: There is no such directory, or the URL cannot be read.
        typer.BadParameter: The extra is not installed, or this system has no file locks.
    """
    if where is None:
        return None
    # Imported where they are asked for: one is an extra, the other needs Unix.
    try:
        if "://" in where:
            from allo_async.redis import RedisCoordination  # noqa: PLC0415

            return RedisCoordination(where)
        from allo_async.file import FileCoordination  # noqa: PLC0415

        return FileCoordination(where)
    except ImportError as error:
        # The URL may hold a password, and stays unsaid.
        told = (
            "--coordination with a URL takes the extra redis: pip install 'allo-async[redis]'"
            if "://" in where
            else "--coordination with a directory is not to be had on this system: give a URL of Redis"
        )
        raise typer.BadParameter(told) from error
