"""Whatever is sent to the sandbox, it answers as the API does, and a request that it refuses changes nothing."""

import io
import itertools
import json
from urllib.parse import quote

import aiohttp
import pytest
import yarl

from allo_async.sandbox import Sandbox, faults
from allo_async.sandbox.reception import LARGEST_BODY

QUEUE = "/v2/api/dialing-queues/current"
NUMBERS = f"{QUEUE}/numbers"
ASSIGNEE = "/v2/api/dialing-queues/{queue_id}/assignee"
JSON = {"Content-Type": "application/json"}
ROW = {"number": "+12125550010"}

# Each body that is accepted, with the fields that are no text.
BODIES = {
    ("POST", NUMBERS): {"numbers": [ROW], "user_id": None, "email": None},
    ("POST", QUEUE): {"name": None, "user_id": None, "email": None},
    ("PATCH", QUEUE): {
        "name": "Monday",
        "voicemail_handling": "SKIP",
        "do_not_disturb": "ENABLED",
        "user_id": None,
        "email": None,
    },
    ("PATCH", ASSIGNEE): {"user_id": None, "email": "tom@acme.example"},
}
ROW_FIELDS = ["number", "name", "last_name", "company", "website", "job_title", "emails", "addresses"]
QUERIES = {
    ("GET", QUEUE): ["user_id", "email", "page", "size"],
    ("DELETE", NUMBERS): ["user_id", "email", "number", "position", "unassigned"],
    ("GET", "/v2/api/users"): ["role", "status"],
    ("GET", "/v2/api/users/usr-0"): [],
    ("GET", "/v2/api/me"): [],
}
ENDPOINTS = [*BODIES, *QUERIES]

