"""Every Python block of the README and of docs/ prints what stands below it, and every link leads somewhere."""

import asyncio
import inspect
import os
import re
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import allo_async
from allo_async import AlloClient, DialingQueue
from allo_async.cli.app import app
from allo_async.sandbox import Sandbox
from tests.documents import GUIDES, PAGES, README, ROOT, name, prose

PACKAGE = Path(allo_async.__file__).parent

# A block of code with its output below, the title of its page, and its place there.
SNIPPETS = [
    pytest.param(code, output, id=f"{name(page)}-{place}")
    for page in GUIDES
    for place, (code, output) in enumerate(
        re.findall(r"```python\n(.*?)```\s+```text\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    )
]


def anchors(text):
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def linked(page, target):
    """Return the file that a link of *page* leads to; of the package, the one that is installed."""
    file, sources = Path(os.path.normpath(page.parent / target)), ROOT / "allo_async"
    return PACKAGE / file.relative_to(sources) if sources in file.parents else file


def broken_links(page, text):
    """Return the relative links of *text* that lead to no file, or to no heading of one."""
    broken = []
    for target, _, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(#([^)]*))?\)", prose(text)):
        file = linked(page, target) if target else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text("utf-8"))):
            broken.append(f"{target}#{anchor}")
    return broken


def test_every_python_block_has_its_output():
    """No Python block of the README or of docs/ is left untried."""
    blocks = sum(page.read_text("utf-8").count("```python") for page in GUIDES)

    assert blocks == len(SNIPPETS) > 0


@pytest.mark.parametrize(("code", "output"), SNIPPETS)
async def test_snippet_prints_what_the_page_says(code, output, tmp_path, redis_server):
    """A snippet runs as it stands, against a sandbox."""
    async with Sandbox() as sandbox:
        environment = {
            **os.environ,
            "ALLO_API_KEY": sandbox.api_key,
            "ALLO_BASE_URL": sandbox.url,
            "REDIS_URL": redis_server.url,
            "PYTHONPATH": str(ROOT),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            code,
            env=environment,
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        stdout, stderr = await process.communicate()

    assert (stdout.decode(), process.returncode) == (output, 0), stderr.decode()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    """Every relative link of a page finds its file, and its heading there."""
    assert broken_links(page, page.read_text("utf-8")) == []


def test_broken_link_is_seen():
    """A link to no file and a link to no heading are found, and a link to a heading that exists is not."""
    text = "# A page\n[a](nowhere.md) [b](README.md#nowhere) [c](#a-page) [d](README.md#four-fates)"
    page = ROOT / "page.md"

    assert broken_links(page, text.replace("[c](#a-page)", "")) == ["nowhere.md#", "README.md#nowhere"]
    assert anchors(text) == {"a-page"}


def test_every_page_is_found_from_the_readme():
    """The README links to each page of docs/."""
    text = README.read_text("utf-8")

    assert [name(page) for page in GUIDES[1:] if f"]({name(page)})" not in text] == []


def test_readme_is_short():
    """The README has fewer than 1,200 words, its code included."""
    assert len(README.read_text("utf-8").split()) < 1_200


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page):
    """Every `make` target that a page names is in the Makefile."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = re.findall(r"(?:^|`)make ([a-z-]+(?: [a-z-]+)*)", page.read_text("utf-8"), re.MULTILINE)

    targets = [target for targets in named for target in targets.split()]
    assert [target for target in targets if f"\n{target}:" not in f"\n{makefile}"] == []


def options(command):
    """Return the options of a command and of those below it, as users type them."""
    own = {word for parameter in command.params for word in (*parameter.opts, *parameter.secondary_opts)}
    return own.union(*(options(each) for each in getattr(command, "commands", {}).values()))


@pytest.mark.parametrize("page", GUIDES, ids=name)
def test_options_of_the_command_exist(page):
    """Every option of the command that a page names is one of a command's."""
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page.read_text("utf-8")))

    assert named - options(get_command(app)) - {"--help"} == set()


def test_timeouts_have_the_defaults_of_the_code():
    """The table of timeouts names the options that calls take, each with its default."""
    text = (ROOT / "docs" / "timeouts.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| `?(\w+)", text, re.MULTILINE))
    taken = inspect.signature(DialingQueue.append).parameters | inspect.signature(AlloClient.__init__).parameters

    bounds = ["deadline", "timeout", "retry_budget", "max_rate_limit_wait", "max_retry_after", "poll_interval"]
    expected = {bound: taken[bound].default for bound in bounds}
    assert told == {bound: "None" if value is None else f"{value:g}" for bound, value in expected.items()}
