"""The run of `load`: one event loop, one client, and either a load for each rep or one spread."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Sequence

import attrs

from allo_async import AlloClient, AlloError, Coordination, JournalError, Observer, Plan, SpreadStrategy
from allo_async.cli.bar import Bar, progress_bar
from allo_async.cli.interrupt import stop_on_interrupt, unless_set
from allo_async.cli.job import Lead, RepLoad, check_options, load_all
from allo_async.cli.journaling import Resumption
from allo_async.cli.options import LoadOptions
from allo_async.cli.owners import Owners, find_owners, nobody_s
from allo_async.cli.planning import plan_all
from allo_async.cli.shared_numbers import shared_numbers
from allo_async.cli.signals import first_signal
from allo_async.cli.spreading import spread_all
from allo_async.cli.terminal import ERR
from allo_async.journal.list_journal import ListJournal


@attrs.frozen
class LoadJob:
    """All that there is to do, in one event loop.

    Attributes:
        loads: The rows by what the file says of their rep, or with *over* all rows.
        over: Reps who share all rows.
        strategy: How they share them.
        options: The library's options.
        together: The way to the key's other processes.
        sandbox: Whether to try it out on an embedded server.
        verbose: Whether to log retries.
        fresh: Whether to forget what earlier runs did.
        whole: All rows of the file that can be read, of any rep.
    """

    loads: list[RepLoad]
    over: list[str]
    strategy: SpreadStrategy
    options: LoadOptions
    together: Coordination | None
    sandbox: bool = attrs.field(kw_only=True)
    verbose: bool = attrs.field(kw_only=True)
    fresh: bool = attrs.field(kw_only=True)
    whole: Sequence[Lead] = attrs.field(kw_only=True)

    async def plan(self) -> dict[str, Plan]:
        """Return what `run` would do.

        Raises:
            UnknownRepsError: None of the reps is found.
            AlloError: A queue could not be read.
        """
        async with self._client() as allo:
            owners = await self._owners(allo)
            loads = _shared(owners)
            await self._look_back(allo, owners, loads)
            return await plan_all(allo, [_to_do(load) for load in loads], owners.over, self.strategy, self.options)

    async def run(self) -> tuple[list[RepLoad], bool]:
        """Load, and return each rep's part, and whether the user let it finish.

        Raises:
            UnknownRepsError: None of the reps is found; nothing was sent.
            AlloError: A rep or an option of no use; nothing was sent.
        """
        with progress_bar(ERR, verbose=self.verbose) as bar, stop_on_interrupt(_say_heard) as stop:
            async with self._client(bar.observe) as allo:
                owners = await unless_set(stop, self._owners(allo))
                if owners is None:
                    untouched = nobody_s(self.loads, self.over)
                    return [attrs.evolve(load, interrupted=True) for load in untouched], False
                await self._recall(allo, owners)
                if not owners.loads:
                    return owners.unknown, True
                loads, finished = await self._load(allo, owners, bar, stop)
                for load in loads if self.verbose else ():
                    if load.error is not None and not isinstance(load.error, AlloError):
                        ERR.show_traceback(load.error)
                return [*loads, *owners.unknown], finished

    async def _owners(self, allo: AlloClient) -> Owners:
        check_options(allo, self.options)
        owners = await find_owners(allo, self.loads, self.over, sandbox=self.sandbox, deadline=self.options.deadline)
        for told in owners.told:
            ERR.say(told)
        return owners

    async def _load(
        self, allo: AlloClient, owners: Owners, bar: Bar, stop: asyncio.Event
    ) -> tuple[list[RepLoad], bool]:
        loads = _shared(owners)
        await self._take_up(allo, owners, loads)
        rows = sum(len(load.leads) - len(load.earlier) for load in loads)
        reps = len(owners.over or loads)
        bar.begin(f"Loading {rows:,} rows for {reps} rep{'s' * (reps != 1)}", rows)
        if not owners.over:
            return loads, await load_all(allo, loads, self.options, bar.advance, stop)
        return await spread_all(allo, owners.over, loads[0], self.strategy, self.options, bar.advance, stop)

    def _resumption(self, loads: Sequence[RepLoad], over: Sequence[str]) -> Resumption | None:
        journal = self.options.journal
        if not isinstance(journal, ListJournal):
            return None
        append = self.options.on_changed_input == "append"
        return Resumption(journal, loads, over, self.whole, append=append)

    async def _recall(self, allo: AlloClient, owners: Owners) -> None:
        """Find the work of earlier runs on the rows of reps that are not found now: it stands in their queues."""
        resumption = self._resumption(owners.unknown, () if owners.loads else self.over)
        if resumption is not None and owners.unknown and not self.fresh:
            # A journal that cannot be read is reported where it is needed, by the loads that run.
            with contextlib.suppress(JournalError):
                await resumption.reconcile(allo.base_url)

    async def _take_up(self, allo: AlloClient, owners: Owners, loads: Sequence[RepLoad]) -> None:
        """Say what earlier runs did, or forget it."""
        resumption = self._resumption(loads, owners.over)
        if resumption is not None and self.fresh:
            await resumption.forget()
        await self._look_back(allo, owners, loads)
        if resumption is not None:
            await resumption.check()

    async def _look_back(self, allo: AlloClient, owners: Owners, loads: Sequence[RepLoad]) -> None:
        """Warn of people whom two reps would call, and say what earlier runs did; nothing is written."""
        resumption = self._resumption(loads, owners.over)
        told = [] if resumption is None else await resumption.reconcile(allo.base_url)
        for line in (*told, *shared_numbers(loads, self.options.region)):
            ERR.say(line)

    @contextlib.asynccontextmanager
    async def _client(self, *observers: Observer) -> AsyncGenerator[AlloClient]:
        if not self.sandbox:
            async with AlloClient(coordination=self.together, observers=observers, trust_env=True) as allo:
                yield allo
            return
        from allo_async.cli.serving import lively_sandbox  # noqa: PLC0415 - a server that is seldom needed

        async with (
            lively_sandbox(region=self.options.region) as server,
            AlloClient(server.api_key, base_url=server.url, observers=observers) as allo,
        ):
            yield allo


def _shared(owners: Owners) -> list[RepLoad]:
    """Return each rep's load; for reps that share all rows, one of all."""
    if not owners.over:
        return owners.loads
    return [RepLoad(None, [lead for load in owners.loads for lead in load.leads])]


def _to_do(load: RepLoad) -> RepLoad:
    return RepLoad(load.rep, [lead for index, lead in enumerate(load.leads) if index not in load.earlier])


def _say_heard() -> None:
    again = "Ctrl-C again" if first_signal() == signal.SIGINT else "A second signal"
    ERR.say(f"Stopping: requests on their way are finished, and nothing more is sent. {again} stops at once.")
