"""How much is believed of a state that others write, too: one odd entry must not hold up everybody for ever."""

from collections.abc import Iterator
from math import isfinite

from allo_async._coordination.state import KIND, LAST_HOLDER, State
from allo_async._coordination.window import ALIVE, WaitingMembers
from allo_async._wire.hints import LARGEST_LIMIT

#: Bytes: hundreds of times what a busy key takes. More is not read.
LARGEST_STATE = 2**20

# A count beyond that is none of ours, and cannot be written everywhere.
_LARGEST_COUNT = 2**53

# Seconds that no pause lasts, and that every store can count.
_YEAR = 365 * 86_400.0


def is_sound(state: State) -> bool:
    """Return whether all numbers of *state* are such as can be reckoned with and written again."""
    return (
        all(isfinite(moment) for moment in _moments(state))
        and all(0 <= count < _LARGEST_COUNT for count in state.changes().values())
        and all(shared.window.limit <= LARGEST_LIMIT for shared in state.windows.values())
    )


def believe(state: State, *, now: float, lease: float) -> None:
    """Shorten what lasts longer in *state* than any version of us would have written *now*."""
    state.pause = min(state.pause, now + _YEAR)
    state.kinds = {kind: min(until, now + KIND) for kind, until in state.kinds.items()}
    for shared in state.windows.values():
        # The window counts on their order.
        shared.window.departures = sorted(min(moment, now) for moment in shared.window.departures)
        _shorten(shared.members, now)
    for lock in state.locks.values():
        lock.until = min(lock.until, now + lease)
        lock.last_until = min(lock.last_until, now + LAST_HOLDER)
        _shorten(lock.members, now)


def _shorten(members: WaitingMembers, now: float) -> None:
    members.alive_until = {member: min(until, now + ALIVE) for member, until in members.alive_until.items()}


def _moments(state: State) -> Iterator[float]:
    yield from (state.at, state.pause, *state.kinds.values())
    for shared in state.windows.values():
        yield from (*shared.window.departures, *shared.members.alive_until.values())
    for lock in state.locks.values():
        yield from (lock.until, lock.last_until, *lock.members.alive_until.values())
