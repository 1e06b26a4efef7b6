"""`to_dict()`: a result as plain values for JSON, with or without what names a person."""

import json

import jsonschema
import orjson
import pytest
from pydantic import TypeAdapter

from allo_async import AppendResult, Contact, PendingContact, RowFate, SpreadResult
from tests.models.conftest import PEOPLE

TOTALS = {"rows": 5, "added": 1, "skipped": 2, "pending": 1, "in_doubt": 1}
REASONS = {"INVALID_PHONE_NUMBER": 1, "INVALID_CONTACT": 1}


def test_result_as_json(appended):
    """The counts, the reasons and the rows come in a fixed order, and are what the result has."""
    told = appended.to_dict()

    assert list(told) == ["totals", "skipped_by_reason", "recovered", "rows"]
    assert (told["totals"], told["skipped_by_reason"], told["recovered"]) == (TOTALS, REASONS, 1)
    assert [list(row) for row in told["rows"]] == [list(RowFate._fields)] * 5
    assert [RowFate(**row) for row in told["rows"]] == appended.rows()


def test_spread_as_json(spread):
    """A spread has its queues behind, as `table()` has them."""
    told = spread.to_dict()

    assert list(told) == ["totals", "skipped_by_reason", "recovered", "rows", "queues"]
    assert told["queues"] == spread.table()


@pytest.mark.parametrize("kind", ["appended", "spread"])
@pytest.mark.parametrize("numbers", [True, False])
def test_json_comes_back_as_it_was(request, kind, numbers):
    """Both json and orjson write it, and read back the same."""
    told = request.getfixturevalue(kind).to_dict(numbers=numbers)

    assert json.loads(json.dumps(told)) == orjson.loads(orjson.dumps(told)) == told


def test_half_a_surrogate_pair_costs_no_json():
    """What no JSON takes in a row's number does not keep the result from being written."""
    result = AppendResult(pending=[PendingContact(index=0, contact=Contact("\ud83d"))])

    assert orjson.loads(orjson.dumps(result.to_dict()))["rows"][0]["number"] == "\\ud83d"


@pytest.mark.parametrize("kind", ["appended", "spread"])
def test_without_numbers_nobody_is_named(request, kind):
    """`numbers=False` leaves out numbers, names, addresses and what quotes a row, and keeps the rest."""
    result = request.getfixturevalue(kind)

    told = result.to_dict(numbers=False)

    assert [word for word in PEOPLE if word in json.dumps(told, ensure_ascii=False)] == []
    assert (told["totals"], told["skipped_by_reason"]) == (TOTALS, REASONS)
    assert [(row["index"], row["fate"], row["reason"], row["position"]) for row in told["rows"]] == [
        (row.index, row.fate, row.reason, row.position) for row in result.rows()
    ]


def test_without_numbers_queues_are_told_apart(spread):
    """A queue that is named by an e-mail address is called by its place, in its rows too; its error has no words."""
    told = spread.to_dict(numbers=False)

    assert [(queue["queue"], queue["error"]) for queue in told["queues"]] == [
        ("usr-1", None),
        ("(queue 1)", "AssigneeNotFoundError ASSIGNEE_NOT_FOUND"),
        ("(key owner)", None),
    ]
    assert [row["queue"] for row in told["rows"]] == ["(key owner)", "usr-1", None, "(queue 1)", None]


def test_code_that_is_no_word_is_left_out(spread):
    """A server that puts a number into an error's code does not get it into a log."""
    spread.shares[1].error.code = "+33612345678"

    assert spread.to_dict(numbers=False)["queues"][1]["error"] == "AssigneeNotFoundError"


@pytest.mark.parametrize("kind", ["appended", "spread"])
def test_result_is_a_mapping_of_its_json(request, kind):
    """`dict(result)`, which FastAPI makes of what it does not know, is `to_dict()`, key by key."""
    result = request.getfixturevalue(kind)

    assert dict(result) == {**result} == result.to_dict()
    with pytest.raises(KeyError, match="added"):
        result["added"]


@pytest.mark.parametrize("kind", ["appended", "spread"])
def test_json_is_what_its_schema_says(request, kind):
    """The schema that OpenAPI documents show fits what is given, and names every key of it."""
    result = request.getfixturevalue(kind)
    schema = TypeAdapter(type(result)).json_schema(mode="serialization")

    jsonschema.validate(result.to_dict(), schema, cls=jsonschema.Draft202012Validator)

    assert list(schema["properties"]) == list(result.to_dict())
    assert list(schema["properties"]["rows"]["items"]["properties"]) == list(RowFate._fields)


def test_json_of_nothing():
    """A result without rows has all keys."""
    assert SpreadResult().to_dict() == {
        "totals": {"rows": 0, "added": 0, "skipped": 0, "pending": 0, "in_doubt": 0},
        "skipped_by_reason": {},
        "recovered": 0,
        "rows": [],
        "queues": [],
    }
