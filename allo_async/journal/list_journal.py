"""A journal of one list that several loads are parts of, as the command keeps it beside a file of leads."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from allo_async._loading.load_log import LoadLog
from allo_async._loading.prepare import SentNumbers
from allo_async.choices import OnChangedInput
from allo_async.clock import Clock
from allo_async.errors import InputChangedError
from allo_async.journal.damage import refuse_damage
from allo_async.journal.journal import Journal
from allo_async.journal.known import KnownRows
from allo_async.journal.numbers import AnyOf
from allo_async.journal.opening import LoadKey
from allo_async.journal.past import chunks_to, find_load, first_begun, queues_of, read_known, read_skipped
from allo_async.journal.reading import reading
from allo_async.journal.records import delete_chunks, delete_load, read_list, write_list
from allo_async.journal.store import Store
from allo_async.models import Assignee


@attrs.frozen
class PastLoads:
    """The work of earlier runs on the list.

    Attributes:
        known: For each load, the rows that it would find known: its own, and what others sent to its queues.
        skipped: For each load, the digests of the rows that its last run skipped without sending them.
        elsewhere: The rows that stand in other queues.
        begun_at: When the first of the loads was begun, a Unix time; `None` if none was.
    """

    known: Mapping[str, KnownRows] = attrs.field(factory=dict[str, KnownRows])
    skipped: Mapping[str, Sequence[bytes]] = attrs.field(factory=dict[str, Sequence[bytes]])
    elsewhere: KnownRows = attrs.field(factory=KnownRows)
    begun_at: float | None = None


class ListJournal(Journal):
    """A journal whose loads are all of one list.

    A load counts what other loads sent to its queues, so that a list can be loaded for one rep, then for several, and
    nobody gets a row twice. Whether the list has changed is asked of the whole list, by `first_change`; the loads
    themselves send whatever is new to them.
    """

    _change: InputChangedError | None = None
    _queued: SentNumbers = SentNumbers()

    def refuse(self, change: InputChangedError) -> None:
        """Refuse to open loads any more, because the list has changed."""
        self._change = change

    async def _open_load(
        self,
        load_id: str,
        terms: Mapping[str, Any],
        *,
        clock: Clock,
        on_changed_input: OnChangedInput,  # noqa: ARG002 - the list is asked as a whole
        queues: Sequence[Assignee] = (),
    ) -> LoadLog:
        """Open a load, as any journal does.

        Raises:
            InputChangedError: The list has changed, and `refuse` was called.
            JournalError: The file cannot be used, or the load was begun on other terms.
        """
        if self._change is not None:
            # Each load's error has a result of its own.
            raise InputChangedError(*self._change.args, index=self._change.index)
        return await super()._open_load(load_id, terms, clock=clock, on_changed_input="append", queues=queues)

    async def first_change(self, digests: Sequence[bytes]) -> int | None:
        """Return the index of the first row that is not what it was; `None` if the list is the same, or new.

        Raises:
            JournalError: It cannot be read.
        """
        nothing: list[bytes] = []
        before = await reading(self.path, read_list, absent=nothing)
        if not before or before == list(digests):
            return None
        pairs = enumerate(zip(before, digests, strict=False))
        shorter = min(len(before), len(digests))
        return next((index for index, (one, other) in pairs if one != other), shorter)

    async def keep_list(self, digests: Sequence[bytes]) -> None:
        """Write what the list is now.

        Raises:
            JournalBusyError: Another process works with the journal.
            JournalError: It cannot be written.
        """
        await self._write(lambda connection: write_list(connection, digests))

    async def past(self, loads: Mapping[str, Sequence[Assignee]], *, server: str) -> PastLoads:
        """Read what earlier runs did with the list, for *loads* that are about to begin with their queues.

        From then on, the loads put no number into a queue that stands in the queue of another one of them.

        Raises:
            JournalError: It cannot be read.
        """

        def read(connection: sqlite3.Connection) -> PastLoads:
            refuse_damage(connection)
            found = {load_id: find_load(connection, load_id) for load_id in loads}
            own = {load_id: None if load is None else load[0] for load_id, load in found.items()}
            here = {queue.identity for queues in loads.values() for queue in queues}
            elsewhere = [queue for queue in queues_of(connection) if queue.identity not in here]
            known = {
                load_id: read_known(connection, own[load_id], server=server, queues=queues)
                for load_id, queues in loads.items()
            }
            seen = {chunk for rows in known.values() for chunk in rows.chunks.ids}
            return PastLoads(
                known,
                {load_id: read_skipped(connection, load) for load_id, load in own.items()},
                read_known(connection, None, server=server, queues=elsewhere, leave_out=seen),
                first_begun(connection, [load for load in own.values() if load is not None]),
            )

        past = await reading(self.path, read, absent=PastLoads())
        self._queued = AnyOf(rows.queued_numbers() for rows in past.known.values())
        return past

    async def forget_loads(self, loads: Mapping[str, Sequence[Assignee]]) -> None:
        """Delete all that the journal has of *loads*, and what others sent to their queues.

        Raises:
            JournalBusyError: Another process works with the journal.
            JournalError: It cannot be written.
        """
        queues = {queue.identity for queues in loads.values() for queue in queues}

        def delete(connection: sqlite3.Connection) -> None:
            for load_id in loads:
                delete_load(connection, load_id)
            delete_chunks(connection, chunks_to(connection, queues))

        await self._write(delete)

    async def _write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        store = await Store.open(self.path)

        def write(store: Store) -> None:
            with store.transaction() as connection:
                work(connection)

        try:
            await store.run(write)
        finally:
            await store.close()

    def _key(self, load_id: str, terms: Mapping[str, Any], queues: Sequence[Assignee]) -> LoadKey:
        return LoadKey(load_id, terms, queues, self._queued)
