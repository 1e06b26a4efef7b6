"""The limits, the pause and the locks of a key across processes and hosts, by way of Redis (extra: `redis`)."""

from allo_async.redis.coordination import RedisCoordination

__all__ = ["RedisCoordination"]
