"""A small file that several processes change, one at a time."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator
from pathlib import Path

try:
    import fcntl
except ImportError as error:
    raise ImportError("allo_async.file needs the file locks of Unix; elsewhere there is allo_async.redis") from error

# Real seconds until one tries again who finds another at work, which takes a fraction of that.
_AGAIN = 0.001

# Enough of it to tell one version from another.
_HEAD = 64


class SharedFile:
    """Is locked by the kernel, which takes the lock from a process that dies; made anew where it was deleted.

    It is read and written without waiting for the disk: whatever stands in it is of no use after a restart.

    Args:
        path: Where it is. The directory is made, too; both are their owner's alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    @contextlib.asynccontextmanager
    async def locked(self) -> AsyncGenerator[None]:
        """Keep the other processes out.

        Raises:
            OSError: It cannot be used.
        """
        while True:
            self._open()
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await asyncio.sleep(_AGAIN)
                continue
            if self._is_current():
                break
            self.close()
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def read(self) -> bytes:
        """Read all of it, while it is locked."""
        return os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)

    def write(self, content: bytes) -> None:
        """Write it anew, while it is locked. Who dies meanwhile leaves a part of it."""
        os.ftruncate(self._descriptor, os.pwrite(self._descriptor, content, 0))

    def head(self) -> bytes:
        """Read its first bytes, locked or not; none where it is not open."""
        with contextlib.suppress(OSError):
            return os.pread(self._descriptor, _HEAD, 0)
        return b""

    def close(self) -> None:
        """Close it, which unlocks it."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _open(self) -> None:
        if self._descriptor < 0:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)

    def _is_current(self) -> bool:
        """Tell whether it is still the one that other processes will open."""
        with contextlib.suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        return False
