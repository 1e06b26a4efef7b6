"""Loads, endings, restarts, strangers, reps and passing hours in any order: the accounts are true in every end."""

import asyncio
import contextlib
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from allo_async import AlloError, AppendResult, Journal
from allo_async._loading.pending_append import AppendCall
from allo_async._loading.prepare import Preparer
from allo_async._loading.stream import AppendStream, drain
from allo_async._sending.call_limits import CallScopes
from allo_async._sending.key_state import KeyState, RateLimiters
from allo_async._sending.sender import Sender
from allo_async._sending.session import LoopSession, ServerLimits
from allo_async.journal.journal import log_of
from allo_async.models import Assignee
from tests.clocks import ManualClock
from tests.end_to_end.acting import ActingAt
from tests.loading.server_model import MOVES, Server

BAD = ["", "N/A", None, {"number": 3}, "12"]


class Loads(RuleBasedStateMachine):
    """A worker that is ended and started again, against one server."""

    def __init__(self):
        super().__init__()
        self.clock = ManualClock()
        self.server = Server([], clock=self.clock, capacity=60)
        self.folder = Path(tempfile.mkdtemp())
        self.count = 0
        self.rows = []
        self.options = {}
        self.restart()

    def teardown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    @rule()
    def restart(self):
        """Another process: what was known of the server is forgotten."""
        self.sender = Sender(self.server, RateLimiters(clock=self.clock), clock=self.clock, retry_budget=20.0)
        self.key_state = KeyState(RateLimiters(clock=self.clock))

    @rule(moves=st.lists(st.sampled_from(MOVES), min_size=1, max_size=4))
    def misbehave(self, moves):
        """The server will do these at the next appends."""
        self.server.moves += moves

    @rule()
    def stranger(self):
        """Somebody else appends a number."""
        self.server.stranger()

    @rule(count=st.integers(1, 20))
    def called(self, count):
        """The rep works the queue off."""
        self.server.called(count)

    @rule()
    def an_hour_passes(self):
        """The server forgets all keys."""
        self.server.forget()

    @rule(
        places=st.lists(st.one_of(st.integers(0, 9), st.integers(100, 104)), max_size=14),
        chunk_size=st.integers(1, 6),
        end_at=st.one_of(st.none(), st.integers(1, 60)),
    )
    def load(self, places, chunk_size, end_at):
        """Begin a load of numbers of its own, some of them repeated, some rows of no use; it may be cancelled."""
        self.count += 1
        self.rows = [BAD[place - 100] if place >= 100 else self.number(place) for place in places]
        self.options = {"chunk_size": chunk_size}
        self.check(self.run(end_at))

    @precondition(lambda self: self.count)
    @rule(end_at=st.one_of(st.none(), st.integers(1, 60)))
    def resume(self, end_at):
        """Start the last load again."""
        self.check(self.run(end_at))

    @precondition(lambda self: self.count)
    @rule()
    def finish(self):
        """Start the last load again, and let nothing get in its way: everything is settled, or honestly in doubt."""
        self.server.moves.clear()
        self.server.queue.clear()
        result = self.run(None)
        self.check(result)
        assert not result.pending

    def number(self, place):
        return f"+1212{5_550_000 + self.count % 1_000 * 10 + place}"

    def run(self, end_at):
        """Run the load; give what it told, which after a cancellation is what its stream tells."""
        return asyncio.run(self.append(end_at))

    async def append(self, end_at):
        session = LoopSession(
            self.server,
            self.sender,
            CallScopes(self.clock),
            self.key_state,
            self.clock,
            ServerLimits(queue_capacity=60),
        )
        journal = Journal(self.folder / "journal.db")
        stream = AppendStream(
            self.rows,
            Assignee(),
            Preparer(region=None, keep_duplicates=False),
            lambda: session,
            lambda limits, log: AppendCall(Assignee(), limits, log, alone=True),
            clock=self.clock,
            deadline=None,
            on_full_queue="stop",
            log=log_of(journal, str(self.count), "raise", {}, clock=self.clock),
            **self.options,
        )
        results: list[AppendResult] = []

        async def consume():
            async with stream:
                async for result in stream:
                    results.append(result)  # noqa: PERF401 - a cancellation would lose them all

        try:
            await ActingAt(consume(), end_at or -1, asyncio.current_task().cancel)
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()
            results.append(stream.unfinished)
        except AlloError as error:
            results.append(error.result)
        with contextlib.suppress(AlloError):
            results.append(await drain(stream))
        result = AppendResult()
        result.extend(*results)
        return result

    def check(self, result):
        """The four lists part the rows, agree with what was carried out, and nothing was carried out twice."""
        lists = (result.added, result.skipped, result.pending, result.in_doubt)
        assert sorted(row.index for fates in lists for row in fates) == list(range(len(self.rows)))
        carried_out = Counter(
            {number: count for number, count in self.server.carried_out.items() if number in set(self.numbers())}
        )
        assert max(carried_out.values(), default=1) == 1
        added = {row.number_to for row in result.added}
        may_be_there = added | {row.contact.number for row in result.in_doubt}
        assert added <= carried_out.keys() <= may_be_there
        assert not {row.contact.number for row in result.pending} & carried_out.keys()

    def numbers(self):
        return [row for row in self.rows if isinstance(row, str)]


Loads.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestLoads = Loads.TestCase
