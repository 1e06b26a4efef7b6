"""The signals that end the command: Ctrl-C, and SIGTERM and SIGHUP alike, unless they are ignored from the start."""

import contextlib
import signal
import threading
from collections.abc import Callable, Generator

# Windows has no SIGHUP.
_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

# Signals are the process's, and so is the record of them.
_received: list[int] = []


class SignalledError(KeyboardInterrupt):
    """A signal came.

    Once a plain `KeyboardInterrupt` has left an `exec` of text, as many imports run one, Python ends the process by
    SIGINT, whatever its exit code.
    """


def first_signal() -> int | None:
    """Return the first signal that the command has received, `None` before any."""
    return _received[0] if _received else None


def exit_code() -> int:
    """Return what a shell makes of the first signal: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
    return 128 + (first_signal() or signal.SIGINT)


@contextlib.contextmanager
def handling(handle: Callable[[], None]) -> Generator[None]:
    """Call *handle* at each signal while the block runs, and nothing that was called before.

    A signal that is ignored stays ignored, as SIGHUP is under `nohup`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handler(number: int, _: object) -> None:
        _received.append(number)
        handle()

    before = {number: signal.getsignal(number) for number in _ENDING}
    taken = {number: known for number, known in before.items() if known not in {signal.SIG_IGN, None}}
    try:
        for number in taken:
            signal.signal(number, handler)
        yield
    finally:
        for number, known in taken.items():
            # A signal that is ignored from now on stays so.
            if signal.getsignal(number) is handler:
                signal.signal(number, known)


@contextlib.contextmanager
def ending_at_once() -> Generator[None]:
    """Raise a `KeyboardInterrupt` at each signal while the block runs; none has been received before."""
    _received.clear()
    with handling(end):
        yield


def ignore_for_good() -> None:
    """Keep signals from ending the process: its exit code is known, and a signal would replace it."""
    if threading.current_thread() is threading.main_thread():
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def finishing() -> Generator[None]:
    """Finish the block at the first signal while it runs, and raise a `KeyboardInterrupt` at the next."""
    heard: list[None] = []

    def handle() -> None:
        heard.append(None)
        if len(heard) > 1:
            end()

    with handling(handle):
        yield


def end() -> None:
    """End what runs, because a signal came."""
    raise SignalledError
