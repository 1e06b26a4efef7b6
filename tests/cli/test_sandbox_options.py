"""`allo-async sandbox` with its options, as a process of its own, asked by a client that is not ours."""

import contextlib
import http.client
import itertools
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from allo_async.cli.fault_option import read_fault
from allo_async.sandbox.envelope import KNOWN

COMMAND = [sys.executable, "-m", "allo_async", "sandbox", "--port", "0"]
QUEUE = "/v2/api/dialing-queues/current"


@contextlib.contextmanager
def served(*options):
    """Run the command with *options*, and yield what asks it."""
    process = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True)
    told = dict(
        line.removeprefix("export ").strip().split("=", 1)
        for line in itertools.takewhile(lambda line: line != "Ctrl-C stops it.\n", process.stdout)
        if line.startswith("export ")
    )

    def ask(method, path, body=None):
        headers = {"Authorization": f"Api-Key {told['ALLO_API_KEY']}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(told["ALLO_BASE_URL"] + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                content = error.read()
                is_json = error.headers.get_content_type() == "application/json"
                return error.code, json.loads(content)["error"]["code"] if is_json else content

    try:
        yield ask
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        assert process.returncode == 0


def append(ask, count=1):
    return ask("POST", f"{QUEUE}/numbers", {"numbers": [{"number": f"+1212{2_000_000 + row}"} for row in range(count)]})


def test_limits_and_capacity_are_options():
    """The limits are those that `GET /me` tells and that are kept; a queue is full where the option says."""
    options = ["--write-per-second", "3", "--read-per-second", "7", "--capacity", "4", "--latency", "0.001"]
    with served(*options, "--seconds-per-row", "0.001", "--region", "fr") as ask:
        assert ask("GET", "/v2/api/me")[1]["data"]["rate_limits"] == {"read_per_second": 7, "write_per_second": 3}
        assert [append(ask, 4)[0], *append(ask, 1)] == [200, 400, "DIALING_QUEUE_LIMIT_REACHED"]
        assert 429 in [append(ask)[0] for _ in range(9)]


def test_region_and_rates_are_options():
    """National numbers are read as the region's, and refusals come by themselves."""
    with served("--region", "fr", "--conflict-rate", "0") as ask:
        _, reply = ask("POST", f"{QUEUE}/numbers", {"numbers": [{"number": "06 12 34 56 78"}]})
        assert reply["data"]["added"][0]["number_to"] == "+33612345678"
    with served("--conflict-rate", "1") as ask:
        assert append(ask) == (409, "DIALING_QUEUE_APPEND_CONFLICT")
    with served("--rate-limit-rate", "1") as ask:
        assert append(ask) == (429, "RATE_LIMIT_EXCEEDED")


def test_faults_strike_the_appends_that_are_named():
    """Error codes, statuses and broken replies come at their appends, and at no others."""
    kinds = ["DIALING_QUEUE_APPEND_CONFLICT@1", "503@2-3", "html@4", "RATE_LIMIT_EXCEEDED@6-"]
    options = [word for kind in kinds for word in ("--fault", kind)]
    with served("--write-per-second", "100", *options) as ask:
        assert [append(ask)[0] for _ in range(7)] == [409, 503, 503, 502, 200, 429, 429]
        assert ask("POST", QUEUE)[0] == 200
    with served("--fault", "commit-and-drop") as ask:
        with pytest.raises(http.client.RemoteDisconnected):
            append(ask)
        assert ask("GET", QUEUE)[1]["pagination"]["total_count"] == 1


@pytest.mark.parametrize("code", KNOWN)
def test_every_documented_code_is_a_fault(code):
    """A fault may be named by any code that the API documents."""
    assert read_fault(f"{code}@2").at == range(2, 3)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--fault", "thunder", "'thunder' is no error code of the API"),
        ("--fault", "200", "'200' is no error code"),
        ("--fault", "drop@", "names no appends"),
        ("--fault", "drop@0", "'0' names no appends"),
        ("--fault", "drop@5-2", "'5-2' ends before it begins"),
        ("--fault", "", "is no error code"),
        ("--region", "UK", "the United Kingdom is GB"),
        ("--region", "", "two letters"),
        ("--latency", "-1", "equal to 0"),
        ("--latency", "soon", "number"),
        ("--capacity", "0", "equal to 1"),
        ("--write-per-second", "0", "equal to 1"),
        ("--read-per-second", "2.5", "integer"),
        ("--conflict-rate", "2", "equal to 1"),
        ("--port", "99999", "equal to 65535"),
    ],
)
def test_bad_value_is_refused_with_the_name_of_its_option(run, option, value, said):
    """A value that makes no sense is wrong usage, told with the option's name."""
    result = run("sandbox", option, value, code=2)

    assert option in result.stderr
    assert said in result.stderr
