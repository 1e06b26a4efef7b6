"""A process that has imported the command, and forks one that runs it for each line of JSON on its input.

    python -m tests.chaos.warm

Each order names the command's arguments, its environment, and the point at which it is killed; each answer is the exit
status, what was written to standard error, the seconds that it took, and how many points there were.
"""

import contextlib
import json
import os
import resource
import signal
import sqlite3
import sys
import tempfile
import time

from allo_async.cli.app import app
from allo_async.journal import list_journal, opening  # noqa: F401 - loaded before the first fork


class Points:
    """Counts what SQLite does for a journal, and kills the process at the point *at*.

    Args:
        kind: `statement`, or `step` of SQLite's own machine.
        at: Which of them is the last; none for 0.
    """

    def __init__(self, kind: str, at: int) -> None:
        self.count = 0
        self._at = at
        connect = sqlite3.connect

        def connected(path: str, **options: object) -> sqlite3.Connection:
            connection = connect(path, **options)
            if kind == "statement":
                connection.set_trace_callback(self._count)
            if kind == "step":
                connection.set_progress_handler(self._count, 1)
            return connection

        sqlite3.connect = connected

    def _count(self, *_: object) -> None:
        self.count += 1
        if self.count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


def run(arguments: list[str], environment: dict[str, str], kind: str, at: float, counted: int) -> None:
    """Run the command, until it ends or is killed; where it ends, write how many points there were to *counted*."""
    os.environ.update(environment)
    points = Points(kind, int(at) if kind in {"statement", "step"} else 0)
    if kind == "seconds":
        # As sudden as SIGKILL, and the kernel's own clock.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, at)
    if kind == "bytes":
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(at), resource.RLIM_INFINITY))
    try:
        app(arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.write(counted, str(points.count).encode())


def forked(order: dict) -> dict:
    """Run *order* in a child, and return what became of it."""
    reader, writer = os.pipe()
    begun = time.monotonic()
    with tempfile.TemporaryFile() as told:
        child = os.fork()
        if not child:
            code = 99
            try:
                os.dup2(told.fileno(), 2)
                run(**order, counted=writer)
            except SystemExit as ended:
                code = int(ended.code or 0)
            finally:
                sys.stderr.flush()
                os._exit(code)
        os.close(writer)
        _, status = os.waitpid(child, 0)
        seconds = time.monotonic() - begun
        with os.fdopen(reader) as counted:
            points = int(counted.read() or 0)
        told.seek(0)
        error = told.read().decode(errors="replace")
    return {"status": os.waitstatus_to_exitcode(status), "error": error, "seconds": seconds, "points": points}


def main() -> None:
    """Answer every order; what comes with the first one is run here first, so that all is loaded that a run loads."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with contextlib.suppress(SystemExit):
        first = json.loads(sys.stdin.readline())
        os.environ.update(first["environment"])
        app(first["arguments"])
    for line in sys.stdin:
        print(json.dumps(forked(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
