"""The run of `load`: one event loop, one client, and either a load for each rep or one spread."""

import contextlib
from collections.abc import AsyncGenerator

import attrs
from rich.console import Console

from allo_async import AlloClient, Coordination, Observer, Plan, Strategy
from allo_async.cli.bar import progress_bar
from allo_async.cli.interrupt import stop_on_interrupt
from allo_async.cli.job import RepLoad, load_all
from allo_async.cli.journaling import begun_before
from allo_async.cli.options import LoadOptions
from allo_async.cli.planning import plan_all
from allo_async.cli.spreading import SPREAD, spread_all

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
    """

    loads: list[RepLoad]
    over: list[str]
    strategy: Strategy
    options: LoadOptions
    together: Coordination | None
    sandbox: bool = attrs.field(kw_only=True)
    verbose: bool = attrs.field(kw_only=True)
    fresh: bool = attrs.field(kw_only=True)

    async def plan(self) -> dict[str, Plan]:
        """Tell what `run` would do."""
        async with self._client() as allo:
            return await plan_all(allo, self.loads, self.over, self.strategy, self.options)

    async def run(self) -> tuple[list[RepLoad], bool]:
        """Load, and give each rep's part, and whether the user let it finish."""
        rows = sum(len(load.leads) for load in self.loads)
        reps = len(self.over or self.loads)
        description = f"Loading {rows:,} rows for {reps} rep{'s' * (reps != 1)}"
        await self._take_up()
        with progress_bar(_err, description, rows, verbose=self.verbose) as bar, stop_on_interrupt(_say_heard) as stop:
            async with self._client(bar.observe) as allo:
                if not self.over:
                    return self.loads, await load_all(allo, self.loads, self.options, bar.advance, stop)
                leads = [lead for load in self.loads for lead in load.leads]
                return await spread_all(allo, self.over, leads, self.strategy, self.options, bar.advance, stop)

    async def _take_up(self) -> None:
        """Say what earlier runs did, or forget it."""
        journal = self.options.journal
        if journal is None:
            return
        load_ids = [SPREAD] if self.over else [load.name for load in self.loads]
        if self.fresh:
            for load_id in load_ids:
                await journal.forget(load_id)
        elif (told := await begun_before(journal, load_ids)) is not None:
            _err.print(told, highlight=False, soft_wrap=True)

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


def _say_heard() -> None:
    _err.print("Stopping after the answers that are on their way; Ctrl-C again stops at once.")
