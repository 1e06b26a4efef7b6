"""Opening a load: a new one, one that is taken up again, or one of which only what is known can be read."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import orjson

from allo_async._loading.load_log import LoadLog, Outcome, UnreadLog
from allo_async._loading.prepare import SentNumbers
from allo_async.clock import Clock
from allo_async.errors import JournalBusyError, JournalError
from allo_async.journal.damage import refuse_damage
from allo_async.journal.file import holds_nothing
from allo_async.journal.known import KnownRows
from allo_async.journal.known_log import KnownLog
from allo_async.journal.load_log import JournalLog, PastRuns
from allo_async.journal.lock import is_held
from allo_async.journal.past import find_load, read_input, read_known, read_skips
from allo_async.journal.reading import reading
from allo_async.journal.records import delete_load, read_in_flight
from allo_async.journal.store import Store
from allo_async.models import Assignee

# Seconds.
_TIMEOUT_AFTER_ALL = 0.5

# The terms that say where the rows of a load go.
_PLACES = {"server", "queue"}

_UNDER_WAY = Outcome("in_doubt", {"reason": "the load is under way elsewhere, which may be sending it just now"})


@attrs.frozen
class LoadKey:
    """Which load it is, and what of other loads concerns it.

    Attributes:
        load_id: The caller's name for it.
        terms: The terms that must be the same when it is taken up again; the `server` among them.
        shared: The queues of which it counts what other loads of the journal sent there, too.
        queued: Numbers that other loads of the same list put into a queue, and that no row is to repeat.
    """

    load_id: str
    terms: Mapping[str, Any]
    shared: Sequence[Assignee] = ()
    queued: SentNumbers = attrs.field(factory=SentNumbers, repr=False)


async def open_load(path: Path, key: LoadKey, *, clock: Clock, strict: bool) -> JournalLog:
    """Open the load of *key* in the journal at *path*.

    Raises:
        JournalBusyError: Another process works with the journal, or this load is under way.
        JournalError: The file cannot be used, or the load was begun on other terms.
    """
    store = await Store.open(path)
    if key.load_id in store.loads:
        await store.close()
        raise JournalBusyError(
            f"the load {key.load_id!r} is under way already; for another one, give it another load_id"
        )
    store.loads.add(key.load_id)

    def begin(store: Store) -> PastRuns:
        with store.transaction() as connection:
            return _begin(connection, key, at=clock.time())

    try:
        past = await store.run(begin)
    except BaseException:
        store.loads.discard(key.load_id)
        await store.close()
        raise
    return JournalLog(store, key.load_id, past, clock=clock, strict=strict, queued=key.queued)


async def read_load(path: Path, key: LoadKey) -> LoadLog:
    """Read what can be known of a load that could not be opened; it never raises.

    A row that an earlier run sent keeps its fate. Any other is pending, unless another process, or this one, may be
    sending it just now. Where the file cannot be read either, no row's fate is known.
    """
    here = Store.loads_here(path)

    def read(connection: sqlite3.Connection) -> LoadLog:
        refuse_damage(connection)
        load = find_load(connection, key.load_id)
        # A load of the same name into another queue, or on another server, sent no row to where these were to go.
        elsewhere = load is not None and _went_elsewhere(key, orjson.loads(load[1]))
        own = None if load is None or elsewhere else load[0]
        known = read_known(connection, own, server=key.terms.get("server"), queues=key.shared)
        may_be_sending = (key.shared or not elsewhere) and _may_be_sending(connection, path, key, here)
        unknown = _UNDER_WAY if may_be_sending else None
        return KnownLog(known, unknown, queued=key.queued)

    absent = KnownLog(KnownRows(), _UNDER_WAY if here and key.load_id in here else None)
    try:
        # The call's time may be over, and opening the load has waited already.
        return await reading(path, read, absent=absent, busy_timeout=_TIMEOUT_AFTER_ALL)
    except JournalError:
        return absent if holds_nothing(path) else UnreadLog()


def _may_be_sending(connection: sqlite3.Connection, path: Path, key: LoadKey, here: set[str] | None) -> bool:
    """Return whether another process may be sending rows of the load just now."""
    if here is not None:
        return key.load_id in here
    if not is_held(path):
        return False
    running = {load_id for (load_id,) in connection.execute("SELECT load_id FROM load WHERE running")}
    # Where all loads are of one list, any of them may be sending its rows.
    return bool(running) if key.shared else key.load_id in running


async def forget(path: Path, load_id: str) -> None:
    """Delete all that the journal at *path* has of a load.

    Raises:
        JournalBusyError: Another process works with the journal, or this load is under way.
        JournalError: The file cannot be used.
    """
    store = await Store.open(path)

    def delete(store: Store) -> None:
        with store.transaction() as connection:
            delete_load(connection, load_id)

    try:
        if load_id in store.loads:
            raise JournalBusyError(f"the load {load_id!r} is under way")
        await store.run(delete)
    finally:
        await store.close()


def _begin(connection: sqlite3.Connection, key: LoadKey, *, at: float) -> PastRuns:
    # Before anything is sent: a row that cannot be read has no known fate.
    refuse_damage(connection)
    found = find_load(connection, key.load_id)
    if found is None:
        load, row_count = _insert(connection, key, at), None
    else:
        load, terms, row_count = found
        _check_terms(key, orjson.loads(terms))
        connection.execute("UPDATE load SET running = 1 WHERE id = ?", (load,))
    known = read_known(connection, load, server=key.terms.get("server"), queues=key.shared)
    return PastRuns(
        load,
        known,
        read_in_flight(connection, known.lost()),
        read_input(connection, load),
        read_skips(connection, load),
        row_count,
    )


def _insert(connection: sqlite3.Connection, key: LoadKey, at: float) -> int:
    load = connection.execute(
        "INSERT INTO load (load_id, terms, begun_at, running) VALUES (?, ?, ?, 1)",
        (key.load_id, orjson.dumps(key.terms).decode(), at),
    ).lastrowid
    assert load is not None  # noqa: S101 - for the type checker
    return load


def _check_terms(key: LoadKey, before: Mapping[str, Any]) -> None:
    term = _changed_term(key, before)
    if term is not None:
        # The old value may be somebody's address.
        error = JournalError(
            f"the load {key.load_id!r} was begun with another {term}: take it up as it was, or give it another load_id"
        )
        error.term = term
        raise error


def _went_elsewhere(key: LoadKey, before: Mapping[str, Any]) -> bool:
    """Return whether the load with the terms *before* sent its rows elsewhere; terms that no run writes say nothing."""
    return isinstance(before.get("server"), str) and _changed_term(key, before) in _PLACES


def _changed_term(key: LoadKey, before: Mapping[str, Any]) -> str | None:
    """Return the first term that is not what it was, those first that say where the rows go.

    An append names its queue, and a spread none: one is not taken up as the other.
    """
    names = sorted({*before, *key.terms}, key=lambda name: (name not in _PLACES, name))
    return next((name for name in names if before.get(name) != key.terms.get(name)), None)
