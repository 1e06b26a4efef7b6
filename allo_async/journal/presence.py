"""Whether the files of an open journal are still those that were opened."""

import contextlib
from pathlib import Path

_Identity = tuple[int, int]


class Presence:
    """The journal's file and those beside it, each known by its device and inode.

    Args:
        path: The file, which is open for writing by now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = [path.with_name(path.name + ending) for ending in ("-wal", "-shm")]
        lock = path.with_name(f"{path.name}-lock")
        self._known = {each: known for each in (path, *self._beside, lock) if (known := _identity(each)) is not None}

    def first_lost(self) -> Path | None:
        """Return the first of the files that was moved, deleted or replaced, `None` if all are there."""
        return next((path for path, known in self._known.items() if _identity(path) != known), None)

    def remove_rest(self) -> None:
        """Delete what is left beside a journal that is gone: nothing in there is of use any more."""
        if _identity(self._path) == self._known[self._path]:
            return
        for path in self._beside:
            if _identity(path) == self._known.get(path, ()):
                with contextlib.suppress(OSError):
                    path.unlink()


def _identity(path: Path) -> _Identity | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
