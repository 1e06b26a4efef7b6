"""What the processes of a key share, in a file."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cattrs import BaseValidationError
from cattrs.preconf.orjson import make_converter

from allo_async._coordination.store import TurnAnswer
from allo_async._wire.hints import RateLimit
from allo_async.clock import Clock
from allo_async.file.shared_file import SharedFile
from allo_async.file.state import State

# Real seconds between looks whether another process has changed the file.
_LISTEN = 0.005

_json = make_converter()
_Answer = TypeVar("_Answer")


class FileBell:
    """Rings when the file has changed since this was made, whatever has changed in it."""

    def __init__(self, file: SharedFile) -> None:
        self._file = file
        self._head = file.head()

    async def wait(self) -> None:
        """Wait until it rings."""
        while self._file.head() == self._head:  # noqa: ASYNC110 - it is another process that changes it
            await asyncio.sleep(_LISTEN)


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

    def bell(self, name: str) -> FileBell:  # noqa: ARG002 - the file is one for all names
        """Give what rings when the file has changed."""
        return FileBell(self._file)

    async def admit(self, pace: str, member: str, *, limit: int, ahead: int, alive: float) -> tuple[bool, float]:
        """Let one request leave, or tell how long that takes."""
        return await self._do(
            lambda state, now: state.admit(pace, member, limit=limit, ahead=ahead, alive=alive, now=now)
        )

    async def heard(self, pace: str, told: RateLimit, *, age: float) -> None:
        """Follow what an answer told."""
        await self._do(lambda state, now: state.heard(pace, told, since=now - age, now=now))

    async def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*."""
        await self._do(lambda state, now: state.hold(now + seconds))

    async def leave_line(self, pace: str, member: str) -> None:
        """Take a member out of the line of a pace."""
        await self._do(lambda state, _: state.leave_line(pace, member))

    async def take_turn(self, queue: str, member: str, *, kind: str, lease: float, alive: float) -> TurnAnswer:
        """Grant the turn of a queue, or tell how long it is held."""
        return await self._do(
            lambda state, now: state.take_turn(queue, member, kind=kind, lease=lease, alive=alive, now=now)
        )

    async def keep_turn(self, queue: str, token: str, *, lease: float) -> bool:
        """Renew a lease."""
        return await self._do(lambda state, now: state.keep_turn(queue, token, until=now + lease))

    async def give_turn_back(self, queue: str, token: str, *, end: str, memory: float) -> None:
        """End a lease."""
        await self._do(lambda state, now: state.give_turn_back(queue, token, end=end, end_until=now + memory, now=now))

    async def leave_turn(self, queue: str, member: str) -> None:
        """Take a member out of the line of a turn."""
        await self._do(lambda state, _: state.leave_turn(queue, member))

    async def close(self) -> None:
        """Close the file."""
        self._file.close()

    async def _do(self, work: Callable[[State, float], _Answer]) -> _Answer:
        async with self._file.locked():
            # Read now: while one waited for the lock, time went on.
            now = self._clock.monotonic()
            found = self._file.read()
            state = _state(found, now)
            answer = work(state, now)
            if _json.dumps(state) != found:
                state.version, state.written_at = state.version + 1, now
                self._file.write(_json.dumps(state))
            return answer


def _state(content: bytes, now: float) -> State:
    """Read what stands in the file; nothing does where a process died while it wrote, or the machine started anew."""
    try:
        state = _json.loads(content, State)
    except (BaseValidationError, ValueError):
        return State()
    return state if state.written_at <= now else State()
