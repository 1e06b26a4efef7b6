"""The command of `make demo`: a load of the shipped list, on a sandbox; a copy keeps the checkout clean."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LIST = Path(__file__).with_name("leads.csv")
REPS = ("marie@acme.example", "tom@acme.example", "ana@acme.example")
OPTIONS = ("--region", "FR", "--chunk-size", "100", "--sandbox")
COMMAND = ["load", "leads.csv", *(part for rep in REPS for part in ("--to", rep)), *OPTIONS]


def main() -> int:
    """Run the command, and return its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(LIST, folder)
        print("$ allo-async", shlex.join(COMMAND), flush=True)
        # The bar is shown on a terminal, also through make.
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        return subprocess.call([sys.executable, "-m", "allo_async", *COMMAND], cwd=folder, env=environment)


if __name__ == "__main__":
    sys.exit(main())
