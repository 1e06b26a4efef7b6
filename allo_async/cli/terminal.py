"""The one way to the screen: inert text, no crash over an encoding, and a width that cuts nothing in a pipe."""

import io
import json
import os
import sys
import traceback
from typing import IO, Any, cast

from rich.console import Console, ConsoleDimensions
from rich.text import Text

from allo_async.cli.inert import inert
from allo_async.cli.unbroken import Unbroken

# Wider than any line, and still a figure that layouts can work with.
_WIDE = 10_000
_DUMB = {"dumb", "unknown"}


class Screen(Console):
    """Standard output or standard error. Every string that it prints is inert, and is no markup.

    Args:
        stderr: Whether it is standard error.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        # Rich asks for the file while it begins.
        self._unbroken: Unbroken | None = None
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    @property
    def file(self) -> IO[str]:
        """The stream behind it, to which every write succeeds, also where the terminal was closed."""
        stream = super().file
        if self._unbroken is None or self._unbroken.stream is not stream:
            self._unbroken = Unbroken(stream)
        return cast("IO[str]", self._unbroken)

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        self._file = new_file

    @property
    def lost(self) -> OSError | None:
        """Why nobody gets what is printed; `None` if somebody does."""
        self.file.flush()
        return cast("Unbroken", self.file).error

    @property
    def live(self) -> bool:
        """Whether somebody looks at it, and it can be drawn over; what `FORCE_COLOR` says does not count."""
        dumb = os.environ.get("TERM", "").lower() in _DUMB
        return self.is_terminal and _is_terminal(self.file) and not dumb

    @property
    def size(self) -> ConsoleDimensions:
        """The terminal's size; without a terminal, room for every line."""
        return super().size if _is_terminal(self.file) else ConsoleDimensions(_WIDE, 25)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size

    def render_str(self, text: str, **options: Any) -> Text:
        """Make *text* inert, wherever in a table or a line it stands."""
        options |= {"markup": False, "emoji": False, "highlight": False}
        return super().render_str(inert(text), **options)

    def say(self, *parts: str | Text, style: str | None = None) -> None:
        """Print *parts* as one line, which only the terminal wraps."""
        line = Text.assemble(*(part if isinstance(part, Text) else inert(part) for part in parts))
        self.print(line, style=style, soft_wrap=True)

    def show_traceback(self, error: BaseException) -> None:
        """Print where *error* arose, for its maintainers."""
        for line in "".join(traceback.format_exception(error)).splitlines():
            self.say(line)

    def say_json(self, document: object) -> None:
        """Print *document* as JSON in ASCII, which no encoding can spoil."""
        # DEL is ASCII too, and stays as it is.
        written = json.dumps(document, indent=2, default=str).replace("\x7f", "\\u007f")
        self.file.write(written + "\n")
        self.file.flush()


OUT = Screen()
ERR = Screen(stderr=True)


def tolerate_every_encoding() -> None:
    """Print a question mark for what the terminal's encoding lacks: a load that is done must be told."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def styled(text: object, style: str) -> Text:
    """Return *text* made inert, in a style of rich's."""
    return Text(inert(text), style=style)


def _is_terminal(file: Any) -> bool:
    try:
        return os.isatty(file.fileno())
    except (AttributeError, OSError, ValueError):
        return False
