"""Every message of the command says what failed and what to type next, in words for people."""

import inspect
import re
import socket
import ssl

import pytest

from allo_async import errors
from allo_async.cli.unknown_rep import UnknownRepError
from allo_async.cli.wording import OUR_MISTAKE, sentence
from allo_async.sandbox import envelope, faults
from tests.end_to_end.numbers import us_numbers

MARIE = "marie@acme.example"

# What a newcomer cannot be expected to know.
FORBIDDEN = re.compile(
    r"\b[A-Z]\w*(?:Error|Exception)\b|\b[1-5]\d\d\b|\bHTTP\b|\bTLS\b|\bSSL\b|[Tt]imeout|Traceback|\bNone\b|AlloClient|"
    r"aiohttp|asyncio|load_id|on_changed_input|api_key=|\bGET\b|\bPOST\b|/v2/|\[Errno"
)

# The next thing to do: a command, an option, a variable, or to try again.
WAY_ON = re.compile(r"allo-async [a-z]+|--[a-z-]+|ALLO_[A-Z_]+|HTTPS_PROXY|again|Check ")

CODES = sorted(envelope.KNOWN)


def made(kind):
    """Make an error of *kind* as the library would."""
    if kind is errors.InputChangedError:
        return kind("row 3 is another one", index=3)
    if issubclass(kind, errors.ApiError):
        return kind("Something.", status=499, code=None, request_id="req_abc")
    if issubclass(kind, errors.UnreadableReplyError):
        return kind("an answer that makes no sense", status=200, request_id="req_abc")
    if issubclass(kind, errors.TransportError):
        return kind("could not connect: ClientConnectorError: …", request_id="req_abc")
    return kind("something about HTTP and AlloClient(api_key=…)")


# These carry their own sentence, which says what to do.
OWN_WORDS = {
    errors.AlloError,
    errors.ConfigurationError,
    errors.InvalidRegionError,
    errors.JournalError,
    errors.JournalBusyError,
    errors.InputChangedError,
}

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.AlloError) and kind not in OWN_WORDS
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_has_words_and_a_way_on(kind):
    """Each error of the library is a sentence without programming, with something to do next."""
    told = sentence(made(kind), rep=MARIE)

    assert not FORBIDDEN.search(told.replace("(request req_abc)", ""))
    assert WAY_ON.search(told)
    assert told[0].isupper()


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_the_api_has_words(sandbox, run, tmp_path, code):
    """Each documented refusal, met in a load, is told in words with its code behind, and never as a number."""
    status = envelope.KNOWN[code].status
    sandbox.script(faults.error(status, code, message=envelope.KNOWN[code].message), times=2)
    leads = tmp_path / "leads.csv"
    leads.write_text("Phone\n" + us_numbers(1)[0], "utf-8")
    result = run("load", leads, "--to", MARIE, "--no-journal", "--deadline", "3", code=None)

    assert not FORBIDDEN.search(result.output.replace(str(tmp_path), ""))
    if result.exit_code:
        assert code in result.output


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "no address is known"),
        (ConnectionRefusedError(111, "Connection refused"), "nothing listens"),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), "cannot be trusted"),
        (ssl.SSLError(1, "wrong version number"), "no secure connection"),
        (TimeoutError(), "in time"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
        (RuntimeError("odd"), "in time"),
    ],
)
def test_unreachable_server_is_told_with_its_cause(cause, words):
    """Why no connection came about is told in words, with what to check."""
    error = errors.ConnectionFailedError("could not connect: ClientConnectorError: […]")
    error.__cause__ = cause

    told = sentence(error)

    assert words in told
    assert "Check" in told
    assert not FORBIDDEN.search(told)


def test_full_queue_names_the_command_that_shows_it():
    """A full queue is told with the command that shows that rep's queue."""
    told = sentence(errors.QueueFullError("no", status=400, code="DIALING_QUEUE_LIMIT_REACHED"), rep=MARIE)

    assert f"allo-async queue show --of {MARIE}" in told
    assert "--on-full-queue wait" in told
    assert told.endswith("(DIALING_QUEUE_LIMIT_REACHED)")


def test_numbers_in_the_api_s_words_are_not_shown():
    """What the API says of a row is told without its number."""
    told = sentence(errors.BadRequestError("The number +12125550100 is odd.", status=400, code="ODD"))

    assert "The number (number) is odd" in told
    assert "2125550100" not in told


def test_rate_limit_says_for_how_long():
    """How long to wait stands in the sentence."""
    assert "again in 30 s" in sentence(errors.RateLimitedError("slow", status=429, retry_after=30.0))


def test_unknown_rep_keeps_its_own_words():
    """What is said of a rep who is not found is told as it is."""
    assert sentence(UnknownRepError("Jo is not in the team")) == "Jo is not in the team (ASSIGNEE_NOT_FOUND)"


def test_mistake_of_ours_is_an_apology(run, tmp_path, monkeypatch):
    """An error that nobody foresaw is one line and exit code 1; --verbose shows where it broke."""
    monkeypatch.setattr("allo_async.cli.loading.read_source", lambda *_, **__: 1 / 0)

    short = run("load", tmp_path / "leads.csv", "--mine", code=1)
    long = run("load", tmp_path / "leads.csv", "--mine", "--verbose", code=1)

    assert short.stderr.strip() == OUR_MISTAKE
    assert "ZeroDivisionError" in long.stderr


@pytest.mark.parametrize("name", ["", "missing.csv", "folder"])
def test_file_that_is_none_is_one_line(sandbox, run, tmp_path, name):
    """A missing file and a directory are told by their path; nothing is asked."""
    (tmp_path / "folder").mkdir()

    told = run("load", tmp_path / name, "--to", MARIE, code=2).stderr

    assert str(tmp_path / name) in told
    assert not FORBIDDEN.search(told.replace(str(tmp_path), ""))
    assert sandbox.ledger.requests == []


def test_wrong_usage_names_the_help(run):
    """An option that there is not is one line, and the help to look into."""
    told = run("load", "leads.csv", "--nonsense", code=2).stderr

    assert "--nonsense" in told
    assert "allo-async load --help" in told.replace("root", "allo-async")


def test_retry_is_told_without_advice(sandbox, run, tmp_path):
    """While the command tries again by itself, it says why, and tells nobody to do anything."""
    sandbox.script(faults.conflict(), times=1)
    leads = tmp_path / "leads.csv"
    leads.write_text("Phone\n" + us_numbers(1)[0], "utf-8")

    told = run("load", leads, "--to", MARIE, code=0).stderr

    assert "trying again: Others kept adding to the same queue at the same moment (DIALING_QUEUE_APPEND_" in told
    assert "Run the same command" not in told
