"""The options of loads: how each is called and typed, and the checks that all of them pass."""

import difflib
import functools
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import Any, ParamSpec, TypedDict, TypeVar, cast

import attrs

from allo_async._loading.load_log import NO_LOG, LogOpener
from allo_async._loading.prepare import Preparer
from allo_async._loading.room_wait import DEFAULT_POLL_INTERVAL
from allo_async._loading.spread_run import SpreadRun
from allo_async._loading.suppress_option import Suppress
from allo_async.choices import OnChangedInput, OnFullQueue, SpreadStrategy
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError
from allo_async.journal import Journal
from allo_async.journal.journal import DEFAULT_LOAD_ID, log_of
from allo_async.models import QUEUE_CAPACITY, Assignee
from allo_async.validators import file_path, flag, one_of, seconds, text, whole

_Parameters = ParamSpec("_Parameters")
_Returned = TypeVar("_Returned")

# A longer name is somebody's data.
_LONGEST_LOAD_ID = 1_000


class AppendOptions(TypedDict, total=False):
    """The options of `DialingQueue.append` and `append_stream`, which describe them, for a wrapper's `Unpack`.

    Example:
        ```python
        async def load(queue: DialingQueue, rows: Rows, **options: Unpack[AppendOptions]) -> None:
            print(await queue.append(rows, **options))
        ```
    """

    region: str | None
    chunk_size: int
    keep_duplicates: bool
    skip_queued: bool
    suppress: Suppress | None
    on_full_queue: OnFullQueue
    poll_interval: float
    deadline: float | None
    max_rate_limit_wait: float | None
    journal: Journal | str | os.PathLike[str] | None
    load_id: str | None
    on_changed_input: OnChangedInput


class SpreadOptions(TypedDict, total=False):
    """The options of `AlloClient.spread`, which describes them, for a wrapper's `Unpack`."""

    strategy: SpreadStrategy
    region: str | None
    chunk_size: int
    keep_duplicates: bool
    skip_queued: bool
    suppress: Suppress | None
    deadline: float | None
    max_rate_limit_wait: float | None
    journal: Journal | str | os.PathLike[str] | None
    load_id: str | None
    on_changed_input: OnChangedInput
    on_progress: Callable[[SpreadRun], object] | None


class PlanOptions(TypedDict, total=False):
    """The options of `DialingQueue.plan`, which describes them, for a wrapper's `Unpack`."""

    region: str | None
    chunk_size: int
    keep_duplicates: bool
    skip_queued: bool
    suppress: Suppress | None


class SpreadPlanOptions(PlanOptions, total=False):
    """The options of `AlloClient.plan`, which describes them, for a wrapper's `Unpack`."""

    strategy: SpreadStrategy


def _journal(given: object) -> Journal | None:
    return given if given is None or isinstance(given, Journal) else Journal(file_path("journal", given))


def _unbounded(given: float | None) -> float:
    return inf if given is None else given


@attrs.frozen(kw_only=True)
class Options:
    """The options of one call, checked; each is described where callers pass it.

    Raises:
        ConfigurationError: One is of another type, or out of its range.
    """

    region: str | None = None
    chunk_size: int = attrs.field(default=QUEUE_CAPACITY, validator=whole(most=QUEUE_CAPACITY))
    keep_duplicates: bool = attrs.field(default=False, validator=flag)
    skip_queued: bool = attrs.field(default=False, validator=flag)
    suppress: Suppress | None = None
    on_full_queue: OnFullQueue = attrs.field(default="raise", validator=one_of("raise", "stop", "wait"))  # pyright: ignore[reportAssignmentType] - one of them
    poll_interval: float = attrs.field(default=DEFAULT_POLL_INTERVAL, validator=seconds(above_zero=True, finite=True))
    deadline: float | None = attrs.field(default=None, validator=seconds(optional=True))
    max_rate_limit_wait: float = attrs.field(default=None, converter=_unbounded, validator=seconds(optional=True))
    journal: Journal | None = attrs.field(default=None, converter=_journal)
    load_id: str | None = attrs.field(default=None, validator=text(_LONGEST_LOAD_ID))
    on_changed_input: OnChangedInput = attrs.field(default="raise", validator=one_of("raise", "append"))  # pyright: ignore[reportAssignmentType] - one of them
    strategy: SpreadStrategy = attrs.field(default="even", validator=one_of("even", "fill"))  # pyright: ignore[reportAssignmentType] - one of them

    def __attrs_post_init__(self) -> None:
        if self.journal is None and self.load_id is not None:
            raise ConfigurationError("load_id needs a journal, in which the load is written down")

    def log(self, terms: Mapping[str, Any], queues: Sequence[Assignee], *, clock: Clock) -> LogOpener:
        """Return what opens the log of the load into *queues*; *terms* must be the same when it is taken up again."""
        if self.journal is None:
            return NO_LOG
        load_id = self.load_id or DEFAULT_LOAD_ID
        return log_of(self.journal, load_id, self.on_changed_input, terms, queues, clock=clock)

    def preparer(self) -> Preparer:
        """Return the preparer of the call's rows.

        Raises:
            InvalidRegionError: There is no such region.
            TypeError: *suppress* is of no use.
        """
        return Preparer(region=self.region, keep_duplicates=self.keep_duplicates, suppress=self.suppress)

    def bound(self) -> float | None:
        """Return the deadline, `None` if there is none."""
        return None if self.deadline == inf else self.deadline


def names_options(method: Callable[_Parameters, _Returned]) -> Callable[_Parameters, _Returned]:
    """Have *method* answer an argument that it does not have with the one that was probably meant.

    Its signature, its documentation and whether it is a coroutine function stay what they are. The `TypeError` comes
    where the call is awaited.
    """
    names = [parameter.name for parameter in inspect.signature(method).parameters.values() if parameter.name != "self"]

    def check(options: Iterable[str]) -> None:
        for option in options:
            if option not in names:
                raise TypeError(_unexpected(method.__qualname__, option, names))

    if not inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        def checked(*args: _Parameters.args, **options: _Parameters.kwargs) -> _Returned:
            check(options)
            return method(*args, **options)

        return checked

    @functools.wraps(method)
    async def awaited(*args: _Parameters.args, **options: _Parameters.kwargs) -> Any:
        check(options)
        return await method(*args, **options)

    # A caller that mocks the method finds a coroutine function, as it is one.
    return cast("Callable[_Parameters, _Returned]", awaited)


def _unexpected(method: str, option: str, names: list[str]) -> str:
    meant = difflib.get_close_matches(option, names, n=1)
    hint = f"did you mean {meant[0]}?" if meant else f"it takes {', '.join(names)}"
    return f"{method}() got an unexpected keyword argument {option!r}: {hint}"
