"""Standard streams whose other end may go away at any moment: a closed terminal, a pipe that nobody reads any more."""

import contextlib
import os
from typing import IO, Any


class Unbroken:
    """A text stream whose writes never fail: after the first that did, all that is written goes nowhere.

    Args:
        stream: The stream.

    Attributes:
        error: Why the first write failed, `None` if none did.
    """

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Write *text*."""
        try:
            self.stream.write(text)
        except OSError as error:
            self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        try:
            self.stream.flush()
        except OSError as error:
            self._lose(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def _lose(self, error: OSError) -> None:
        self.error = self.error or error
        # The interpreter flushes what is left when it ends, and must not fail either.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)
