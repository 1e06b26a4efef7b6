"""What Redis is asked to do, each in one step: the scripts beside this module."""

from enum import Enum
from functools import cache
from importlib.resources import files

from allo_async._coordination.store import ALIVE

_HERE = files(__package__ or "")


@cache
def _read(name: str) -> str:
    return (_HERE / f"{name}.lua").read_text("utf-8")


#: Where scripts take the time from.
CLOCK = _read("clock")

_ALIVE = f"local ALIVE = {round(ALIVE * 1e6)}"


class Script(Enum):
    """A script, by the name of its file, which tells its keys and arguments."""

    ADMIT = "admit"
    HEARD = "heard"
    HOLD = "hold"
    LEAVE = "leave"
    TAKE_TURN = "take_turn"
    KEEP_TURN = "keep_turn"
    GIVE_TURN_BACK = "give_turn_back"

    @property
    def text(self) -> str:
        """The script with all that it needs."""
        return "\n".join((CLOCK, _ALIVE, *map(_read, ("numbers", "line", "pause", self.value))))
