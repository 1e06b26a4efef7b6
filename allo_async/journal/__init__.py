"""A journal of loads, so that a load which was killed is taken up where it ended."""

from allo_async.journal.journal import Journal

__all__ = ["Journal"]
