"""The work of `load`: every rep's rows into that rep's queue, all reps at the same time."""

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from allo_async import (
    AddedNumber,
    AlloClient,
    AlloError,
    ApiError,
    AppendResult,
    AppendStream,
    DialingQueue,
    InDoubtContact,
    PendingContact,
    SkippedNumber,
    Totals,
)
from allo_async._loading.stream import drain
from allo_async.cli.interrupt import calling_once_set
from allo_async.cli.options import LoadOptions
from allo_async.journal.known import KnownRow

#: Called with how many more rows have met their fate.
Progress = Callable[[int], None]


#: The beginning of every teammate's id.
ID_PREFIX = "usr-"


@attrs.frozen
class Lead:
    """A row of the file on its way into a queue.

    Attributes:
        line: Where it stands in the file.
        row: The row for `append`.
    """

    line: int
    row: Mapping[str, Any]


@attrs.define
class RepLoad:
    """One rep's load, and what became of it.

    Attributes:
        rep: The rep's e-mail address, `None` for the key's owner.
        leads: The rows, in order.
        results: The results so far, which follow each other.
        error: The error that ended the load early.
        interrupted: Whether the user did, with rows left.
        earlier: The rows that earlier runs sent, by their index.
        skipped_earlier: The indexes of the rows that an earlier run skipped without sending them.
    """

    rep: str | None
    leads: Sequence[Lead]
    results: list[AppendResult] = attrs.field(factory=list[AppendResult])
    error: Exception | None = None
    interrupted: bool = False
    earlier: dict[int, KnownRow] = attrs.field(factory=dict[int, KnownRow])
    skipped_earlier: set[int] = attrs.field(factory=set[int])

    @property
    def name(self) -> str:
        """How to call the rep on the screen."""
        return self.rep or "(key owner)"

    @property
    def totals(self) -> Totals:
        """The fates of all rows; what was never taken is pending, but for what an earlier run sent."""
        told = sum((result.totals for result in self.results), Totals())
        if told.rows == len(self.leads):
            return told
        taken = {row.index for row in self._rows()}
        kept = Counter(row.fate or "in_doubt" for index, row in self.earlier.items() if index not in taken)
        pending = len(self.leads) - told.rows - kept.total()
        return told + Totals(kept["added"], kept["skipped"], pending, kept["in_doubt"])

    @property
    def settled_earlier(self) -> Totals:
        """How many of the rows that are added or skipped were so before this run."""
        kept = Counter(row.fate for row in self.earlier.values())
        skipped = {row.index for result in self.results for row in result.skipped}
        return Totals(added=kept["added"], skipped=kept["skipped"] + len(self.skipped_earlier & skipped))

    @property
    def sent_now(self) -> bool:
        """Whether this run sent anything."""
        indexes = (
            row.index
            for result in self.results
            for rows in (result.added, result.in_doubt, _skipped_by_server(result))
            for row in rows
        )
        return any(index not in self.earlier for index in indexes)

    def to_do(self, result: AppendResult) -> int:
        """Count the rows of *result* that no earlier run had settled."""
        lists = (result.added, result.skipped, result.pending, result.in_doubt)
        return sum(row.index not in self.earlier for rows in lists for row in rows)

    def skipped_by_reason(self) -> Counter[str]:
        """Count the skipped rows by reason."""
        return sum((Counter(result.skipped_by_reason()) for result in self.results), Counter[str]())

    def fates(self) -> list[tuple[int, str | None]]:
        """Return for each lead its line and why it did not get in, `None` for one that did."""
        fates: list[str | None] = [self._why_pending()] * len(self.leads)
        for index, row in self.earlier.items():
            fates[index] = _why_kept(row)
        for result in self.results:
            for added in result.added:
                fates[added.index] = None
            for skipped in result.skipped:
                fates[skipped.index] = self._why_skipped(skipped.reason, skipped.detail)
            for doubtful in result.in_doubt:
                fates[doubtful.index] = f"IN_DOUBT: {doubtful.reason}"
        return [(lead.line, fate) for lead, fate in zip(self.leads, fates, strict=True)]

    def reasons(self) -> dict[int, str]:
        """Return for each line that did not get in, or not with all of its numbers, why."""
        return reasons_by_line(self.fates())

    def _rows(self) -> Iterator[AddedNumber | SkippedNumber | PendingContact | InDoubtContact]:
        for result in self.results:
            yield from itertools.chain(result.added, result.skipped, result.pending, result.in_doubt)

    def _why_pending(self) -> str:
        if self.interrupted:
            return "PENDING: interrupted"
        return f"PENDING: {_code(self.error)}" if self.error is not None else "PENDING"

    def _why_skipped(self, reason: str, detail: str | None) -> str:
        if reason == "DUPLICATE_NUMBER":
            # The detail counts rows of this rep's list, which nobody sees.
            return reason
        return f"{reason}: {detail}" if detail else reason


