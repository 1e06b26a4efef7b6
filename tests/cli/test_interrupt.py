import asyncio
import signal

import pytest

from allo_async.cli.interrupt import stop_on_interrupt


def test_first_ctrl_c_asks_and_the_second_ends():
    """The first Ctrl-C sets the event and says so; the second cancels the task; afterwards Ctrl-C is as it was."""
    said = []

    async def work():
        with stop_on_interrupt(lambda: said.append("heard")) as stop:
            signal.raise_signal(signal.SIGINT)
            await asyncio.wait_for(stop.wait(), 1)
            signal.raise_signal(signal.SIGINT)
            with pytest.raises(asyncio.CancelledError):
                await asyncio.Event().wait()
        return signal.getsignal(signal.SIGINT)

    assert asyncio.run(work()) is signal.default_int_handler
    assert said == ["heard"]


def test_loop_without_signal_handlers_keeps_its_own_way(monkeypatch):
    """Where a loop takes no signal handlers, as on Windows, the block runs all the same."""

    async def work():
        def refuse(*_):
            raise NotImplementedError

        monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", refuse)
        with stop_on_interrupt(lambda: None) as stop:
            return stop.is_set()

    assert asyncio.run(work()) is False
