"""The store of the processes of one machine: a file."""

import asyncio
import contextlib
import os
from collections.abc import Generator
from functools import cache
from pathlib import Path

import attrs

from allo_async._coordination.belief import believe
from allo_async._coordination.state import State, called
from allo_async._coordination.store import Answer, Bells, Work, decode, encode
from allo_async._sending.call_limits import cancel_and_wait
from allo_async.clock import Clock
from allo_async.file.shared_file import SharedFile

# Real seconds between looks whether another process has changed the file: at first, and after a while without changes.
_LISTEN = 0.02
_LONGEST_LISTEN = 0.06

# Seconds by which the machine's clock may be set without its being taken for another start of the machine.
_SET = 1.0


@cache
def boot_id() -> str:
    """Return the id of this start of the machine, `""` where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


os.register_at_fork(after_in_child=boot_id.cache_clear)


@attrs.frozen(eq=False)
class FileBell:
    """Rings once.

    Attributes:
        store: Listens while somebody waits.
        rung: Whether it has.
    """

    store: "FileStore"
    rung: asyncio.Event

    async def wait(self) -> None:
        """Wait until it rings."""
        with self.store.listening():
            await self.rung.wait()


class FileStore:
    """Reads the file, does the work, and writes the file where that has changed something.

    Args:
        path: The file.
        clock: Its monotonic time has to be the same in all processes, as the machine's is.
    """

    failures = (OSError,)
    lease = 4.0

    def __init__(self, path: Path, clock: Clock) -> None:
        self._file = SharedFile(path)
        self._clock = clock
        self._seen, self._changes = b"", dict[str, int]()
        self._bells = Bells()
        self._waiting = 0
        self._listening: asyncio.Task[None] | None = None

    def bell(self, name: str) -> FileBell:
        """Return the bells that ring when the waiters for *name* should ask again."""
        return FileBell(self, self._bells.get(name))

    @contextlib.contextmanager
    def listening(self) -> Generator[None]:
        """Look for changes as long as somebody waits for one."""
        self._waiting += 1
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            self._waiting -= 1

    async def transact(self, work: Work[Answer]) -> Answer:
        """Do *work* on what the file says."""
        async with self._file.locked() as file:
            # Read now: time went on while this waited for the lock.
            now = self._clock.monotonic()
            found = file.read()
            state = self._read(found)
            self._ring(state)
            state.come_to(now)
            believe(state, now=now, lease=self.lease)
            answer = work(state, now)
            content = encode(state)
            if content != found:
                state.at = now
                content = encode(state)
                file.write(content)
            self._seen = content
            self._ring(state)
            return answer

    async def close(self) -> None:
        """Listen no more; between two transactions nothing is open."""
        await cancel_and_wait(self._listening)

    async def _listen(self) -> None:
        pause = _LISTEN
        while self._waiting:
            await asyncio.sleep(pause)
            found, pause = self._file.peek(), min(pause * 1.1, _LONGEST_LISTEN)
            if found != self._seen:
                self._seen, pause = found, _LISTEN
                self._ring(self._read(found))

    def _ring(self, state: State) -> None:
        before, self._changes = self._changes, state.changes()
        self._bells.ring(called(before, self._changes))

    def _read(self, content: bytes) -> State:
        """Return what the file says; an empty state where the machine has started anew since."""
        state, machine = decode(content), self._machine()
        return state if _is_same(state.machine, machine) else State(machine=machine)

    def _machine(self) -> str:
        """Return what tells this start of the machine from others: its id, or when its clock began."""
        return boot_id() or f"{self._clock.time() - self._clock.monotonic():.3f}"


def _is_same(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return abs(float(one) - float(other)) < _SET
    except ValueError:
        return False
