"""What the package does where only its core dependencies are installed; `make test-bare` runs this where that is so."""

import subprocess
import sys
from pathlib import Path

import pytest

# Hides the modules where they are installed.
WITHOUT = """
import sys
EXTRAS = "opentelemetry pydantic python_calamine redis rich taskiq taskiq_redis typer".split()

class Missing:
    def find_spec(name, path=None, target=None):
        if name in EXTRAS:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing)
"""

APPEND = """
import asyncio, json, sys
from allo_async import AlloClient
from allo_async.sandbox import Sandbox

async def main():
    async with Sandbox() as sandbox, AlloClient(sandbox.api_key, base_url=sandbox.url) as allo:
        result = await allo.queue().append(["+12125550100", "+12125550101", "nonsense"])
        print(result.totals.added, result.totals.skipped)
        print(json.loads(json.dumps(result.to_dict()))["rows"][2]["reason"])
        print(result.to_csv(sys.argv[1]), "rows in the file")

asyncio.run(main())
"""

WORKBOOK = """
from pathlib import Path
from allo_async.leads.leads_file import UnreadableFileError, read_leads_file
try:
    read_leads_file(Path(sys.argv[1]))
except UnreadableFileError as error:
    print(error)
"""


def run(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code, *arguments], capture_output=True, text=True, check=False
    )


def test_append_needs_no_extra(tmp_path):
    """The core loads numbers into a queue of the sandbox, and accounts for them, in JSON and CSV as well."""
    done = run(APPEND, tmp_path / "fates.csv")

    assert (done.stdout, done.stderr) == ("2 1\nINVALID_PHONE_NUMBER\n3 rows in the file\n", "")
    assert (tmp_path / "fates.csv").read_text("utf-8").count("+1212555010") == 2


def test_modules_of_the_core_need_no_extra():
    """Journals, files of leads, coordination by file, and the tools for tests are of the core."""
    done = run("import allo_async.file, allo_async.journal, allo_async.leads, allo_async.testing")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "from allo_async.__main__ import main; main()",
            "the allo-async command needs typer: pip install 'allo-async[cli]'",
        ),
        (
            "import allo_async.otel",
            "ImportError: allo_async.otel needs opentelemetry-api: pip install 'allo-async[otel]'",
        ),
        (
            "import allo_async.redis",
            "ModuleNotFoundError: allo_async.redis needs redis: pip install 'allo-async[redis]'",
        ),
        (
            "import allo_async.worker",
            "ModuleNotFoundError: allo_async.worker needs taskiq: pip install 'allo-async[worker]'",
        ),
    ],
)
def test_extra_says_how_to_install_it(code, told):
    """The door of an extra that is not installed says in one sentence what to install."""
    done = run(code)

    last = done.stderr.splitlines()[-1]
    assert (done.returncode, last) == (1, told)


def test_command_without_its_extra_prints_no_traceback():
    """Where the extra `cli` is missing, the one sentence is all that the command prints."""
    done = run("from allo_async.__main__ import main; main()")

    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_workbook_says_how_to_install_its_extra():
    """A workbook without the extra `xlsx` is an error that says what to install, and what else to do."""
    done = run(WORKBOOK, str(Path(__file__).parents[1] / "leads/exports/monday.xlsx"))

    assert done.stdout.rstrip().endswith("pip install 'allo-async[xlsx]', or save it as CSV")
