"""How much code a reader has to open to follow one append."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

MOST = 47


def test_one_append_opens_few_files():
    """An append of ten rows runs code of so many files at most."""
    script = ROOT / "scripts" / "files-per-append"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, cwd=ROOT)

    *files, count = done.stdout.splitlines()

    assert count == f"{len(files)} files"
    assert "client.py" in files
    assert len(files) <= MOST
