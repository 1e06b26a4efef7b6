"""A spread under way, as its caller sees it."""

from typing import Protocol

from allo_async.models import SpreadResult


class _Load(Protocol):
    @property
    def rows_settled(self) -> int: ...

    def result(self) -> SpreadResult: ...

    def stop(self) -> None: ...


class SpreadRun:
    """A spread under way; `AlloClient.spread` hands it to its `on_progress`."""

    def __init__(self, load: _Load) -> None:
        self._load = load

    def __repr__(self) -> str:
        return f"<SpreadRun, {self.rows_settled} rows settled>"

    @property
    def rows_settled(self) -> int:
        """How many rows are added, skipped or in doubt so far."""
        return self._load.rows_settled

    def result(self) -> SpreadResult:
        """Return the fates as they stand; true also after a cancellation."""
        return self._load.result()

    def stop(self) -> None:
        """Finish the chunks that are on their way, end every wait at once, and leave the rest pending."""
        self._load.stop()
