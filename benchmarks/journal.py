"""The cost of a journal, beside that of writing the same bytes with SQLite alone.

SQLite's own cost is that of copying the tables of the finished journal into a new file of the same schema and the same
settings, in two transactions for each chunk: a journal is written before a chunk is sent and after its reply.
"""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import loads, server
from benchmarks.baseline import CHUNK
from benchmarks.measure import Section, against, alone, alternate
from benchmarks.rows import clean_rows

_ROWS = 20_000
_UNIT = "ms / 1,000 rows"

# Milliseconds for each 1,000 rows.
_BEYOND_SQLITE = 1.5


def _copy(path: Path, to: Path) -> float:
    """Write the rows of the journal at *path* to a new file, and return the milliseconds of CPU for each 1,000 rows."""
    with closing(sqlite3.connect(path)) as journal:
        mode = journal.execute("PRAGMA journal_mode").fetchone()[0]
        schema = [statement for (statement,) in journal.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL")]
        names = [name for (name,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = {name: journal.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608 - its own
    with closing(sqlite3.connect(to, isolation_level=None)) as copy:
        copy.execute(f"PRAGMA journal_mode = {mode}")
        for statement in schema:
            copy.execute(statement)
        begun = time.process_time()
        _insert(copy, tables, _ROWS // CHUNK * 2)
        return (time.process_time() - begun) / _ROWS * 1_000_000


def _insert(copy: sqlite3.Connection, tables: dict[str, list[tuple[Any, ...]]], transactions: int) -> None:
    for part in range(transactions):
        copy.execute("BEGIN")
        for name, rows in tables.items():
            share = _share(rows, part, transactions)
            if share:
                marks = ", ".join("?" * len(share[0]))
                copy.executemany(f"INSERT INTO {name} VALUES ({marks})", share)  # noqa: S608 - the journal's own
        copy.execute("COMMIT")


def _share(rows: Sequence[tuple[Any, ...]], part: int, parts: int) -> Sequence[tuple[Any, ...]]:
    return rows[len(rows) * part // parts : len(rows) * (part + 1) // parts]


def measure() -> Section:
    """Measure an append with a journal and without, and SQLite alone."""
    rows, places = clean_rows(_ROWS), count()
    with server.running() as url, TemporaryDirectory() as directory:
        paths = list[Path]()

        def journaled() -> float:
            paths.append(Path(directory) / f"{next(places)}.db")
            return loads.cpu(lambda: loads.journaled(url, loads.fresh_queue(), rows, paths[-1]), rows)

        cost = alternate(
            {
                "journaled": journaled,
                "without": loads.cpu_of(loads.append, url, rows),
                "SQLite": lambda: _copy(paths[-1], paths[-1].with_suffix(".copy")),
            }
        )
    beyond = [
        journaled - without - sqlite
        for journaled, without, sqlite in zip(cost["journaled"], cost["without"], cost["SQLite"], strict=True)
    ]
    return Section(
        [
            against("append with a journal", _UNIT, cost["journaled"], "append without", cost["without"]),
            alone("SQLite, the same bytes", _UNIT, cost["SQLite"]),
            alone("a journal, beyond append and SQLite", _UNIT, beyond, target=_BEYOND_SQLITE),
        ]
    )
