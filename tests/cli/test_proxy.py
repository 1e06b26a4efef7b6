"""The command behind a proxy, as a process of its own."""

import asyncio
import os
import sys

import pytest

from allo_async.sandbox import Sandbox
from tests.cli.proxy_server import CERTIFICATE, ProxyServer
from tests.end_to_end.numbers import us_numbers

MARIE = "marie@acme.example"


async def load(tmp_path, sandbox, *, deadline=20, **environment):
    leads = tmp_path / "leads.csv"
    leads.write_text("Phone\n" + "\n".join(us_numbers(3)), "utf-8")
    arguments = ("load", str(leads), "--to", MARIE, "--no-journal", "--deadline", str(deadline))
    return await command(sandbox, *arguments, **environment)


async def command(sandbox, *arguments, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    settings = {
        "ALLO_API_KEY": sandbox.api_key,
        "ALLO_BASE_URL": "https://api.allo.example",
        "SSL_CERT_FILE": str(CERTIFICATE),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "allo_async", *arguments),
        env={**clean, **settings, **environment},
        stdout=-1,
        stderr=-1,
    )
    stdout, stderr = await process.communicate()
    return process.returncode, stdout.decode() + stderr.decode()


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""])
async def test_load_goes_through_the_proxy(tmp_path, variable, scheme):
    """The proxy that the environment names carries the load, signed in, whatever the variable's case."""
    async with Sandbox(write_per_second=None) as sandbox:
        async with ProxyServer(int(sandbox.url.rpartition(":")[2]), login="jo:sesame%") as proxy:
            address = f"{scheme}jo:sesame%25@127.0.0.1:{proxy.port}"
            code, told = await load(tmp_path, sandbox, **{variable: address})

        assert code == 0, told
        assert sandbox.numbers(MARIE) == us_numbers(3)
        assert set(proxy.asked) == {"api.allo.example:443"}
        assert "sesame" not in told


async def test_small_commands_go_through_the_proxy():
    """So does a look at the team."""
    async with Sandbox() as sandbox, ProxyServer(int(sandbox.url.rpartition(":")[2])) as proxy:
        code, told = await command(sandbox, "users", HTTPS_PROXY=f"http://127.0.0.1:{proxy.port}")

    assert code == 0, told
    assert MARIE in told
    assert set(proxy.asked) == {"api.allo.example:443"}


async def test_refused_sign_in_is_told_without_the_password(tmp_path):
    """A proxy that wants another password is named as the cause; neither user nor password is shown."""
    async with Sandbox() as sandbox, ProxyServer(0, login="jo:right") as proxy:
        address = f"http://secretive:wrongword@127.0.0.1:{proxy.port}"
        code, told = await load(tmp_path, sandbox, deadline=1, HTTPS_PROXY=address)

    assert code == 3
    assert "the proxy wants another user or password" in told
    assert "HTTPS_PROXY" in told
    assert "secretive" not in told
    assert "wrongword" not in told
    assert "Traceback" not in told


async def test_loopback_goes_through_no_proxy(tmp_path):
    """A server on this machine is reached directly, whatever proxy the environment names."""
    async with Sandbox(write_per_second=None) as sandbox:
        code, told = await load(
            tmp_path,
            sandbox,
            ALLO_BASE_URL=sandbox.url,
            HTTP_PROXY="http://127.0.0.1:1",
            ALL_PROXY="http://127.0.0.1:1",
        )

    assert code == 0, told


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("socks5://jo:sesame@127.0.0.1:1080", "SOCKS"),
        ("http://jo:sesame@127.0.0.1:port", "not the address of a proxy"),
        ("http//jo:sesame@proxy", "not the address of a proxy"),
        ("ftp://jo:sesame@127.0.0.1:21", "not the address of a proxy"),
    ],
)
async def test_proxy_of_no_use_is_told(tmp_path, address, words):
    """A SOCKS proxy and a mistyped address are told with the variable's name, before anything is sent."""
    async with Sandbox() as sandbox:
        code, told = await load(tmp_path, sandbox, HTTPS_PROXY=address)

    assert code == 1
    assert words in told
    assert "HTTPS_PROXY" in told
    assert "sesame" not in told
    assert "Traceback" not in told
