"""People who must not be called: the columns of a file that say so."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from allo_async.leads.calling_cells import (
    is_explicit_no,
    is_yes,
    may_say_do_not_call,
    mentions_do_not_call,
    says_do_not_call,
)
from allo_async.leads.calling_headers import allows_calls, forbids_calls
from allo_async.leads.cell_shapes import values_of
from allo_async.leads.words import word_set, words

_STATUS_WORDS = word_set("""
    status statut stato estado stage etape phase fase disposition outcome result resultat ergebnis resultado risultato
    tag tags label labels etikett etiquette etiquettes etiqueta etiquetas list lists liste listes lista listas category
    categories kategorie kategorien categorie categoria categorias group groups gruppe groupe grupo gruppo segment
    segments flag flags lifecycle state
""")


@attrs.frozen
class DoNotCall:
    """The places of a file that mark people who must not be called.

    Attributes:
        forbidding: Columns such as "Do Not Call": each cell but an empty one or a "no" forbids the call.
        allowing: Columns such as "Can call": a "no" forbids the call, an empty cell does not.
        statuses: Columns such as "Lead Status": the value "Do Not Call" forbids the call.
        others: Columns of no known meaning, and those of phone numbers: a cell that says "do not call" forbids it.
    """

    forbidding: Sequence[str] = ()
    allowing: Sequence[str] = ()
    statuses: Sequence[str] = ()
    others: Sequence[str] = ()

    def column_that_forbids(self, cells: Mapping[str, Any]) -> str | None:
        """Return the column by which the person of this row must not be called; `None` if they may be."""
        said = _first(self.forbidding, cells, is_yes) or _first(self.allowing, cells, is_explicit_no)
        if said is not None or not may_say_do_not_call(" ".join(map(str, cells.values()))):
            return said
        return _first(self.statuses, cells, mentions_do_not_call) or _first(self.others, cells, says_do_not_call)

    def __bool__(self) -> bool:
        """Whether a header says that its column is about calling."""
        return bool(self.forbidding or self.allowing)

    def __str__(self) -> str:
        return " + ".join((*self.forbidding, *self.allowing))


def find_do_not_call(headers: Iterable[str], besides: Iterable[str] = ()) -> DoNotCall:
    """Find the columns that mark people who must not be called; *besides* are those of names and the like."""
    left = [header for header in headers if header not in set(besides)]
    forbidding = [header for header in left if forbids_calls(header)]
    allowing = [header for header in left if allows_calls(header)]
    rest = [header for header in left if header not in forbidding and header not in allowing]
    statuses = [header for header in rest if _STATUS_WORDS.intersection(words(header))]
    return DoNotCall(forbidding, allowing, statuses, [header for header in rest if header not in statuses])


def _first(columns: Iterable[str], cells: Mapping[str, Any], forbids: Callable[[object], bool]) -> str | None:
    return next((column for column in columns if any(map(forbids, values_of(cells.get(column))))), None)
