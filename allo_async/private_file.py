"""Files with people in them: readable by their owner alone, whatever the umask, and never written through a link."""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any, TextIO, TypeGuard

#: The rights of such a file.
PRIVATE = 0o600

_OF_OTHERS = 0o077


def as_path(name: str, value: object) -> Path:
    """Return *value*, passed as *name*, as a path.

    Raises:
        ValueError: It is none.
    """
    text: object = value.__fspath__() if _is_path_like(value) else value
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        shown = repr(text)[:40] if isinstance(text, str | int | float | None) else type(text).__name__
        raise ValueError(f"{name} must be a path: a text that is not blank, or an os.PathLike of one, not {shown}")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise ValueError(f"{name} must be a path, not one with half of a surrogate pair") from None
    return Path(text)


def _is_path_like(value: object) -> TypeGuard["os.PathLike[Any]"]:
    return isinstance(value, os.PathLike)


@contextlib.contextmanager
def replacing(path: Path, *, encoding: str, errors: str = "strict") -> Generator[TextIO]:
    """Write a text file anew, whole or not at all; a link that has its name is replaced, and not what it points to.

    Raises:
        OSError: It cannot be written there; what stood there is as it was.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "It is no plain file", str(path))
    # A name that nobody can know beforehand, and short: that of the file may be as long as the system allows.
    try:
        descriptor, draft = tempfile.mkstemp(".part", ".allo-", path.parent)
    except OSError as error:
        # The name of the draft says nothing to the caller.
        error.filename = str(path)
        raise
    try:
        with os.fdopen(descriptor, "w", encoding=encoding, errors=errors, newline="") as out:
            Path(draft).chmod(PRIVATE)
            yield out
            out.flush()
            os.fsync(out.fileno())
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(draft).unlink()
        raise


def make_private(path: Path) -> None:
    """Make the file if there is none.

    Raises:
        OSError: It is a link or no plain file, or it cannot be made, or others may read it and that cannot be changed.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
    keep_private(path)


def keep_private(path: Path) -> None:
    """Take the rights of others from the file, if there is one; it is not opened, which would end the locks on it.

    Raises:
        OSError: It is a link or no plain file, or its rights cannot be changed.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "It is no plain file", str(path))
    if mode & _OF_OTHERS:
        path.chmod(PRIVATE)
