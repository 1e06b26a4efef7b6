"""The Markdown pages that users and contributors read."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

#: The pages whose snippets are run: the README and docs/.
GUIDES = [README, *sorted((ROOT / "docs").glob("*.md"))]

#: All pages that have links.
PAGES = [
    *GUIDES,
    *(ROOT / f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY")),
    *sorted((ROOT / "examples").rglob("*.md")),
]


def name(page):
    """Return a page's path within the repository."""
    return page.relative_to(ROOT).as_posix()


def prose(text):
    """Return *text* without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
