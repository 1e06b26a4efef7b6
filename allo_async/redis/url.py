"""The URL of a Redis server, which no error shows: it may hold a password."""

from urllib.parse import urlsplit

from redis.asyncio import Redis

from allo_async.errors import ConfigurationError

_TOLD = (
    "the URL of Redis cannot be read: it must look like redis://[[user]:password@]host[:port][/db], rediss://… or "
    "unix://…, with / # ? and @ in a password written as %2F %23 %3F and %40"
)


def checked(url: str) -> str:
    """Return *url*, if a client can be made of it.

    Raises:
        ConfigurationError: It is no URL of a Redis server, or a part of a password would be taken for something else.
    """
    try:
        parts = urlsplit(url)
        if "@" in parts.path + parts.query + parts.fragment or parts.fragment:
            raise ConfigurationError(_TOLD)
        # Reads the port and the options, and connects to nothing.
        Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType] - redis-py does not type its options
    except (ValueError, TypeError, AttributeError):
        # The cause shows the URL, and so it goes.
        raise ConfigurationError(_TOLD) from None
    return url
