"""What `load` can be told besides the rows, in the words of the library."""

import attrs

from allo_async import Journal, OnChangedInput, OnFullQueue
from allo_async._loading.suppression_list import SuppressionList


@attrs.frozen(kw_only=True)
class LoadOptions:
    """What `append_stream` is told.

    Attributes:
        region: How to read national numbers.
        chunk_size: Rows to send at once.
        keep_duplicates: Whether to send repeats.
        skip_queued: Whether to leave out what stands in the queue already.
        suppress: The numbers that must not be called.
        on_full_queue: What to do with rows that the queue has no room for.
        deadline: Seconds for each rep's load.
        journal: Where the load is written down.
        on_changed_input: What to do when the file is not what it was.
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
