"""What the processes of a key share, in a file."""

import asyncio
import contextlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

import attrs
from cattrs import BaseValidationError
from cattrs.preconf.orjson import make_converter

from allo_async._coordination.store import TurnAnswer
from allo_async._sending.call_limits import cancel_and_wait
from allo_async._wire.hints import RateLimit
from allo_async.clock import Clock
from allo_async.file.shared_file import SharedFile
from allo_async.file.state import State

# Real seconds between looks whether another process has changed the file.
_LISTEN = 0.005

# Seconds by which the machine's clock may be set without its being taken for another start of the machine.
_SET = 1.0

_json = make_converter(omit_if_default=True)
_Answer = TypeVar("_Answer")


@attrs.frozen(eq=False)
class FileBell:
    """Rings once.

    Attributes:
        store: Listens while somebody waits.
        rung: Whether it has.
    """

    store: "FileStore"
    rung: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def wait(self) -> None:
        """Wait until it rings."""
        with self.store.listening():
            await self.rung.wait()


class FileStore:
    """Reads the file, does what is asked, and writes it where that has changed something.

    Args:
        path: The file.
        clock: Its monotonic time has to be the same in all processes, as the machine's is.
    """

    failures = (OSError,)

    def __init__(self, path: Path, clock: Clock) -> None:
        self._file = SharedFile(path)
        self._clock = clock
        self._seen, self._state = b"", State(0.0)
        self._bells: WeakValueDictionary[str, FileBell] = WeakValueDictionary()
        self._waiting = 0
        self._listening: asyncio.Task[None] | None = None

    def bell(self, name: str) -> FileBell:
        """Give what rings when what the file says of *name* has changed for those who wait."""
        return self._bells.setdefault(name, FileBell(self))

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

    async def wait(self, pace: str, member: str, *, limit: int, ahead: int) -> float:
        """Tell how long one more request would wait."""
        return await self._do(lambda state, now: state.wait(pace, member, limit=limit, ahead=ahead, now=now))

    async def admit(self, pace: str, member: str, *, limit: int, leaves: bool) -> tuple[bool, float]:
        """Let one request leave, or tell how long that takes."""
        return await self._do(lambda state, now: state.admit(pace, member, limit=limit, leaves=leaves, now=now))

    async def heard(self, pace: str, told: RateLimit, *, age: float) -> None:
        """Follow what an answer told."""
        await self._do(lambda state, now: state.heard(pace, told, since=now - age, now=now))

    async def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*."""
        await self._do(lambda state, now: state.hold(now + seconds))

    async def leave_line(self, pace: str, member: str) -> None:
        """Take a member out of the line of a pace."""
        await self._do(lambda state, _: state.leave_line(pace, member))

    async def take_turn(self, queue: str, member: str, *, kind: str, lease: float) -> TurnAnswer:
        """Grant the turn of a queue, or tell how long it is held."""
        return await self._do(lambda state, now: state.take_turn(queue, member, kind=kind, lease=lease, now=now))

    async def keep_turn(self, queue: str, token: str, *, lease: float) -> bool:
        """Renew a lease."""
        return await self._do(lambda state, now: state.keep_turn(queue, token, until=now + lease))

    async def give_turn_back(self, queue: str, token: str, *, end: str, memory: float) -> None:
        """End a lease."""
        await self._do(lambda state, now: state.give_turn_back(queue, token, end=end, end_until=now + memory))

    async def leave_turn(self, queue: str, member: str) -> None:
        """Take a member out of the line of a turn."""
        await self._do(lambda state, _: state.leave_turn(queue, member))

    async def close(self) -> None:
        """Listen no more; between two steps nothing is open."""
        await cancel_and_wait(self._listening)

    async def _do(self, work: Callable[[State, float], _Answer]) -> _Answer:
        async with self._file.locked() as file:
            # Read now: while one waited for the lock, time went on.
            now = self._clock.monotonic()
            found = file.read()
            state = self._hear(found)
            state.forget(now)
            answer = work(state, now)
            content = _json.dumps(state)
            if content != found:
                file.write(content)
            self._seen, self._state = content, state
            return answer

    async def _listen(self) -> None:
        while self._waiting:
            await asyncio.sleep(_LISTEN)
            found = self._file.peek()
            if found != self._seen:
                self._seen, self._state = found, self._hear(found)

    def _hear(self, content: bytes) -> State:
        """Read what the file says, and ring for those whom it concerns."""
        state = self._read(content)
        for name, bell in list(self._bells.items()):
            if state.is_worth_asking(name, self._state):
                del self._bells[name]
                bell.rung.set()
        return state

    def _read(self, content: bytes) -> State:
        """Read what the file says; nothing where a process died while it wrote, or the machine has started anew."""
        began_at = self._clock.time() - self._clock.monotonic()
        try:
            state = _json.loads(content, State)
        except (BaseValidationError, ValueError, TypeError):
            return State(began_at)
        return state if abs(state.began_at - began_at) < _SET else State(began_at)
