"""The run of `load`: one event loop, one client, and either a load for each rep or one spread."""

import contextlib
from collections.abc import AsyncGenerator, Sequence

import attrs
from rich.console import Console
from rich.markup import escape

from allo_async import AlloClient, Coordination, Event, Observer, Plan, Strategy
from allo_async.cli.bar import progress_bar
from allo_async.cli.interrupt import stop_on_interrupt
from allo_async.cli.job import Lead, RepLoad, load_all
from allo_async.cli.journaling import Resumption
from allo_async.cli.options import LoadOptions
from allo_async.cli.planning import plan_all
from allo_async.cli.shared_numbers import shared_numbers
from allo_async.cli.spreading import spread_all
from allo_async.journal.list_journal import ListJournal

_err = Console(stderr=True)


@attrs.frozen
class LoadJob:
    """All that there is to do, in one event loop.

    Attributes:
        loads: Each rep's rows, or with *over* all rows.
        over: Reps who share all rows.
        strategy: How they share them.
        options: What the library is told.
        together: What the key's other processes are reached by.
        sandbox: Whether to try it out on an embedded server.
        verbose: Whether to log retries.
        fresh: Whether to forget what earlier runs did.
        whole: All rows of the file that can be read, whoever's they are.
    """

    loads: list[RepLoad]
    over: list[str]
    strategy: Strategy
    options: LoadOptions
    together: Coordination | None
    sandbox: bool = attrs.field(kw_only=True)
    verbose: bool = attrs.field(kw_only=True)
    fresh: bool = attrs.field(kw_only=True)
    whole: Sequence[Lead] = attrs.field(kw_only=True)

    async def plan(self) -> dict[str, Plan]:
        """Tell what `run` would do."""
        loads = self._loads()
        async with self._client() as allo:
            await self._look_back(allo, loads)
            return await plan_all(allo, [_to_do(load) for load in loads], self.over, self.strategy, self.options)

    async def run(self) -> tuple[list[RepLoad], bool]:
        """Load, and give each rep's part, and whether the user let it finish."""
        loads = self._loads()
        observers: list[Observer] = []

        def observe(event: Event) -> None:
            for observer in observers:
                observer(event)

        with stop_on_interrupt(_say_heard) as stop:
            async with self._client(observe) as allo:
                await self._take_up(allo, loads)
                rows = sum(len(load.leads) - len(load.earlier) for load in loads)
                reps = len(self.over or loads)
                description = f"Loading {rows:,} rows for {reps} rep{'s' * (reps != 1)}"
                with progress_bar(_err, description, rows, verbose=self.verbose) as bar:
                    observers.append(bar.observe)
                    if not self.over:
                        return loads, await load_all(allo, loads, self.options, bar.advance, stop)
                    return await spread_all(allo, self.over, loads[0], self.strategy, self.options, bar.advance, stop)

    def _loads(self) -> list[RepLoad]:
        """Return each rep's load; for reps who share all rows, one of all."""
        if not self.over:
            return self.loads
        return [RepLoad(None, [lead for load in self.loads for lead in load.leads])]

    def _resumption(self, loads: Sequence[RepLoad]) -> Resumption | None:
        journal = self.options.journal
        if not isinstance(journal, ListJournal):
            return None
        append = self.options.on_changed_input == "append"
        return Resumption(journal, loads, self.over, self.whole, append=append)

    async def _take_up(self, allo: AlloClient, loads: Sequence[RepLoad]) -> None:
        """Say what earlier runs did, or forget it."""
        resumption = self._resumption(loads)
        if resumption is not None and self.fresh:
            await resumption.forget()
        await self._look_back(allo, loads)
        if resumption is not None:
            await resumption.check()

    async def _look_back(self, allo: AlloClient, loads: Sequence[RepLoad]) -> None:
        """Warn of people whom two reps would call, and say what earlier runs did; nothing is written."""
        resumption = self._resumption(loads)
        told = [] if resumption is None else await resumption.look_back(allo.base_url)
        for line in (*told, *shared_numbers(loads, self.options.region)):
            _err.print(escape(line), highlight=False, soft_wrap=True)

    @contextlib.asynccontextmanager
    async def _client(self, *observers: Observer) -> AsyncGenerator[AlloClient]:
        if not self.sandbox:
            async with AlloClient(coordination=self.together, observers=observers) as allo:
                yield allo
            return
        from allo_async.cli.sandbox import lively_sandbox  # noqa: PLC0415 - a server that is seldom needed

        reps: list[str | None] = [*self.over] or [load.rep for load in self.loads]
        async with (
            lively_sandbox(reps, region=self.options.region) as server,
            AlloClient(server.api_key, base_url=server.url, observers=observers) as allo,
        ):
            yield allo


def _to_do(load: RepLoad) -> RepLoad:
    return RepLoad(load.rep, [lead for index, lead in enumerate(load.leads) if index not in load.earlier])


def _say_heard() -> None:
    _err.print("Stopping after the answers that are on their way; Ctrl-C again stops at once.")
