"""A progress bar where someone looks, silence elsewhere; retries are counted instead of tearing it."""

import contextlib
import logging
from collections.abc import Generator

from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from allo_async.cli.job import Progress as OnProgress


class _RetryCounter(logging.Handler):
    """Counts the library's warnings, each of which is a retry; without a bar, the first tells why it takes long."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        super().__init__(logging.WARNING)
        self._progress = progress
        self._task = task
        self._count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self._count += 1
        console = self._progress.console
        if self._count == 1 and not console.is_terminal:
            console.print(escape(record.getMessage()), highlight=False, soft_wrap=True)
        self._progress.update(self._task, retries=f"{self._count} {'retry' if self._count == 1 else 'retries'}")


@contextlib.contextmanager
def progress_bar(console: Console, description: str, rows: int, *, verbose: bool) -> Generator[OnProgress]:
    """Show a bar of *rows* on *console* while the block runs, and give what advances it.

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
        handlers: list[logging.Handler] = [_RetryCounter(progress, task)]
        if verbose:
            handlers.append(RichHandler(console=progress.console, show_path=False))
        logger = logging.getLogger("allo_async")
        level = logger.level
        logger.setLevel(logging.INFO if verbose else logging.WARNING)
        for handler in handlers:
            logger.addHandler(handler)
        try:
            yield lambda count: progress.advance(task, count)
        finally:
            logger.setLevel(level)
            for handler in handlers:
                logger.removeHandler(handler)
