"""The options of `load` besides the rows, in the words of the library."""

import attrs

from allo_async import Journal, OnChangedInput, OnFullQueue
from allo_async._loading.suppression_list import SuppressionList


@attrs.frozen(kw_only=True)
class LoadOptions:
    """The options of `append_stream`.

    Attributes:
        region: How to read national numbers.
        chunk_size: Rows to send at once.
        keep_duplicates: Whether to send repeats.
        skip_queued: Whether to leave out what stands in the queue already.
        suppress: The numbers that must not be called.
        on_full_queue: The reaction to a full queue.
        deadline: Seconds for each rep's load.
        journal: The journal of the load.
        on_changed_input: The reaction to a file that has changed.
    """

    region: str | None = None
    chunk_size: int = 1000
    keep_duplicates: bool = False
    skip_queued: bool = False
    suppress: SuppressionList | None = None
    on_full_queue: OnFullQueue = "raise"
    deadline: float | None = None
    journal: Journal | None = None
    on_changed_input: OnChangedInput = "raise"
