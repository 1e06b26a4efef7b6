"""Doing something to a coroutine at each await that it makes, not at one."""

import itertools


class ActingAt:
    """Runs a coroutine and calls *act* just as it suspends for the *n*-th time."""

    def __init__(self, coroutine, n, act):
        self._coroutine = coroutine
        self._n = n
        self._act = act
        self.reached = False

    def __await__(self):
        steps = self._coroutine.__await__()
        send, value = steps.send, None
        for step in itertools.count(1):
            try:
                future = send(value)
            except StopIteration as done:
                return done.value
            if step == self._n:
                self.reached = True
                self._act()
            try:
                value = yield future
                send = steps.send
            except BaseException as error:  # noqa: BLE001 - it is handed on as it came
                send, value = steps.throw, error
