"""Logs on the screen: one inert line for each record, whatever stands in it."""

import contextlib
import logging
from collections.abc import Generator

from allo_async.cli.terminal import Screen


class _OnScreen(logging.Handler):
    """Logs on a screen, where a bar may be drawn."""

    def __init__(self, screen: Screen, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        self._screen.say(f"{record.levelname.lower()}: {record.getMessage()}")


@contextlib.contextmanager
def logged(screen: Screen) -> Generator[None]:
    """Show on *screen* what the library logs while the block runs."""
    handler, logger = _OnScreen(screen), logging.getLogger("allo_async")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


@contextlib.contextmanager
def last_words(screen: Screen) -> Generator[None]:
    """Show on *screen* the warnings that no handler takes, such as asyncio's; Python would print them as they come."""
    before = logging.lastResort
    logging.lastResort = _OnScreen(screen, logging.WARNING)
    try:
        yield
    finally:
        logging.lastResort = before
