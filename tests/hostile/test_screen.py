"""Text from outside is shown and obeyed nowhere: on a terminal, in a pipe, in a log, in JSON and in files."""

import json
import logging
import os
import re

import pytest

from allo_async.cli.logs import last_words
from allo_async.cli.terminal import Screen
from allo_async.errors import BadRequestError
from allo_async.models import FieldError
from allo_async.sandbox import faults
from tests.cli.pseudo_terminal import PseudoTerminal
from tests.end_to_end.numbers import us_numbers

MARIE = "marie@acme.example"
NUMBER = us_numbers(1)[0]
_GROUPS = 3

#: By what it would do.
HOSTILE = {
    "closing_markup": "[/bold]",
    "closing_anything": "[/]",
    "open_markup": "[bold red on blue]",
    "live_link": "[link=http://evil.example]x[/link]",
    "markup_escape": "\\[bold]\\",
    "emoji_code": ":smile:",
    "colour": "\x1b[31mred",
    "clear_screen": "\x1b[2J\x1b[H",
    "osc_link": "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "title": "\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "device_control": "\x1bP+q544e\x1b\\",
    "c1_csi": "\x9b2J",
    "c1_osc": "\x9d0;owned\x9c",
    "bell": "\x07",
    "backspaces": "yes\x08\x08\x08no ",
    "carriage_return": "bad\rall is well",
    "forged_line": "x\nWARNING allo_async all rows are added",
    "crlf": "x\r\nallo_reason",
    "vertical_tab": "a\x0bb\x0cc",
    "override": "\u202egnp.exe",
    "isolates": "\u2066\u2067\u2068x\u2069",
    "direction_marks": "\u200e\u200f\u061c",
    "line_separator": "a\u2028b\u2029c",
    "next_line": "a\x85b",
    "zero_width": "a\u200b\u200d\ufeffb",
    "delete": "a\x7fb",
    "formula": "=cmd|' /C calc'!A0",
    "format_braces": "{host} %s {0} {show_queue}",
}
#: What no line may have, but for the breaks that end it.
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
#: What rich itself does to a terminal: colours, cursor, lines drawn over.
DRAWN = re.compile(r"\x1b\[(?:\?25[lh]|\d*[AK]|[\d;]*m)|\r")


def source(folder, content=f"Phone\n{NUMBER}\n", name="leads.csv"):
    path = folder / name
    path.write_text(content, "utf-8", newline="")
    return path


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def skip_reason(folder, sandbox, text):
    def change(content):
        data = content["data"]
        data["skipped"] = [{"number": entry["number_to"], "reason": text} for entry in data["added"]]
        data["added"] = []
        return content

    sandbox.script(faults.reply(change, name="odd reason"))
    return ["load", source(folder), "--to", MARIE]


def refusal(folder, sandbox, text):
    sandbox.script(faults.error(400, text, message=text))
    return ["load", source(folder), "--to", MARIE]


def refusal_of_the_key(folder, sandbox, text):
    sandbox.script(faults.error(401, text, message=text), method="GET")
    return ["whoami"]


def rep_of_a_row(folder, sandbox, text):
    return ["load", source(folder, f"Phone,Rep\n{NUMBER},{quoted(text)}\n+12125550100,{MARIE}\n"), "--to-column", "Rep"]


def header(folder, sandbox, text):
    return ["load", source(folder, f"Phone,{quoted(text)}\n{NUMBER},a\n"), "--to", MARIE]


def cell(folder, sandbox, text):
    # A text file has few controls for its length, or is taken for another kind.
    content = f"Phone,Name\n{quoted(text)},{quoted(text)}\n{NUMBER},{'x' * 20_000}\n"
    return ["load", source(folder, content), "--to", MARIE]


def file_name(folder, sandbox, text):
    return ["load", source(folder, f"Phone\n{NUMBER}\nn/a\n", name=f"{usable(text)}.csv"), "--to", MARIE]


def missing_file(folder, sandbox, text):
    return ["load", folder / f"{usable(text)}.csv", "--to", MARIE]


def journal_path(folder, sandbox, text):
    (folder / usable(text)).write_text("no journal " * 200, "utf-8")
    return ["load", source(folder), "--to", MARIE, "--journal", folder / usable(text)]


def user(folder, sandbox, text):
    sandbox.add_user(f"x{text}@acme.example", name=text)
    return ["users"]


def queue_name(folder, sandbox, text):
    return ["queue", "rename", f"x{text}", "--of", MARIE]


def load_argument(folder, sandbox, text):
    return ["load", source(folder), "--to", f"x{text}"]


def wanted_column(folder, sandbox, text):
    return ["load", source(folder), "--to", MARIE, "--map", f"number=x{text}"]


def suppression_file(folder, sandbox, text):
    return ["load", source(folder), "--to", MARIE, "--suppress", folder / f"{usable(text)}.csv"]


