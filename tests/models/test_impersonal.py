"""A server's free words about people: in a caller's own rows, and nowhere that is printed or logged."""

import json
import logging

import pytest

from allo_async import AlloClient, AppendResult, SkippedNumber, SpreadResult, errors
from allo_async.sandbox import Sandbox, faults
from allo_async.testing import FastClock
from tests.end_to_end.numbers import us_numbers

WORDS = "cannot call Jean Dupont (06 12 34 56 78, jean@dupont.example)"
MARIE, TOM = "marie@acme.example", "tom@acme.example"


def personal(text):
    return [word for word in ("Jean", "Dupont", "06 12", "jean@") if word in text]


def printed(result):
    """Return all that is printed, shown or logged of a result."""
    return "\n".join([str(result), repr(result), result._repr_html_(), json.dumps(result.to_dict(numbers=False))])


async def test_reason_in_free_words_is_the_callers_alone(sandbox, allo, caplog):
    """A sentence for a reason stays in the row; whatever is printed says OTHER, and the log of a load only counts."""
    caplog.set_level(logging.INFO)
    sandbox.script(faults.unknown_skip_reason(WORDS), times=3)
    appended = await allo.queue().append(["+1 123 456 7890"])
    spread = await allo.spread(
        ["+1 123 456 7891", "+1 123 456 7892"], over=[allo.queue(email=MARIE), allo.queue(email=TOM)]
    )

    for result in (appended, spread):
        assert personal(printed(result)) == []
        assert "OTHER" in printed(result)
        assert "Dupont" in result.skipped[0].reason
        assert any("Dupont" in row.reason for row in result.rows() if row.reason)
    assert personal(caplog.text) == []


async def test_reason_of_doubt_quotes_no_server():
    """Why a row is in doubt is said with the status and the code of the last reply, and none of its words."""
    clock = FastClock(50)
    async with (
        Sandbox(clock=clock, honour_idempotency=False) as sandbox,
        AlloClient(sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=10) as allo,
    ):
        failing = faults.error(500, "INTERNAL_ERROR", message=WORDS, commit=True)
        sandbox.script(failing)
        sandbox.script(failing, method="GET", when=lambda _: bool(sandbox.ledger.appends))
        with pytest.raises(errors.ServerError) as lost:
            await allo.queue().append(us_numbers(1, 1))

    result = lost.value.result
    assert "500 INTERNAL_ERROR" in result.in_doubt[0].reason
    assert personal(printed(result) + result.in_doubt[0].reason) == []


def test_words_of_the_api_stay():
    """A reason that is a word is counted under its own name."""
    rows = [SkippedNumber(index=0, number="x", reason="NUMBER_ON_HOLIDAY_2", source="server")]

    assert "1 NUMBER_ON_HOLIDAY_2" in AppendResult(skipped=rows).summary()
    assert SpreadResult(skipped=rows).to_dict(numbers=False)["skipped_by_reason"] == {"NUMBER_ON_HOLIDAY_2": 1}
