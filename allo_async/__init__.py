"""Async client for Allo's Power Dialer: lead lists into dialing queues, with an account of every row."""

from allo_async._command_start import is_the_command  # isort: skip - before all that takes a while

import importlib
import logging
from typing import TYPE_CHECKING

# The command answers `--help` without the library, and takes each part of it from where it stands.
if TYPE_CHECKING or not is_the_command():
    from allo_async._exports import *  # noqa: F403 - its `__all__` lists them
    from allo_async._exports import __all__ as __all__
else:

    def __getattr__(name: str) -> object:
        """Import the library late, for what needs it, such as a user's script of the same name as the command."""
        exports = importlib.import_module("allo_async._exports")
        if name in exports.__all__ or name == "__all__":
            return getattr(exports, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


logging.getLogger(__name__).addHandler(logging.NullHandler())
