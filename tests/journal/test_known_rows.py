import tracemalloc
from collections import defaultdict
from hashlib import blake2b

import orjson
from hypothesis import given
from hypothesis import strategies as st

from allo_async._loading.load_log import Outcome
from allo_async.journal.input_digests import InputDigests
from allo_async.journal.known import KnownRows, ReadRow
from allo_async.journal.known_chunks import KnownChunks
from allo_async.models import Assignee

MARIE = Assignee(email="marie@acme.example")

#: Digests that share their first byte, their first eight, or nothing.
DIGESTS = [b"a" * 12, b"a" * 8 + b"bbbb", b"a" + b"b" * 11, b"z" * 12, b"\xff" * 12, b"\0" * 12]

#: Chunks: whether the load sent it itself, and whether it was being sent when the run ended.
CHUNKS = [(True, False), (False, False), (True, True), (True, False)]

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "digest": st.sampled_from(DIGESTS),
            "chunk": st.integers(0, len(CHUNKS) - 1),
            "indexed": st.booleans(),
            "fate": st.sampled_from([None, "added", "skipped", "in_doubt"]),
        }
    ),
    max_size=200,
)


def digest_of(number):
    return blake2b(number.encode(), digest_size=12).digest()


def read_rows(drawn):
    """Rows as a journal gives them: those of the input first, in its order."""
    rows = sorted(drawn, key=lambda row: not row["indexed"])
    for place, row in enumerate(rows):
        fate = None if CHUNKS[row["chunk"]][1] else row["fate"]
        entry = None if fate is None else orjson.dumps({"place": place})
        index = place if row["indexed"] else None
        yield ReadRow(row["digest"], row["chunk"], place, index, f"+1212555{place:04}", fate, entry)


def known_of(rows):
    chunks = KnownChunks()
    for chunk, (own, sending) in enumerate(CHUNKS):
        chunks.add(chunk + 1, MARIE, own=own, sending=sending, at=float(chunk))
    return KnownRows(chunks, rows)


def rank(row):
    """Which of equal rows comes first: what stands in a queue, the load's own, the first of the input."""
    own, sending = CHUNKS[row.chunk]
    worth = 0 if sending or row.fate in {"added", "in_doubt"} else 1 if row.fate == "skipped" else 2
    return worth, not own, row.index is None, row.index or 0, row.place


@given(ROWS, st.lists(st.sampled_from([*DIGESTS, b"q" * 12]), max_size=250))
def test_each_known_row_is_given_once_the_best_first(drawn, asked):
    """Equal rows are given one after the other as a plain list would give them, each with its own fate and place."""
    rows = list(read_rows(drawn))
    known = known_of(rows)
    model = defaultdict(list)
    for row in sorted(rows, key=rank):
        model[row.digest].append(row)

    for digest in asked:
        expected = model[digest].pop(0) if model[digest] else None
        found = known.take(digest)

        if expected is None:
            assert found is None
            continue
        _, sending = CHUNKS[expected.chunk]
        fate = "in_doubt" if sending else expected.fate
        assert known.chunk_and_place(found) == (expected.chunk + 1, expected.place)
        assert known.index(found) == expected.index
        assert known.is_settled(found) == (fate is not None)
        outcome = known.outcome(found)
        assert (outcome and outcome.fate) == fate
        if fate is not None and not sending:
            assert outcome.entry == {"place": expected.place}
    assert known.left == sum(map(len, model.values()))


@given(ROWS, st.sampled_from(["added", "skipped", None]))
def test_numbers_of_earlier_runs_are_found_again(drawn, settled):
    """A number counts as queued if its row was added or may have been, also by what was learned since the opening."""
    rows = list(read_rows(drawn))
    known = known_of(rows)
    for by_place in known.lost().values():
        for place, row in by_place.items():
            known.learn(row, None if settled is None else Outcome(settled, {"place": place}))
    fates = {row.number: settled if CHUNKS[row.chunk][1] else row.fate for row in rows}
    queued = {number for number, fate in fates.items() if fate in {"added", "in_doubt"}}

    assert {number for number in fates if number in known.sent_numbers()} == set(fates)
    assert {number for number in fates if number in known.queued_numbers()} == queued
    assert {number for number in fates if known.queued_numbers().may_end_with(number[-7:])} == queued
    assert "+12125559999" not in known.sent_numbers()


@given(st.dictionaries(st.integers(0, 30), st.sampled_from(DIGESTS)))
def test_digests_of_an_input_are_found_by_their_index(before):
    """Rows that were never written leave gaps, and everything else is what it was."""
    digests = InputDigests(sorted(before.items()))

    assert {index: digests.get(index) for index in range(35) if digests.get(index) is not None} == before
    assert digests.end == max(before, default=-1) + 1


def test_known_row_costs_tens_of_bytes():
    """Twenty thousand rows with what the server said of them take less than a hundred bytes each, and give it back."""

    def rows():
        for index in range(20_000):
            number = f"+1212{2_000_000 + index}"
            entry = {"number_to": number, "position": index, "created_at": "2026-01-02T03:04:05"}
            yield ReadRow(digest_of(number), 0, index, index, number, "added", orjson.dumps(entry))

    known_of(rows())
    tracemalloc.start()
    known = known_of(rows())
    bytes_a_row = tracemalloc.get_traced_memory()[0] / len(known)
    tracemalloc.stop()

    assert bytes_a_row < 100
    last = known.take(digest_of("+12122019999"))
    assert known.outcome(last).entry["position"] == 19_999
