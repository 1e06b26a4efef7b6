"""A progress bar where someone looks, and next to silence elsewhere: what a load waits for is told in words."""

import contextlib
from collections.abc import Generator

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from allo_async.cli.logs import logged
from allo_async.cli.terminal import Screen
from allo_async.cli.waits import Waits
from allo_async.cli.wording import reason
from allo_async.events import Event, RetryScheduled

# Below so many columns, the rows done and what is waited for come before the drawing.
_ROOMY = 100


class Bar:
    """The bar while it is shown.

    Args:
        progress: Draws it.
        task: The bar's task.
        screen: Where it is shown.
    """

    def __init__(self, progress: Progress, task: TaskID, screen: Screen) -> None:
        self._progress = progress
        self._task = task
        self._screen = screen
        self._retries = 0
        self._wide = screen.width >= _ROOMY
        self._waits = Waits(self._show, None if screen.live else screen.say)

    def begin(self, description: str, rows: int) -> None:
        """Show what is done now, and of how many *rows*."""
        self._progress.update(self._task, description=description if self._wide else "Loading", total=rows)

    def advance(self, rows: int) -> None:
        """Show that *rows* more rows have met their fate."""
        self._progress.advance(self._task, rows)

    def observe(self, event: Event) -> None:
        """Show what is waited for, and count the retries; without a bar, the first tells why it takes long."""
        self._waits.observe(event)
        if not isinstance(event, RetryScheduled):
            return
        self._retries += 1
        if self._retries == 1 and not self._screen.live:
            self._screen.say(f"It did not work at once, trying again: {reason(event.error)}")
        self._show()

    def end(self) -> None:
        """Say no more of any wait."""
        self._waits.end()

    def _show(self) -> None:
        retries = f"{self._retries} {'retry' if self._retries == 1 else 'retries'}" if self._retries else ""
        told = [part for part in (self._waits.foremost, retries) if part]
        self._progress.update(self._task, state=", ".join(told if self._wide else told[:1]))


@contextlib.contextmanager
def progress_bar(screen: Screen, *, verbose: bool) -> Generator[Bar]:
    """Show a bar on *screen* while the block runs.

    Args:
        screen: Where to show it; nothing is drawn on what is no terminal.
        verbose: Log what the library logs there too.
    """
    wide = screen.width >= _ROOMY
    # In 60 columns, there is just room for the longest of what may be waited for.
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(40 if wide else 8),
        MofNCompleteColumn(),
        *([TimeElapsedColumn()] if wide else []),
        TextColumn("{task.fields[state]}", markup=False),
    )
    with Progress(*columns, console=screen, disable=not screen.live) as progress:
        task = progress.add_task("Preparing", total=None, state="")
        bar = Bar(progress, task, screen)
        with logged(screen) if verbose else contextlib.nullcontext():
            try:
                yield bar
            finally:
                bar.end()
