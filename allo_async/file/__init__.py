"""Coordination of the processes of one machine, by way of a file that they share."""

from allo_async.file.coordination import FileCoordination

__all__ = ["FileCoordination"]
