"""A progress bar where someone looks, silence elsewhere; retries are counted instead of tearing it."""

import contextlib
import logging
from collections.abc import Generator

from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from allo_async.events import Event, RetryScheduled


class Bar:
    """The bar while it is shown.

    Args:
        progress: Draws it.
        task: What it shows.
    """

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._retries = 0

    def advance(self, rows: int) -> None:
        """Show that *rows* more rows have met their fate."""
        self._progress.advance(self._task, rows)

    def observe(self, event: Event) -> None:
        """Count the retries; without a bar, the first tells why it takes long."""
        if not isinstance(event, RetryScheduled):
            return
        self._retries += 1
        console = self._progress.console
        if self._retries == 1 and not console.is_terminal:
            told = f"attempt {event.attempts} failed, trying again in {event.wait:.2f} s: {event.error}"
            console.print(escape(told), highlight=False, soft_wrap=True)
        self._progress.update(self._task, retries=f"{self._retries} {'retry' if self._retries == 1 else 'retries'}")


@contextlib.contextmanager
def progress_bar(console: Console, description: str, rows: int, *, verbose: bool) -> Generator[Bar]:
    """Show a bar of *rows* on *console* while the block runs.

    Args:
        console: Where to show it; nothing is shown where that is no terminal.
        description: What is being done.
        rows: How many there are.
        verbose: Log what the library logs there too.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[retries]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(description, total=rows, retries="")
        with _logged(progress.console) if verbose else contextlib.nullcontext():
            yield Bar(progress, task)


@contextlib.contextmanager
def _logged(console: Console) -> Generator[None]:
    handler, logger = RichHandler(console=console, show_path=False), logging.getLogger("allo_async")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
