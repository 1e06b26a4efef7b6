"""A FastAPI handler returns a result, with or without an annotation."""

import subprocess
import sys
from typing import Any

import httpx
import jsonschema
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter, ValidationError

from allo_async import AlloError, AppendResult, SpreadResult
from tests.end_to_end.numbers import us_numbers

MARIE = "marie@acme.example"


class Report(BaseModel):
    """A user's own model, which holds a result."""

    list_name: str
    result: AppendResult


@pytest.fixture(name="app")
def _app(allo):  # noqa: C901 - seven handlers of a line or two
    """The handlers that users write."""
    app = FastAPI()
    queue = allo.queue(email=MARIE)

    @app.post("/annotated")
    async def annotated(leads: list[str]) -> AppendResult:
        return await queue.append(leads)

    @app.post("/bare")
    async def bare(leads: list[str]):
        return await queue.append(leads)

    @app.post("/model", response_model=AppendResult)
    async def model(leads: list[str]) -> Any:
        return await queue.append(leads)

    @app.post("/error")
    async def error_s(leads: list[str]) -> AppendResult:
        try:
            return await queue.append(leads)
        except AlloError as error:
            return error.result

    @app.post("/bare-error")
    async def bare_error_s(leads: list[str]):
        try:
            return {"result": await queue.append(leads)}
        except AlloError as error:
            return {"result": error.result}

    @app.post("/spread")
    async def spread(leads: list[str]) -> SpreadResult:
        return await allo.spread(leads, over=[queue, allo.queue()])

    @app.post("/report")
    async def report(leads: list[str]) -> Report:
        return Report(list_name="monday", result=await queue.append(leads))

    return app


@pytest.fixture(name="web")
async def _web(app):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as web:
        yield web


@pytest.mark.parametrize("path", ["/annotated", "/bare", "/model"])
async def test_handler_returns_a_result(web, sandbox, path):
    """The response is the result's `to_dict()`, in its order, however the handler is annotated."""
    number = us_numbers(1)[0]

    response = await web.post(path, json=[number, "n/a"])

    assert response.status_code == 200
    assert list(response.json()) == ["totals", "skipped_by_reason", "recovered", "rows"]
    assert response.json()["totals"] == {"rows": 2, "added": 1, "skipped": 1, "pending": 0, "in_doubt": 0}
    assert [list(row.values()) for row in response.json()["rows"]] == [
        [0, number, "added", None, 0, None, None],
        [1, "n/a", "skipped", "INVALID_PHONE_NUMBER", None, None, None],
    ]
    assert sandbox.numbers(MARIE) == [number]


@pytest.mark.parametrize("path", ["/error", "/bare-error"])
async def test_handler_returns_the_result_of_an_error(web, sandbox, path):
    """An error's result is returned in the same way, alone or within something else."""
    sandbox.fill(MARIE, 999)

    told = (await web.post(path, json=us_numbers(3))).json()

    told = told.get("result", told)
    assert [row["fate"] for row in told["rows"]] == ["added", "pending", "pending"]


async def test_handler_returns_a_spread(web):
    """A spread's response has the queues as well."""
    told = (await web.post("/spread", json=us_numbers(4))).json()

    assert [(queue["queue"], queue["added"]) for queue in told["queues"]] == [(MARIE, 2), ("(key owner)", 2)]
    assert {row["queue"] for row in told["rows"]} == {MARIE, "(key owner)"}


async def test_result_within_a_model(web):
    """A user's own model may hold a result, and is written with it."""
    told = (await web.post("/report", json=us_numbers(1))).json()

    assert (told["list_name"], told["result"]["totals"]["added"]) == ("monday", 1)


async def test_openapi_document_says_what_comes(web, app):
    """The OpenAPI document has a schema by the name of each kind of result, which its responses fit."""
    document = (await web.get("/openapi.json")).json()

    schemas = document["components"]["schemas"]
    for path, name in (("/annotated", "AppendResult"), ("/model", "AppendResult"), ("/spread", "SpreadResult")):
        answer = document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert answer == {"$ref": f"#/components/schemas/{name}"}
        response = await web.post(path, json=us_numbers(2))
        jsonschema.validate(response.json(), schemas[name], cls=jsonschema.Draft202012Validator)
    assert set(schemas["SpreadResult"]["required"]) - set(schemas["AppendResult"]["required"]) == {"queues"}


def test_only_a_result_is_a_result():
    """Where a model says result, anything else is refused, and no JSON is taken for one."""
    with pytest.raises(ValidationError, match="instance of AppendResult"):
        Report(list_name="monday", result={"rows": []})
    with pytest.raises(ValidationError, match="instance of SpreadResult"):
        TypeAdapter(SpreadResult).validate_python(AppendResult())


def test_results_cost_no_import():
    """A program that has no web server imports neither FastAPI nor pydantic nor pandas for its results."""
    code = (
        "import sys; from allo_async import SpreadResult; r = SpreadResult();"
        "r.rows(), r.to_dict(), dict(r), r._repr_html_();"
        "print(sorted({'fastapi', 'pydantic', 'pydantic_core', 'pandas', 'IPython'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"response_model_include": {"totals"}}, {"totals"}),
        ({"response_model_exclude": {"rows"}}, {"totals", "skipped_by_reason", "recovered"}),
        (
            {"response_model_exclude": {"rows": {"__all__": {"number"}}}},
            {"totals", "skipped_by_reason", "recovered", "rows"},
        ),
    ],
)
async def test_parts_can_be_left_out(allo, options, keys):
    """What a handler says to leave out of its response stays out: the numbers, for one."""
    app = FastAPI()

    @app.get("/", **options)
    async def result() -> AppendResult:
        return await allo.queue(email=MARIE).append(us_numbers(1))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
        response = await client.get("/")

    assert response.json().keys() == keys
    assert us_numbers(1)[0] not in response.text


def test_parts_can_be_left_out_of_a_model(appended):
    """A result within a model of one's own leaves out what the dump says."""
    report = Report(list_name="monday", result=appended)

    assert report.model_dump(exclude={"result": {"rows"}})["result"].keys() == {
        "totals",
        "skipped_by_reason",
        "recovered",
    }
    assert TypeAdapter(AppendResult).dump_python(appended, include={"totals"}) == {"totals": appended.totals.to_dict()}