def _code(error: Exception) -> str:
    """Return a word for *error*: the API's own, or else one of its kind."""
    if isinstance(error, ApiError) and error.code:
        return error.code
    kind = type(error).__name__.removesuffix("Error") if isinstance(error, AlloError) else "Failed"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).upper()


def reasons_by_line(fates: Iterable[tuple[int, str | None]]) -> dict[int, str]:
    """Return for each line the reasons of its leads, each once and in order; `ADDED` beside others is one, too."""
    by_line: dict[int, list[str | None]] = {}
    for line, fate in fates:
        by_line.setdefault(line, []).append(fate)
    return {
        line: "; ".join(dict.fromkeys(fate or "ADDED" for fate in told))
        for line, told in by_line.items()
        if any(fate is not None for fate in told)
    }


async def load_all(
    allo: AlloClient,
    loads: Sequence[RepLoad],
    options: LoadOptions,
    progress: Progress,
    stop: asyncio.Event | None = None,
) -> bool:
    """Run all *loads* at the same time; one that fails costs the others nothing.

    Args:
        allo: The client.
        loads: The loads; the results are recorded there.
        options: The options of each load.
        progress: Told of each chunk.
        stop: Once set, each load ends after the chunk that is under way.

    Returns:
        Whether the user let it finish.

    Raises:
        AlloError: A rep or an option of no use; nothing was sent.
    """
    streams = [_stream(allo, load, options) for load in loads]
    try:
        async with asyncio.TaskGroup() as group:
            for load, stream in zip(loads, streams, strict=True):
                group.create_task(_load(stream, load, progress, stop or asyncio.Event()))
    except asyncio.CancelledError:
        # Ctrl-C: what there is to tell is told, and that takes no more waiting.
        return False
    return not any(load.interrupted for load in loads)


def _skipped_by_server(result: AppendResult) -> list[SkippedNumber]:
    return [row for row in result.skipped if row.source == "server"]


def _why_kept(row: KnownRow) -> str | None:
    """Say of a row that an earlier run sent what became of it then; `None` if it stands in the queue."""
    outcome = row.outcome
    if outcome is None or outcome.fate == "added":
        return None
    reason = str(outcome.entry.get("reason") or "UNKNOWN")
    return reason if outcome.fate == "skipped" else f"IN_DOUBT: {reason}"


def check_options(allo: AlloClient, options: LoadOptions) -> None:
    """Refuse what no load can be told, before anything is asked.

    Raises:
        AlloError: An option of no use.
    """
    _stream(allo, RepLoad(None, ()), options)


def queue_of(allo: AlloClient, rep: str | None) -> DialingQueue:
    """Return the queue of *rep*, by e-mail address or id, or the key owner's own."""
    if rep is None:
        return allo.queue()
    # An id has no @; what is neither, Allo shall refuse as an address.
    return allo.queue(user_id=rep) if rep.strip().startswith(ID_PREFIX) else allo.queue(email=rep)


def _stream(allo: AlloClient, load: RepLoad, options: LoadOptions) -> AppendStream:
    rows = [lead.row for lead in load.leads]
    load_id = None if options.journal is None else load.name
    return queue_of(allo, load.rep).append_stream(rows, load_id=load_id, **attrs.asdict(options))


async def _load(stream: AppendStream, load: RepLoad, progress: Progress, stop: asyncio.Event) -> None:
    try:
        async with stream, calling_once_set(stop, stream.stop):
            async for result in stream:
                load.results.append(result)
                progress(load.to_do(result))
                if stop.is_set():
                    stream.stop()
    except asyncio.CancelledError:
        load.interrupted = True
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it costs the other reps nothing and is reported
        load.error = error
    finally:
        # Noted before more is awaited, where a Ctrl-C could lose it.
        load.results.append(stream.unfinished)
    load.results.append(await drain(stream))
    load.interrupted = stop.is_set() and load.error is None and load.totals.pending > 0
