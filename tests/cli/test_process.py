"""The command as a process of its own, as users start it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "allo_async"]


def test_demo_loads_the_shipped_list(tmp_path):
    """The shipped list gets in: every row settled, exit code 0."""
    leads = tmp_path / "leads.csv"
    leads.write_bytes((ROOT / "examples/leads.csv").read_bytes())
    arguments = ["load", str(leads), "--to-column", "Owner email", "--region", "FR", "--sandbox", "--json"]

    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    totals = told["totals"]
    assert (totals["rows"], totals["pending"], totals["in_doubt"]) == (2_499, 0, 0)
    assert totals["added"] > 2_300
    assert told["skipped"]["DO_NOT_CALL"] > 0
    assert told["skipped"]["DIGITS_LOST"] > 0


@pytest.fixture(name="server")
def _server():
    """`allo-async sandbox` on a free port, and the environment that it says to set."""
    process = subprocess.Popen([*COMMAND, "sandbox", "--port", "0"], stdout=subprocess.PIPE, text=True)
    exports = {}
    while len(exports) < 2:
        line = process.stdout.readline()
        assert line, "the sandbox ended before it listened"
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").strip().partition("=")
            exports[name] = value
    yield {**os.environ, **exports}
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_sandbox_serves_other_processes(server, tmp_path):
    """What `allo-async sandbox` prints is all that another process needs."""
    leads = tmp_path / "leads.csv"
    leads.write_text("Phone\n+12125550010\n", "utf-8")

    done = subprocess.run(
        [*COMMAND, "load", str(leads), "--mine"], capture_output=True, text=True, check=False, env=server
    )

    assert done.returncode == 0, done.stderr
    assert "1" in done.stdout


def in_the_queue(server):
    url = server["ALLO_BASE_URL"] + "/v2/api/dialing-queues/current"
    request = urllib.request.Request(url, headers={"Authorization": f"Api-Key {server['ALLO_API_KEY']}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["pagination"]["total_count"]


def test_interrupt_prints_the_table_and_writes_the_file(server, tmp_path):
    """Ctrl-C ends with exit code 130, the table, and the rows that did not get in."""
    leads = tmp_path / "leads.csv"
    leads.write_text("Phone\n" + "".join(f"+1212{2_000_000 + place}\n" for place in range(60)), "utf-8")
    process = subprocess.Popen(
        [*COMMAND, "load", str(leads), "--mine", "--chunk-size", "1", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=server,
    )
    while in_the_queue(server) < 3:
        time.sleep(0.1)

    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=10)

    told = json.loads(stdout)
    assert process.returncode == told["exit_code"] == 130
    assert told["totals"]["rows"] == 60
    assert told["totals"]["pending"] > 0
    written = (tmp_path / "leads.not-added.csv").read_text("utf-8-sig").splitlines()
    assert len(written) == 1 + told["totals"]["pending"] + told["totals"]["in_doubt"]


@pytest.mark.parametrize("how", [[signal.SIGINT], [signal.SIGINT, signal.SIGINT], [signal.SIGKILL]])
def test_load_that_was_ended_is_taken_up(server, tmp_path, how):
    """Ctrl-C once, twice, or a kill: the same command goes on, and every number is in the queue once, in order."""
    numbers = [f"+1212{2_000_000 + place}" for place in range(16)]
    leads = tmp_path / "leads.csv"
    leads.write_text("Phone\n" + "".join(f"{number}\n" for number in numbers), "utf-8")
    command = [*COMMAND, "load", str(leads), "--mine", "--chunk-size", "2", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=server)
    # Five writes leave at once, the rest a second later.
    while in_the_queue(server) < 10:
        time.sleep(0.1)
    for number in how:
        process.send_signal(number)
    process.communicate(timeout=10)
    assert process.returncode in {130, -signal.SIGKILL}

    done = subprocess.run(command, capture_output=True, text=True, check=False, env=server)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["totals"]["added"] == 16
    shown = [*COMMAND, "queue", "show", "--numbers", "--json"]
    told = subprocess.run(shown, capture_output=True, text=True, check=True, env=server)
    assert [entry["number_to"] for entry in json.loads(told.stdout)["numbers"]] == numbers


def test_port_in_use_is_told(server):
    """A port that is taken is an error, not a traceback."""
    port = server["ALLO_BASE_URL"].rpartition(":")[2]

    done = subprocess.run([*COMMAND, "sandbox", "--port", port], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert f"cannot listen on port {port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("columns", ["0", "1", "00"])
def test_help_has_a_least_width(columns):
    """Help is printed however narrow the environment says that the terminal is."""
    environment = os.environ | {"COLUMNS": columns}

    done = subprocess.run(
        [*COMMAND, "load", "--help"], capture_output=True, text=True, check=False, env=environment, timeout=60
    )

    assert done.returncode == 0
    assert "Usage:" in done.stdout


def test_name_of_the_program_is_inert(tmp_path):
    """A link's name is shown in help, and no terminal obeys it."""
    link = tmp_path / "allo\x1b[31m"
    link.symlink_to(Path(sys.executable).parent / "allo-async")

    done = subprocess.run([str(link), "--help"], capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "allo\\x1b[31m" in done.stdout


# Ctrl-C at the first import of a module.
_CTRL_C = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize(("module", "code"), [("typer", -signal.SIGINT), ("allo_async.client", 130)])
@pytest.mark.parametrize("command", [COMMAND, [str(Path(sys.executable).parent / "allo-async")]])
def test_ctrl_c_while_the_command_is_imported_is_quiet(command, module, code, tmp_path):
    """Ctrl-C ends an import without a traceback: by the signal before the command begins, with its code after."""
    (tmp_path / "sitecustomize.py").write_text(_CTRL_C.format(module=module))

    done = subprocess.run(
        [*command, "users"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"},
    )

    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_import_of_the_library_leaves_ctrl_c_alone():
    """A program that imports the package keeps its own way with Ctrl-C."""
    code = "import signal, allo_async; assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"

    subprocess.run([sys.executable, "-c", code, "allo_async"], check=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["nonsense"], 2)])
def test_signal_after_the_end_leaves_the_exit_code(number, arguments, code):
    """Once all is told, a signal while the interpreter ends does not replace the command's exit code."""
    run = (
        "import atexit, os; from allo_async.__main__ import main;"
        f"atexit.register(os.kill, os.getpid(), {int(number)}); main()"
    )

    done = subprocess.run([sys.executable, "-c", run, *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == code
    assert "Traceback" not in done.stderr
