"""The caller's `on_progress`, called until it raises."""

import inspect
from collections.abc import Callable
from typing import Any

from allo_async._loading.rows import named
from allo_async._loading.spread_run import SpreadRun
from allo_async.errors import CallbackError, ConfigurationError
from allo_async.validators import FOREIGN_ERRORS, is_async


class Progress:
    """Calls back, and keeps the error of the callback until the load has ended in order.

    Args:
        on_progress: The caller's function, `None` for none.

    Raises:
        ConfigurationError: *on_progress* is no function, or is async and would never run.
    """

    def __init__(self, on_progress: Callable[[SpreadRun], object] | None) -> None:
        if is_async(on_progress):
            raise ConfigurationError("on_progress must be a plain function, not an async one (async def)")
        if on_progress is not None and not callable(on_progress):
            raise ConfigurationError(f"on_progress must be a function, not {type(on_progress).__name__}")
        self._on_progress: Callable[[SpreadRun], Any] | None = on_progress
        self._error: CallbackError | None = None

    def report(self, run: SpreadRun) -> bool:
        """Call back with *run*, and return whether the load may go on."""
        if self._on_progress is None or self._error is not None:
            return self._error is None
        try:
            given = self._on_progress(run)
        except FOREIGN_ERRORS as error:  # raised once the load has ended
            self._error = CallbackError(f"on_progress raised {named(error)}")
            self._error.__cause__ = error
        else:
            if inspect.iscoroutine(given):
                given.close()
                self._error = CallbackError("on_progress returned a coroutine, which nobody runs: use a plain function")
        return self._error is None

    def raise_error(self) -> None:
        """Raise what the callback raised, if it did.

        Raises:
            CallbackError: It did.
        """
        if self._error is not None:
            raise self._error
