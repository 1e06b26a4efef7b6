"""The command on a terminal, as far as a kernel can pretend one: what it prints is read, and keys are pressed."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

SOON = 20

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class PseudoTerminal:
    """Runs `allo-async` with the arguments on a terminal of its own.

    Attributes:
        output: All that it has printed so far.
    """

    def __init__(self, *arguments, columns=60, cwd=None, **environment):
        self._keys, screen = pty.openpty()
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        given = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
        self.output = ""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "allo_async", *map(str, arguments)],
            stdin=screen,
            stdout=screen,
            stderr=screen,
            cwd=cwd,
            env={**given, "TERM": "xterm-256color", **environment},
            start_new_session=True,
            # So that Ctrl-C comes from the terminal, as it does where somebody types.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no thread holds a lock here
        )
        os.close(screen)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._keys is not None:
            os.close(self._keys)

    def press(self, keys):
        os.write(self._keys, keys.encode())

    def send(self, number):
        """Send the command a signal."""
        self._process.send_signal(number)

    def hang_up(self):
        """Close the terminal, as by its window's cross: the kernel sends SIGHUP, and no write succeeds any more."""
        os.close(self._keys)
        self._keys = None
        return self._process.wait(SOON)

    def read_until(self, text):
        """Read until *text* was printed."""
        until = time.monotonic() + SOON
        while text not in self.plain:
            assert time.monotonic() < until, f"{text!r} is not in {self.output!r}"
            assert self._read(), f"ended without {text!r}: {self.output!r}"

    def finish(self):
        """Read to the end, and give the exit code."""
        until = time.monotonic() + SOON
        while self._read():
            assert time.monotonic() < until, f"it does not end: {self.output!r}"
        return self._process.wait(SOON)

    @property
    def plain(self):
        """What it has printed, without escape sequences."""
        return _ESCAPES.sub("", self.output)

    @property
    def widest(self):
        """How many columns its widest line takes, each state of the bar counted as a line."""
        return max(len(line) for line in re.split(r"[\r\n]+", self.plain))

    def _read(self):
        ready, _, _ = select.select([self._keys], [], [], 0.1)
        if not ready:
            return self._process.poll() is None or self._read_rest()
        return self._read_rest()

    def _read_rest(self):
        # Linux says EIO where the other end has closed.
        with contextlib.suppress(OSError):
            part = os.read(self._keys, 65_536)
            self.output += part.decode("utf-8", "replace")
            return bool(part)
        return False
