import re
import subprocess
import sys

from tests.documents import GUIDES


def test_snippets_of_the_pages_are_well_typed(tmp_path):
    """A strict mypy finds nothing in the code that the README and docs/ show."""
    snippets = [
        code for page in GUIDES for code in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    ]
    for place, code in enumerate(snippets):
        (tmp_path / f"snippet_{place}.py").write_text(code, "utf-8")

    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout
