"""The files that a job may read: those below one folder, which the application names."""

import os
import stat
from pathlib import Path

from allo_async.leads.leads_file import LeadsFile, UnreadableFileError, read_bounded, read_leads

# Opening a FIFO waits for its writer otherwise; Windows has none of these.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))


def read_below(folder: Path | None, path: str) -> LeadsFile:
    """Read the leads of the file at *path* in *folder*: any sender of a job names the file.

    Raises:
        UnreadableFileError: No folder was named, the file is not below it or is no regular file, or it has no rows.
    """
    if folder is None:
        raise UnreadableFileError("these workers read no files: the application names their folder, Loads(files=…)")
    shown = repr(path[:200])
    try:
        base = folder.resolve(strict=True)
        # A link counts for what it points at.
        file = (base / path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise UnreadableFileError(f"there is no file {shown} in the folder of the workers") from None
    if Path(path).is_absolute() or ".." in Path(path).parts or base not in file.parents:
        raise UnreadableFileError(f"{shown} is not below the folder of the workers: give its path within that folder")
    return read_leads(_content(file, shown), file, name=shown)


def _content(file: Path, shown: str) -> bytes:
    try:
        descriptor = os.open(file, os.O_RDONLY | _FLAGS)
    except OSError as error:
        raise UnreadableFileError(f"{shown}: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableFileError(f"{shown} is no regular file: name a list of leads")
    with os.fdopen(descriptor, "rb") as opened:
        return read_bounded(opened, shown)
