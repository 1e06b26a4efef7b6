"""The limits, the pause and the locks of a key across processes and hosts, by way of Redis (extra: `redis`)."""

try:
    from allo_async.redis.coordination import RedisCoordination
except ModuleNotFoundError as error:
    if error.name != "redis":
        raise
    raise ModuleNotFoundError("allo_async.redis needs redis: pip install 'allo-async[redis]'", name="redis") from error

__all__ = ["RedisCoordination"]
