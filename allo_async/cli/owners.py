"""Owners: what the file and the options say of reps, matched with the team before anything is sent."""

import asyncio
from collections.abc import Sequence

import attrs

from allo_async import (
    AlloClient,
    AlloError,
    DeadlineExceededError,
    InvalidTeammateError,
    NotFoundError,
    PermissionDeniedError,
)
from allo_async.cli.inert import inert
from allo_async.cli.job import Lead, RepLoad
from allo_async.cli.spreading import NO_QUEUE
from allo_async.cli.teammates import Teammates
from allo_async.cli.unknown_rep import NoRepFoundError, UnknownRepError

_LINES_SHOWN = 5
_REPS_SHOWN = 10
_WORTH_JOINING = 2


@attrs.frozen
class Owners:
    """The loads by rep, once it is known who that is.

    Attributes:
        loads: The rows of those who are found, by their e-mail address or id.
        over: Of reps who share all rows, those who are found.
        unknown: The rows of those who are not, each with its error.
        told: The lines about those at once.
    """

    loads: list[RepLoad]
    over: list[str]
    unknown: list[RepLoad] = attrs.field(factory=list[RepLoad])
    told: list[str] = attrs.field(factory=list[str])


async def find_owners(
    allo: AlloClient, loads: Sequence[RepLoad], over: Sequence[str], *, sandbox: bool, deadline: float | None = None
) -> Owners:
    """Find the teammates of *loads*, and of *over*, and put together what is one teammate's.

    Args:
        allo: Lists the team.
        loads: The rows by what is said of their rep.
        over: The lines about the reps that share all rows.
        sandbox: Whether the team is the embedded sandbox's.
        deadline: Seconds for asking.

    Raises:
        NoRepFoundError: None of them is found.
        InvalidTeammateError: Nothing is said of one.
    """
    named = [*over] or [load.rep for load in loads if load.rep is not None]
    if not named:
        return Owners([*loads], [])
    if not all(name.strip() for name in named):
        raise InvalidTeammateError("a teammate is missing")
    try:
        async with asyncio.timeout(deadline):
            search = await _search(allo, sandbox=sandbox)
    except (AlloError, TimeoutError) as failure:
        error = (
            failure if isinstance(failure, AlloError) else DeadlineExceededError("the team could not be read in time")
        )
        # Without a reply, the loads themselves would fail alike, one after the other.
        return Owners([], [], [attrs.evolve(load, error=error) for load in nobody_s(loads, over)])
    return _found_over(search, loads, over) if over else _found(search, loads)


def nobody_s(loads: Sequence[RepLoad], over: Sequence[str]) -> list[RepLoad]:
    """Return the loads as they are told before it is known whose they are; rows of several reps are nobody's."""
    return [attrs.evolve(load, rep=NO_QUEUE if over else load.rep) for load in loads]


@attrs.frozen
class _Search:
    """Finds one rep after the other.

    Attributes:
        team: The team.
        refusal: Why the team cannot be read.
        sandbox: Whether the team is the embedded sandbox's.
    """

    team: Teammates
    refusal: AlloError | None
    sandbox: bool

    def find(self, text: str, leads: Sequence[Lead]) -> str | UnknownRepError:
        found, text, where = self.team.find(text), inert(text), _where(leads)
        if len(found) == 1:
            return found[0]
        if found:
            told = f"{text}{where} may be {' or '.join(found)}. Write the e-mail address instead"
            return UnknownRepError(told, code="AMBIGUOUS_REP")
        if self.refusal is not None:
            told = f"{text}{where} cannot be looked up: the API key may not list the team. Write the e-mail address"
            return UnknownRepError(
                f"{told} instead, or see what the key may do: allo-async whoami", code="NAME_UNREADABLE"
            )
        way_on = "The sandbox has only its own team" if self.sandbox else "See who is: allo-async users"
        return UnknownRepError(f"{text}{where} is not in the team. {way_on}")

    def told(self, unknown: Sequence[RepLoad]) -> list[str]:
        """Return the lines about all reps that are not found."""
        told = [str(load.error.message) for load in unknown if isinstance(load.error, UnknownRepError)]
        if unknown and self.sandbox:
            told.append("The sandbox has " + ", ".join(user.email or user.id for user in self.team.users or ()) + ".")
        return told


async def _search(allo: AlloClient, *, sandbox: bool) -> _Search:
    try:
        return _Search(Teammates(await allo.users()), None, sandbox)
    except (PermissionDeniedError, NotFoundError) as refusal:
        return _Search(Teammates(None), refusal, sandbox)


def _found(search: _Search, loads: Sequence[RepLoad]) -> Owners:
    by_rep: dict[str | None, list[Lead]] = {}
    unknown: list[RepLoad] = []
    for load in loads:
        rep = load.rep if load.rep is None else search.find(load.rep, load.leads)
        if isinstance(rep, UnknownRepError):
            unknown.append(attrs.evolve(load, error=rep))
        else:
            by_rep.setdefault(rep, []).extend(load.leads)
    # Two spellings of one rep are one load: two at the same time would conflict, and lose the order of the file.
    unknown = _few(unknown)
    found = [RepLoad(rep, sorted(leads, key=lambda lead: lead.line)) for rep, leads in by_rep.items()]
    return _checked(Owners(found, [], unknown, search.told(unknown)))


def _few(unknown: list[RepLoad]) -> list[RepLoad]:
    """Put those beyond the first together: a column that names no reps at all would fill the screen."""
    more = unknown[_REPS_SHOWN:]
    if len(more) < _WORTH_JOINING:
        return unknown
    leads = sorted((lead for load in more for lead in load.leads), key=lambda lead: lead.line)
    name = f"{len(more):,} more"
    error = UnknownRepError(f"{name}{_where(leads)} are not in the team. See who is: allo-async users")
    return [*unknown[:_REPS_SHOWN], RepLoad(f"({name})", leads, error=error)]


def _found_over(search: _Search, loads: Sequence[RepLoad], over: Sequence[str]) -> Owners:
    found = {text: search.find(text, ()) for text in over}
    reps = list(dict.fromkeys(rep for rep in found.values() if isinstance(rep, str)))
    unknown = [RepLoad(text, [], error=error) for text, error in found.items() if isinstance(error, UnknownRepError)]
    return _checked(Owners([*loads] if reps else [], reps, unknown, search.told(unknown)))


def _checked(owners: Owners) -> Owners:
    if not owners.loads and owners.unknown:
        raise NoRepFoundError(["None of the reps is found, and nothing was sent.", *owners.told])
    return owners


def _where(leads: Sequence[Lead]) -> str:
    if not leads:
        return ""
    lines = ", ".join(f"{lead.line}" for lead in leads[:_LINES_SHOWN])
    rows = "1 row, line" if len(leads) == 1 else f"{len(leads):,} rows, lines"
    return f" ({rows} {lines}{', …' if len(leads) > _LINES_SHOWN else ''})"
