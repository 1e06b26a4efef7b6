"""The run of `load`: one event loop, one client, and either a load for each rep or one spread."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import attrs

from allo_async import AlloClient, AlloError, Coordination, Observer, Plan, Strategy
from allo_async.cli.bar import Bar, progress_bar
from allo_async.cli.interrupt import stop_on_interrupt, unless_set
from allo_async.cli.job import RepLoad, check_options, load_all
from allo_async.cli.journaling import begun_before
from allo_async.cli.options import LoadOptions
from allo_async.cli.owners import Owners, find_owners, nobody_s
from allo_async.cli.planning import plan_all
from allo_async.cli.spreading import SPREAD, spread_all
from allo_async.cli.terminal import ERR


@attrs.frozen
class LoadJob:
    """All that there is to do, in one event loop.

    Attributes:
        loads: The rows by what the file says of their rep, or with *over* all rows.
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
        """Return what `run` would do.

        Raises:
            UnknownRepsError: None of the reps is found.
            AlloError: A queue could not be read.
        """
        async with self._client() as allo:
            owners = await self._owners(allo)
            return await plan_all(allo, owners.loads, owners.over, self.strategy, self.options)

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
        rows = sum(len(load.leads) for load in owners.loads)
        reps = len(owners.over or owners.loads)
        bar.begin(f"Loading {rows:,} rows for {reps} rep{'s' * (reps != 1)}", rows)
        await self._take_up(owners)
        if not owners.over:
            return owners.loads, await load_all(allo, owners.loads, self.options, bar.advance, stop)
        leads = [lead for load in owners.loads for lead in load.leads]
        return await spread_all(allo, owners.over, leads, self.strategy, self.options, bar.advance, stop)

    async def _take_up(self, owners: Owners) -> None:
        """Say what earlier runs did, or forget it."""
        journal = self.options.journal
        if journal is None:
            return
        load_ids = [SPREAD] if owners.over else [load.name for load in owners.loads]
        if self.fresh:
            for load_id in load_ids:
                await journal.forget(load_id)
        elif (told := await begun_before(journal, load_ids)) is not None:
            ERR.say(told)

    @contextlib.asynccontextmanager
    async def _client(self, *observers: Observer) -> AsyncGenerator[AlloClient]:
        if not self.sandbox:
            async with AlloClient(coordination=self.together, observers=observers, trust_env=True) as allo:
                yield allo
            return
        from allo_async.cli.sandbox import lively_sandbox  # noqa: PLC0415 - a server that is seldom needed

        async with (
            lively_sandbox(region=self.options.region) as server,
            AlloClient(server.api_key, base_url=server.url, observers=observers) as allo,
        ):
            yield allo


def _say_heard() -> None:
    ERR.say("Stopping: what is on its way is heard out, nothing more is sent. Ctrl-C again stops at once.")