# What no field takes, whatever its type.
WRONG = [True, 7, -1.5, 10**30, {}, {"a": {}}, [None], [[]], [{"number": None}], [7]]
ODD = ["", "\x00", "\u202e", "\U0001d7d9", "x" * 300, "9" * 5_000]
NOT_JSON = [
    b"{",
    b"\xff\xfe",
    b"null",
    b"[]",
    b'"x"',
    b"7",
    b'{"email": "\\ud800"}',
    b"NaN",
    b"[" * 100_000,
    b"\xef\xbb\xbf{}",
]
ODD_QUERY = [*ODD, "-1", "0", "1.5", "9" * 23, "٣", "null", "TRUE", "%FF", "%ED%A0%80", "1&{name}=1", "a&{name}="]
ODD_HEADERS = [
    {"Idempotency-Key": "k" * 10_000},
    {"Idempotency-Key": ""},
    {"Idempotency-Key": "\udcff"},
    {"Idempotency-Key": "clé"},
    [("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
    {"X-Request-Id": "\udcff"},
    {"X-Request-Id": "x" * 5_000},
    {"Expect": "everything"},
    {"Content-Encoding": "gzip"},
    {"Accept": "text/html"},
]


@pytest.fixture(name="sandbox")
async def _sandbox(clock):
    async with Sandbox(clock=clock, write_per_second=None, read_per_second=None) as sandbox:
        sandbox.fill(None, 3)
        yield sandbox


@pytest.fixture(name="send")
async def _send(sandbox):
    """Sends a request, and checks what holds for every answer."""
    async with aiohttp.ClientSession() as session:
        queue_id = None

        async def send(method, path, *, headers=(), **content):
            nonlocal queue_id
            authorization = {"Authorization": f"Api-Key {sandbox.api_key}"}
            if queue_id is None:
                async with session.get(sandbox.url + QUEUE, headers=authorization) as response:
                    queue_id = (await response.json())["queue"]["id"]
            listed = list(headers.items() if isinstance(headers, dict) else headers)
            target = yarl.URL(sandbox.url + path.replace("{queue_id}", queue_id), encoded=True)
            before = everything(sandbox)
            async with session.request(
                method, target, headers=[*authorization.items(), *listed], **content
            ) as response:
                body = await response.read()
                document = json.loads(body) if body else None
                check(method, response, document)
            if response.status >= 400:
                assert everything(sandbox) == before
                assert sandbox.ledger.requests[-1].added == []
            assert (sandbox.ledger.requests[-1].status, sandbox.ledger.requests[-1].fault) == (response.status, None)
            return response.status, document

        yield send


def everything(sandbox):
    return {user: queue.entries[:] for user, queue in sandbox._team.queues.items()}, repr(sandbox._team.queues)


def check(method, response, document):
    """An answer is JSON with the API's headers; a refusal is in the envelope, and names its fields."""
    assert response.status < 500
    assert response.headers["X-Request-Id"].isascii()
    if response.status < 400:
        assert "data" in document
    elif method != "HEAD":
        error = document["error"]
        assert {"type", "code", "message", "retryable", "request_id"} <= set(error)
        assert error["request_id"] == response.headers["X-Request-Id"]
        assert error["code"] != "VALIDATION_ERROR" or all(told["field"] for told in error["errors"])


@pytest.mark.parametrize(("endpoint", "field"), [(end, field) for end, body in BODIES.items() for field in body])
async def test_body_field_of_a_wrong_type_is_named(send, endpoint, field):
    """No field of any body takes what is no text, and the refusal says which field it was."""
    for value in WRONG:
        status, document = await send(*endpoint, json=BODIES[endpoint] | {field: value})

        assert (status, document["error"]["code"]) == (400, "VALIDATION_ERROR"), value
        assert all(told["field"].startswith(field) for told in document["error"]["errors"])


@pytest.mark.parametrize(("endpoint", "field"), [(end, field) for end, body in BODIES.items() for field in body])
async def test_body_field_may_be_odd(send, endpoint, field):
    """Odd text, null, and no field at all are answered, whatever the answer."""
    body = BODIES[endpoint]
    for value in [*ODD, None]:
        await send(*endpoint, json=body | {field: value})
    await send(*endpoint, json={name: value for name, value in body.items() if name != field})
    await send(*endpoint, json=body | {"an_unknown_field": [1]})


@pytest.mark.parametrize("field", ROW_FIELDS)
async def test_row_field_of_a_wrong_type_is_named(send, field):
    """Each wrong field of a row is named with its row."""
    for value in [*WRONG, None] if field == "number" else [value for value in WRONG if value != []]:
        status, document = await send("POST", NUMBERS, json={"numbers": [ROW, ROW | {field: value}]})

        assert status == 400, value
        assert all(told["field"].startswith(f"numbers[1].{field}") for told in document["error"]["errors"])
    for value in ODD:
        await send("POST", NUMBERS, json={"numbers": [ROW | {field: value}]})


@pytest.mark.parametrize("endpoint", BODIES)
async def test_what_is_no_json_object_is_refused(send, endpoint):
    """Half a document, another type, bytes that are no UTF-8 and nesting without end are a 400, another type a 415."""
    for data in NOT_JSON:
        assert (await send(*endpoint, data=data, headers=JSON))[0] == 400, data[:20]
    for kind in ("text/plain", "application/x-www-form-urlencoded", "\udcff/;;=", "application/json-seq"):
        status, document = await send(*endpoint, data=b"{}", headers={"Content-Type": kind})
        assert (status, document["error"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_update_and_append_take_no_empty_body(send):
    """An empty body resets one's own queue; the append and the update need one."""
    assert [(await send(method, path))[0] for method, path in BODIES] == [400, 200, 400, 400]


@pytest.mark.parametrize(
    ("endpoint", "field"), [(end, field) for end, fields in QUERIES.items() for field in [*fields, "unknown"]]
)
async def test_query_may_be_odd(send, endpoint, field):
    """An odd, empty, huge or repeated query field is answered; a repeated one is refused by its name."""
    method, path = endpoint
    for value in ODD_QUERY:
        text = value.replace("{name}", field)
        raw = text if "&" in value or "%" in value else quote(text)
        status, document = await send(method, f"{path}?{field}={raw}")
        if "&" in value:
            assert (status, document["error"]["param"]) == (400, field)


@pytest.mark.parametrize(
    ("query", "field"),
    [("page=0", "page"), ("page=" + "9" * 23, "page"), ("size=0", "size"), ("page=x&size=y", "page")],
)
async def test_page_is_a_whole_number(send, query, field):
    """A page is named by a whole number of a usual size."""
    status, document = await send("GET", f"{QUEUE}?{query}")

    assert (status, document["error"]["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{NUMBERS}?position=-1", "position"),
        (f"{NUMBERS}?unassigned=yes", "unassigned"),
        ("/v2/api/users?role=BOSS", "role"),
        ("/v2/api/users?status=", "status"),
    ],
)
async def test_query_field_of_a_wrong_value_is_named(send, path, field):
    """A filter that cannot be meant is refused instead of ignored."""
    status, document = await send("GET" if "users" in path else "DELETE", path)

    assert (status, document["error"]["errors"][0]["field"]) == (400, field)


async def test_other_methods_and_paths(send):
    """A known path says which methods it takes, an unknown one that it is none."""
    known = {path for _, path in ENDPOINTS}
    for method, path in itertools.product(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"], known):
        if (method, path) not in ENDPOINTS and not path.endswith("usr-0"):
            assert (await send(method, path))[0] == 405, (method, path)
    for path in ("/", "/a%0Ab", f"{QUEUE}/", "/v2/api/users/a/b", "/v1/api/me", "/%FF", "/" + "a" * 9_000, "//x/y"):
        assert (await send("GET", path))[1]["error"]["code"] == "ENDPOINT_NOT_FOUND", path
    for name in ("%00", "%FF", "%F0%9F%98%80", "x" * 5_000, "{id}"):
        assert (await send("GET", f"/v2/api/users/{name}"))[0] == 404


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_headers_may_be_odd(send, endpoint):
    """An odd header is answered; an Idempotency-Key that is none is refused before anything is done."""
    for headers in ODD_HEADERS:
        status, _ = await send(*endpoint, json=BODIES.get(endpoint), headers=headers)
        assert "Idempotency-Key" not in dict(headers) or status == 400


@pytest.mark.parametrize(
    "authorization", ["", "Api-Key", "Api-Key ", "Api-Key \udcff", "api-key x", "Api-Key " + "x" * 9_000]
)
async def test_odd_authorization_is_a_401(sandbox, authorization):
    """No authorization is so odd that it fails the server."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(sandbox.url + QUEUE, headers={"Authorization": authorization}) as response,
    ):
        assert response.status == 401


async def test_body_is_bounded(send):
    """A body that is too large is a 413 that says how large one may be."""
    status, document = await send("POST", NUMBERS, data=io.BytesIO(b" " * (LARGEST_BODY + 1)), headers=JSON)

    assert (status, document["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert "16 MB" in document["error"]["message"]


async def test_own_failure_is_a_500_in_the_envelope_and_in_the_log(sandbox, caplog):
    """A failure of the sandbox's own is answered as the API would, and its traceback is logged."""
    sandbox.script(faults.reply(lambda content: content["nothing"]), at=1)
    headers = {"Authorization": f"Api-Key {sandbox.api_key}"}

    async with (
        aiohttp.ClientSession() as session,
        session.post(sandbox.url + NUMBERS, json={"numbers": [ROW]}, headers=headers) as response,
    ):
        document = await response.json()

    assert (response.status, document["error"]["code"]) == (500, "INTERNAL_SERVER_ERROR")
    assert document["error"]["request_id"] == sandbox.ledger.requests[-1].request_id
    assert sandbox.ledger.requests[-1].status == 500
    assert "KeyError: 'nothing'" in caplog.text
