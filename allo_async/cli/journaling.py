"""The journal of `load`: where it is, what it has already, and how to go on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import attrs
import typer

from allo_async import InputChangedError, JournalError
from allo_async.cli.earlier import Elsewhere, recall
from allo_async.cli.job import ID_PREFIX, Lead, RepLoad
from allo_async.journal.digest import digest
from allo_async.journal.list_journal import ListJournal, PastLoads
from allo_async.models import Assignee

#: The name of a spread in the journal.
SPREAD = "spread"

_TERMS = {"server": "server", "region": "--region", "queue": "rep"}


def journal_of(file: Path, given: Path | None, *, wanted: bool, sandbox: bool) -> ListJournal | None:
    """Return the journal of a load of *file*: the one that was named, or one beside the file.

    Raises:
        typer.BadParameter: One was named, and none is wanted; or it has no name, or is a link, which may lead anywhere.
    """
    if given is not None and not wanted:
        raise typer.BadParameter("--journal and --no-journal exclude each other")
    if given == Path():
        raise typer.BadParameter("--journal names no file")
    # An embedded sandbox forgets everything, and so does its load.
    if given is None and (sandbox or not wanted):
        return None
    path = given or file.with_name(f"{file.name}.journal")
    if path.is_symlink():
        raise typer.BadParameter(f"the journal {path} is a link, which is not followed: name the file with --journal")
    return ListJournal(path)


@attrs.frozen
class Resumption:
    """A run of `load` before it begins: what the journal has of the file, and what the user is to know of that.

    Attributes:
        journal: The journal.
        loads: Each rep's rows; with *over* one load of all rows.
        over: Reps that share all rows.
        whole: All rows of the file that can be read, of any rep.
        append: Whether to go on though the file has changed.
    """

    journal: ListJournal
    loads: Sequence[RepLoad]
    over: Sequence[str]
    whole: Sequence[Lead]
    append: bool

    async def forget(self) -> None:
        """Forget what earlier runs did, so that everything is loaded again.

        Raises:
            JournalError: It cannot be written.
        """
        await self.journal.forget_loads(self._queues)
        await self.journal.keep_list(self._digests)

    async def reconcile(self, server: str) -> list[str]:
        """Find what earlier runs settled, and return what to say of it; nothing is written.

        Raises:
            JournalError: The journal cannot be read, and nobody can tell what earlier runs did.
        """
        past = await self.journal.past(self._queues, server=server)
        names = {load.name: SPREAD if self.over else load.name for load in self.loads}
        elsewhere = recall(self.loads, past, names)
        return [*self._going_on(past), *(self._second_rep(found) for found in elsewhere)]

    async def check(self) -> None:
        """See whether the file is what it was; if it is not, either that is accepted, or no load will begin."""
        try:
            index = await self.journal.first_change(self._digests)
            if index is not None and not self.append:
                self.journal.refuse(self._changed(index))
                return
            await self.journal.keep_list(self._digests)
        except JournalError:
            # The loads meet the same, and their reports tell it.
            return

    @property
    def _queues(self) -> Mapping[str, Sequence[Assignee]]:
        if self.over:
            return {SPREAD: [_assignee(rep) for rep in self.over]}
        return {load.name: [_assignee(load.rep)] for load in self.loads}

    @property
    def _digests(self) -> list[bytes]:
        return [digest(lead.row) for lead in self.whole]

    def _going_on(self, past: PastLoads) -> list[str]:
        rows = sum(len(load.leads) for load in self.loads)
        known = [row for load in self.loads for row in load.earlier.values()]
        settled = sum(row.fate in {"added", "skipped"} for row in known)
        if not known or settled + sum(len(load.skipped_earlier) for load in self.loads) == rows:
            return []
        begun = moment(min(row.at for row in known) if past.begun_at is None else past.begun_at)
        told = (
            f"Going on with the load begun on {begun}, of which {settled:,} rows are settled"
            f" ({self.journal.path.name}). --fresh would load everything again."
        )
        return [told]

    def _second_rep(self, found: Elsewhere) -> str:
        others = self.over or [load.name for load in self.loads]
        named = " ".join(f"--to {rep}" for rep in (found.rep, *others) if "@" in rep)
        rows = "1 row of this file stands" if found.rows == 1 else f"{found.rows:,} rows of this file stand"
        return (
            f"Warning: {rows} in the queue of {found.rep} since {moment(found.since.timestamp())}: to load"
            f" {'it' if found.rows == 1 else 'them'} for {', '.join(others)} too lets two reps call the same people."
            f" To share the file instead, so that each row is in one queue, name both: {named}"
        )

    def _changed(self, index: int) -> InputChangedError:
        where = f"line {self.whole[index].line}" if index < len(self.whole) else "the end of the file"
        return InputChangedError(
            f"{where} is not what it was when this file was loaded before: --on-changed-input append sends only what"
            " is new, --fresh loads everything again",
            index=index,
        )


def _assignee(rep: str | None) -> Assignee:
    is_id = rep is not None and rep.startswith(ID_PREFIX)
    return Assignee(user_id=rep) if is_id else Assignee(email=rep)


def moment(at: float) -> str:
    """Write a Unix time as the day and the minute here."""
    return f"{datetime.fromtimestamp(at).astimezone():%d %b %H:%M}"


def explained(error: Exception) -> str | None:
    """Say in the command's words what a journal's *error* means; `None` for another error."""
    if isinstance(error, InputChangedError):
        return str(error.args[0])
    if not isinstance(error, JournalError):
        return None
    if error.term is not None:
        return (
            f"this file was loaded with another {_TERMS.get(error.term, error.term)} before: run the command as it was"
            " then, or --fresh loads everything again"
        )
    return f"{error.args[0]} (--journal FILE takes another one, --no-journal none)"
