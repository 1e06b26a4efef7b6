"""The first steps of the `allo-async` command, before the rest of the package is imported, which takes a while."""

import os
import signal
import sys


def is_the_command() -> bool:
    """Return whether this process is the command: its script, or `python -m allo_async`, which imports the package."""
    name = os.path.basename(sys.argv[0]) if sys.argv else ""  # noqa: PTH119 - pathlib takes long to import
    if name == "-m":
        # Python has not found yet what it is to run; the name is last of what it read for itself.
        after = sys.orig_argv[: -len(sys.argv[1:]) or None]
        return after[-1:] == ["allo_async"] or after[-1:] == ["-mallo_async"]
    return name in {"allo-async", "allo-async.exe"}


def let_ctrl_c_end_it() -> None:
    """End the process at once and quietly on Ctrl-C: until the command begins, it has nothing to put in order."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if is_the_command():
    let_ctrl_c_end_it()
