"""Doing something at each await that a coroutine makes, or the task that writes for it, and not at one."""

import asyncio
import contextlib


class ActingAt:
    """Runs a coroutine and calls *act* just as it, or a queue's writer meanwhile, suspends for the *n*-th time."""

    def __init__(self, coroutine, n, act):
        self._coroutine = coroutine
        self._n = n
        self._act = act
        self._step = 0
        self.reached = False

    def __await__(self):
        loop = asyncio.get_running_loop()
        with _tasks_made_by(loop, self._task):
            return (yield from self._run(self._coroutine))

    def _task(self, loop, coroutine, **options):
        if coroutine.__qualname__ != "AppendBatcher._write":
            return asyncio.Task(coroutine, loop=loop, **options)
        task = asyncio.Task(self._counted(coroutine), loop=loop, **options)
        # A task that is cancelled before its first step never awaits it.
        task.add_done_callback(lambda _: coroutine.close())
        return task

    async def _counted(self, coroutine):
        return await _Awaitable(self._run(coroutine))

    def _run(self, coroutine):
        steps = coroutine.__await__()
        send, value = steps.send, None
        while True:
            try:
                future = send(value)
            except StopIteration as done:
                return done.value
            self._step += 1
            if self._step == self._n:
                self.reached = True
                self._act()
            try:
                value = yield future
                send = steps.send
            except BaseException as error:  # noqa: BLE001 - it is handed on as it came
                send, value = steps.throw, error


class _Awaitable:
    def __init__(self, steps):
        self._steps = steps

    def __await__(self):
        return self._steps


@contextlib.contextmanager
def _tasks_made_by(loop, factory):
    loop.set_task_factory(factory)
    try:
        yield
    finally:
        loop.set_task_factory(None)
