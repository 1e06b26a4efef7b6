"""How much is believed of a state that others write, too: one odd entry must not hold up everybody for ever."""

from allo_async._coordination.state import KIND, LAST_HOLDER, State
from allo_async._coordination.window import ALIVE, WaitingMembers

# Seconds that no pause lasts, and that every store can count.
_YEAR = 365 * 86_400.0


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