PLACES = [
    *(skip_reason, refusal, refusal_of_the_key, rep_of_a_row, header, cell, file_name, missing_file, journal_path),
    *(user, queue_name, load_argument, wanted_column, suppression_file),
]


def assert_inert(printed):
    assert not OBEYED.search(printed), ascii(printed)
    assert "Traceback" not in printed
    assert "mistake of its own" not in printed


def usable(text):
    """Return *text* as the name of a file."""
    return "x" + text.replace("/", "|")


def texts():
    """Return the hostile texts, several in one but where each is to be tried alone, as `make hostile` does."""
    if os.environ.get("ALLO_HOSTILE_ALONE"):
        return HOSTILE
    names = list(HOSTILE)
    groups = [names[at::_GROUPS] for at in range(_GROUPS)]
    return {" ".join(group): "".join(HOSTILE[name] for name in group) for group in groups}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_no_text_is_obeyed(sandbox, run, tmp_path_factory, place, caplog):
    """With each hostile text the command ends as with a tame one, and nothing that it prints or logs has a control."""
    caplog.set_level(logging.INFO)
    codes = {}
    for name, text in {"tame": "tame", **texts()}.items():
        folder = tmp_path_factory.mktemp("folder")
        result = run(*place(folder, sandbox, text), code=None)
        codes[name] = result.exit_code
        assert_inert(result.stdout + result.stderr)
        for path in folder.glob("*not-added*"):
            for line in path.read_text("utf-8-sig").splitlines()[1:]:
                assert not line.rpartition(",")[2].startswith(("=", "@"))
    assert set(codes.values()) == {codes["tame"]}, codes
    for record in caplog.records:
        if record.name.startswith("allo_async"):
            assert_inert(record.getMessage())
            assert "\n" not in record.getMessage()


@pytest.mark.parametrize(
    "name", ["ALLO_BASE_URL", "ALLO_API_KEY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALLO_COORDINATION"]
)
def test_environment_is_not_obeyed(sandbox, run, tmp_path, monkeypatch, name):
    """Whatever an environment variable says is shown inert, or not at all."""
    monkeypatch.chdir(tmp_path)
    for text in texts().values():
        for start in ("", "http://", "https://"):
            monkeypatch.setenv(name, start + text)
            result = run("load", source(tmp_path), "--to", MARIE, "--deadline", 2, code=None)
            assert_inert(result.stdout + result.stderr)


@pytest.mark.parametrize("where", ["message", "code", "request_id", "suggestion", "field", "field_message"])
def test_error_is_one_inert_line(where):
    """An error of the library is one line without controls, whatever part of it the server wrote."""
    for text in HOSTILE.values():
        said = {"message": "m", "code": "C", "request_id": "r", "suggestion": "s"}
        field = {"field": "f", "code": "C", "message": "m"}
        said |= {where: text} if where in said else {}
        field |= {where.removeprefix("field_"): text} if where.startswith("field") else {}
        error = BadRequestError(**said, status=400, errors=[FieldError(**field)])

        for told in (str(error), repr(error)):
            assert_inert(told)
            assert "\n" not in told


def test_log_that_nobody_takes_is_one_inert_line(capsys):
    """What asyncio or another library logs is shown as one line."""
    record = logging.LogRecord("asyncio", logging.ERROR, "x", 1, "".join(HOSTILE.values()), None, None)

    with last_words(Screen(stderr=True)):
        logging.lastResort.handle(record)

    printed = capsys.readouterr().err
    assert_inert(printed)
    assert printed.count("\n") == 1


@pytest.mark.parametrize("place", [skip_reason, refusal, user, queue_name], ids=lambda place: place.__name__)
def test_json_is_ascii_without_controls(sandbox, run, tmp_path, place):
    """The JSON document has what the server says word by word, and no byte that a screen obeys."""
    text = "".join(HOSTILE.values())[:250]
    arguments = place(tmp_path, sandbox, text)
    if place is queue_name:
        run(*arguments, code=0)
        arguments = ["queue", "show", "--of", MARIE]

    printed = run(*arguments, "--json", code=None).stdout

    assert not re.search("[^\n\x20-\x7e]", printed)
    json.loads(printed)


@pytest.mark.parametrize("place", [skip_reason, refusal, header, file_name], ids=lambda place: place.__name__)
def test_no_text_is_obeyed_on_a_terminal(sandbox, tmp_path, place):
    """On a terminal all that reaches the screen besides text is what rich draws with, and no link."""
    text = "".join(value for value in HOSTILE.values() if place is not file_name or len(value) < 12)[:240]

    with PseudoTerminal(*place(tmp_path, sandbox, text), columns=100) as terminal:
        terminal.finish()

    assert_inert(DRAWN.sub("", terminal.output))
