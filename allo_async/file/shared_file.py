"""A small file that several processes change, one at a time."""

import asyncio
import contextlib
import errno
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import attrs

from allo_async._coordination.belief import LARGEST_STATE

try:
    import fcntl
except ImportError as error:
    raise ImportError("allo_async.file needs the file locks of Unix; elsewhere there is allo_async.redis") from error

# Real seconds until one tries again who finds another at work, which takes a fraction of that.
_AGAIN = 0.001


@attrs.frozen
class LockedFile:
    """The file, while nobody else is at it."""

    _descriptor: int

    def read(self) -> bytes:
        """Read all of it, or more than any state takes."""
        # A file that others have put there may have any size, and a sparse file takes no disk.
        return os.pread(self._descriptor, LARGEST_STATE + 1, 0)

    def write(self, content: bytes) -> None:
        """Write it anew. A process that dies meanwhile, or finds the disk full, leaves a part of it.

        Raises:
            OSError: The disk is full.
        """
        done = 0
        while done < len(content):
            done += os.pwrite(self._descriptor, content[done:], done)
        os.ftruncate(self._descriptor, done)


class SharedFile:
    """Is locked by the kernel, which takes the lock from a process that dies; made anew where it was deleted.

    It is read and written without waiting for the disk: whatever stands in it is of no use after a restart.

    Args:
        path: Where it is. It is made readable by its owner alone, and so is its directory where there is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextlib.asynccontextmanager
    async def locked(self) -> AsyncGenerator[LockedFile]:
        """Keep the other processes out.

        Raises:
            OSError: It cannot be used.
        """
        while True:
            descriptor = self._open()
            try:
                if self._lock(descriptor):
                    yield LockedFile(descriptor)
                    return
            finally:
                os.close(descriptor)
            await asyncio.sleep(_AGAIN)

    def peek(self) -> bytes:
        """Read all of it, also while another process writes it; nothing where it cannot be read."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return b""
        try:
            return LockedFile(descriptor).read()
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW
        try:
            return os.open(self._path, flags, 0o600)
        except FileNotFoundError:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            return os.open(self._path, flags, 0o600)

    def _lock(self, descriptor: int) -> bool:
        """Lock it, unless another has; a lock on what other processes do not open any more is none."""
        opened = os.fstat(descriptor)
        if opened.st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it belongs to another user", str(self._path))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.path.samestat(opened, self._path.stat())
        except (BlockingIOError, FileNotFoundError):
            return False
