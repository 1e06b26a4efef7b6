import asyncio
import itertools
import sys

from tests.examples.conftest import ROOT


async def run(environment, *arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, env=environment, stdout=-1, stderr=-1
    )
    stdout, stderr = await process.communicate()
    assert process.returncode == 0, stderr.decode()
    return stdout.decode(), stderr.decode()


async def test_quickstart(sandbox, environment):
    """The quickstart adds three numbers and tells of the fourth."""
    stdout, _ = await run(environment, "examples/quickstart.py")

    assert sandbox.numbers() == ["+12125550010", "+33612345678", "+442079460958"]
    assert stdout.splitlines() == [
        "row 0 is number 0 in the queue",
        "row 1 is number 1 in the queue",
        "row 2 is number 2 in the queue",
        "row 3 was skipped: INVALID_PHONE_NUMBER",
    ]


async def test_nightly_load(sandbox, environment, tmp_path):
    """The nightly load takes the shipped list for three reps; one whom nobody knows costs the others nothing."""
    leads = tmp_path / "leads.csv"
    shipped = (ROOT / "examples/leads.csv").read_text("utf-8")
    leads.write_text(shipped.replace("ana@acme.example", "ana.garcia@acme.example"), "utf-8")

    stdout, stderr = await run(environment, "examples/nightly_load.py", leads)

    added = len(sandbox.numbers("tom@acme.example"))
    assert added > 700
    assert "tom@acme.example: 833 rows: 8" in stdout
    assert "ana.garcia@acme.example: 404 ASSIGNEE_NOT_FOUND" in stderr
    sandbox.add_user("ana.garcia@acme.example")
    stdout, _ = await run(environment, "examples/nightly_load.py", leads)
    assert "ana.garcia@acme.example: 833 rows: 7" in stdout
    assert len(sandbox.numbers("tom@acme.example")) == added


async def test_observe(environment):
    """The look at a load shows its tree of spans, and its counters."""
    stdout, _ = await run(environment, "-m", "examples.observe")

    lines = [line.split() for line in stdout.splitlines()]
    tree = [" ".join(line[:2]) if line[0] == "allo" else line[0] for line in lines if "ms" in line]
    # After a pause or a conflict, what stands last in the queue is read anew.
    batches = (
        ["allo batch", "POST", "GET", "POST"],
        ["allo batch", "POST", "GET", "POST"],
        ["allo batch", "POST", "POST"],
    )
    assert tree == ["allo append", "GET", *itertools.chain.from_iterable(batches)]
    assert ["allo.rows", "added", "250", "{row}"] in lines
    assert ["allo.retries", "DIALING_QUEUE_APPEND_CONFLICT", "1", "{retry}"] in lines
    assert any(line[:2] == ["allo.wait.duration", "pace"] for line in lines)
