"""The options that take one of a few words, apart from what obeys them: help names them without it."""

from typing import Literal

#: How to allocate rows: to all queues alike, or to one after another.
SpreadStrategy = Literal["even", "fill"]

#: The reaction to a full queue: raise `QueueFullError`, end with the rest pending, or wait for room.
OnFullQueue = Literal["raise", "stop", "wait"]

#: The reaction if the input of a load has changed when it is taken up again: refuse, or send only the new rows.
OnChangedInput = Literal["raise", "append"]
