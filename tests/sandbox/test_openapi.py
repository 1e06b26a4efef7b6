"""The sandbox against the API's own OpenAPI documents, with requests that schemathesis makes of them.

A few requests an operation in the suite; `ALLO_OPENAPI_EXAMPLES=1000` (`make check-all`) makes more.
"""

import asyncio
import itertools
import os
import threading
from pathlib import Path

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from allo_async.sandbox import Sandbox

EXAMPLES = int(os.environ.get("ALLO_OPENAPI_EXAMPLES", "20"))
# One takes nothing, the other any text as an id.
UNBREAKABLE = {"GET /v2/api/me", "GET /v2/api/users/{id}"}
FOLDER = Path(__file__).parent / "openapi"


def mended(name):
    """Return a published document without the faults that openapi/README.md lists."""
    document = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    schemas = document["components"]["schemas"]
    schemas["ApiErrorResponse"] = schemas["ApiError"]
    refusal = {"description": "A refusal", "content": {"application/json": {"schema": schemas["ApiError"]}}}
    for operation in [operation for path in document["paths"].values() for operation in path.values()]:
        operation["responses"]["default"] = refusal
        for parameter in operation.get("parameters", []):
            if parameter["schema"]["type"] == "integer":
                parameter["schema"] = {"minimum": 1, "maximum": 2**31 - 1} | parameter["schema"]
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            if field.get("format") == "date-time":
                del field["format"]
    if "MeResponse" in schemas:
        schemas["MeResponse"]["properties"]["endpoints"]["items"]["properties"]["method"]["enum"].append("PATCH")
    return document


def operations():
    for name in ("power-dialer-openapi.yml", "users-openapi.yml"):
        schema = schemathesis.openapi.from_dict(mended(name))
        # A field that nobody knows is ignored, and the test brings its own key.
        schema.config.generation.update(allow_extra_parameters=False, with_security_parameters=False)
        for operation, mode in itertools.product([found.ok() for found in schema.get_all_operations()], GenerationMode):
            if mode.is_positive or operation.label not in UNBREAKABLE:
                yield pytest.param(operation, mode, id=f"{operation.label} {mode.value}")


@pytest.fixture(scope="module", name="sandbox")
def _sandbox():
    """A sandbox on a loop of its own thread, since schemathesis waits for its answers."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    sandbox = Sandbox(read_per_second=None, write_per_second=None)
    asyncio.run_coroutine_threadsafe(sandbox.__aenter__(), loop).result()
    yield sandbox
    asyncio.run_coroutine_threadsafe(sandbox.__aexit__(None, None, None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize(("operation", "mode"), list(operations()))
def test_sandbox_is_what_the_document_says(sandbox, operation, mode):
    """Every answer has the documented status, type and schema, and what the document forbids is refused."""

    @given(case=operation.as_strategy(mode))
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def check(case):
        case.call_and_validate(sandbox.url, session=session, headers=headers, excluded_checks=excluded)

    headers = {"Authorization": f"Api-Key {sandbox.api_key}"}
    # No schema says that exactly one filter is needed, or which text is a phone number.
    excluded = [positive_data_acceptance] if operation.method == "delete" else []
    with requests.Session() as session:
        check()
