"""The key, the proxy's password and Redis's stand nowhere in what a failed run leaves behind."""

import asyncio
import base64
import contextlib
import copy
import logging
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from allo_async import AlloClient, AlloError, ConfigurationError, InsecureUrlError, errors
from allo_async._sending.call_limits import cancel_and_wait
from allo_async.otel import OpenTelemetryObserver
from allo_async.redis import RedisCoordination
from tests.cli.proxy_server import ProxyServer
from tests.hostile.left_behind import of_error, of_files, of_redis
from tests.redis_server import RedisServer

KEY = "ak_live_MARKkeyMARK"
PROXY_PASSWORD = "MARKproxyMARK"
REDIS_PASSWORD = "MARKredisMARK"
LOGIN = base64.b64encode(f"jo:{PROXY_PASSWORD}".encode()).decode()
SECRETS = ["MARKkeyMARK", PROXY_PASSWORD, REDIS_PASSWORD, LOGIN]
LEADS = ["+12125550010", "+12125550011"]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
REFUSAL = f'{{"error": {{"code": "API_KEY_INVALID", "message": "no such key: {KEY}", "suggestion": "not {KEY}"}}}}'


def revealed(text):
    return [secret for secret in SECRETS if secret in text]


async def read_request(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = re.search(r"content-length: (\d+)", head)
    await reader.readexactly(int(length[1]) if length else 0)


@contextlib.asynccontextmanager
async def server(answer, *, then=None):
    """A server that says *answer* to each request, and then resets the connection or says nothing any more."""
    serving = set()

    async def serve(reader, writer):
        serving.add(asyncio.current_task())
        try:
            while True:
                # No TLS begins with a request in the clear.
                await (reader.read(1) if then == "hang up" else read_request(reader))
                writer.write(answer)
                await writer.drain()
                if then == "wait":
                    await reader.read()
                if then == "hang up":
                    break
                if then == "reset":
                    writer.transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        await cancel_and_wait(*serving)


@pytest.fixture(name="spans")
def _spans():
    return InMemorySpanExporter()


@pytest.fixture(name="client")
def _client(spans):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    events = []
    made = []

    def make(**options):
        observers = [OpenTelemetryObserver(tracer_provider=provider), events.append]
        allo = AlloClient(KEY, **{"retry_budget": 0, "timeout": 0.3, "observers": observers} | options)
        made.append(allo)
        return allo

    make.events, make.made = events, made
    return make


async def append(allo, **options):
    async with allo:
        await allo.queue(email="rep@acme.example").append(LEADS, **options)


async def refused_key(client, **_):
    body = REFUSAL.encode()
    async with server(b"HTTP/1.1 401 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as url:
        await append(client(base_url=url))


async def nothing_listens(client, **_):
    await append(client(base_url="http://127.0.0.1:1"))


async def unknown_host(client, **_):
    await append(client(base_url="https://allo.invalid"))


async def no_tls(client, **_):
    async with server(b"what?\r\n", then="hang up") as url:
        await append(client(base_url=url.replace("http", "https")))


async def no_answer(client, **_):
    async with server(b"", then="wait") as url, client(base_url=url) as allo:
        await allo.queue().append(LEADS)


async def reset_in_the_body(client, **_):
    async with server(HEAD + b"Content-Length: 900\r\n\r\n{", then="reset") as url:
        await append(client(base_url=url))


async def no_http(client, **_):
    async with server(b"220 mail.example ESMTP\r\n") as url:
        await append(client(base_url=url))


async def no_json(client, **_):
    async with server(HEAD + b"Content-Length: 3\r\n\r\n<p>") as url:
        await append(client(base_url=url))


async def too_large(client, **_):
    async with server(HEAD + b"Content-Length: 99\r\n\r\n" + b"x" * 99) as url:
        await append(client(base_url=url, max_reply_bytes=9))


async def read_that_is_cut_off(client, **_):
    async with server(b"", then="wait") as url, client(base_url=url) as allo, asyncio.timeout(0.1):
        await allo.queue().state()


async def deadline(client, **_):
    async with server(b"", then="wait") as url:
        await append(client(base_url=url), deadline=0.2)


async def trace_that_fails(client, **_):
    async def fail(session, context, params):
        raise RuntimeError(f"these I saw: {dict(params.headers)}")

    tracing = aiohttp.TraceConfig()
    tracing.on_request_start.append(fail)
    await append(client(base_url="http://127.0.0.1:1", trace_configs=[tracing]))


async def session_that_trusts_the_environment(client, environment, **_):
    environment("http_proxy", f"http://jo:{PROXY_PASSWORD}@127.0.0.1:1")
    async with aiohttp.ClientSession(trust_env=True) as session:
        await append(client(base_url="http://127.0.0.1:1", session=session))


async def session_with_a_proxy(client, **_):
    proxy = f"http://jo:{PROXY_PASSWORD}@127.0.0.1:1"
    async with aiohttp.ClientSession(proxy=proxy) as session:
        await append(client(session=session))


async def proxy_wants_another_password(client, environment, **_):
    async with ProxyServer(0, login="jo:right") as proxy:
        environment("https_proxy", f"http://jo:{PROXY_PASSWORD}@127.0.0.1:{proxy.port}")
        await append(client(trust_env=True))


async def proxy_is_away(client, environment, **_):
    environment("https_proxy", f"http://jo:{PROXY_PASSWORD}@127.0.0.1:1")
    await append(client(trust_env=True))


async def proxy_is_unknown(client, environment, **_):
    environment("https_proxy", f"http://jo:{PROXY_PASSWORD}@proxy.invalid:3128")
    await append(client(trust_env=True))


async def redis_is_away(client, **_):
    url = f"redis://:{REDIS_PASSWORD}@127.0.0.1:1"
    await append(client(coordination=RedisCoordination(url, on_coordination_loss="raise")))


async def redis_is_away_and_others_will_do(client, **_):
    url = f"redis://:{REDIS_PASSWORD}@127.0.0.1:1"
    await append(client(base_url="http://127.0.0.1:1", coordination=RedisCoordination(url)))


async def redis_does_not_answer(client, **_):
    async with server(b"", then="wait") as url:
        redis_url = url.replace("http://", f"redis://:{REDIS_PASSWORD}@")
        async with client(coordination=RedisCoordination(redis_url)) as allo, asyncio.timeout(0.2):
            await allo.queue().state()


async def redis_wants_another_password(client, redis, **_):
    redis.redis.config_set("requirepass", "another")
    try:
        url = redis.url.replace("unix://", f"unix://:{REDIS_PASSWORD}@")
        await append(client(coordination=RedisCoordination(url, on_coordination_loss="raise")))
    finally:
        redis.redis.execute_command("AUTH", "another")
        redis.redis.config_set("requirepass", "")


SCENES = [
    (refused_key, errors.AuthenticationError),
    (nothing_listens, errors.ConnectionFailedError),
    (unknown_host, errors.ConnectionFailedError),
    (no_tls, errors.ConnectionFailedError),
    (no_answer, errors.AttemptTimeoutError),
    (reset_in_the_body, errors.TransportError),
    (no_http, errors.UnreadableReplyError),
    (no_json, errors.UnreadableReplyError),
    (too_large, errors.ReplyTooLargeError),
    (read_that_is_cut_off, TimeoutError),
    (deadline, errors.DeadlineExceededError),
    (trace_that_fails, errors.TransportError),
    (session_that_trusts_the_environment, InsecureUrlError),
    (session_with_a_proxy, errors.ConnectionFailedError),
    (proxy_wants_another_password, errors.ConnectionFailedError),
    (proxy_is_away, errors.ConnectionFailedError),
    (proxy_is_unknown, errors.ConnectionFailedError),
    (redis_is_away, errors.CoordinationLostError),
    (redis_is_away_and_others_will_do, errors.ConnectionFailedError),
    (redis_does_not_answer, TimeoutError),
    (redis_wants_another_password, errors.CoordinationLostError),
]


@pytest.fixture(name="redis", scope="module")
def _redis():
    with RedisServer() as redis:
        yield redis


@pytest.mark.parametrize(("scene", "kind"), SCENES, ids=[scene.__name__ for scene, _ in SCENES])
async def test_failure_reveals_nothing(scene, kind, client, spans, redis, caplog, capfd, monkeypatch):
    """No error with its causes and locals, no log, span, event, repr or output of a failure holds a secret."""
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)

    with pytest.raises((AlloError, TimeoutError)) as caught:
        await scene(client, environment=monkeypatch.setenv, redis=redis)

    assert isinstance(caught.value, kind), repr(caught.value)
    shown = [of_error(caught.value, ours=__file__), caplog.text, *capfd.readouterr(), repr(client.events)]
    shown += [of_error(event.error, ours=__file__) for event in client.events if getattr(event, "error", None)]
    shown += [of_error(record.exc_info[1], ours=__file__) for record in caplog.records if record.exc_info]
    shown += [span.to_json() for span in spans.get_finished_spans()]
    shown += [repr(one) for allo in client.made for one in (allo, vars(allo), vars(allo._sessions), allo.queue())]
    shown += [of_redis(redis.redis)]
    assert revealed("\n".join(shown)) == []


BAD = [
    {"base_url": f"https://jo:{PROXY_PASSWORD}@allo.example"},
    {"base_url": f"https://jo:{PROXY_PASSWORD}/allo.example"},
    {"base_url": f"https://{PROXY_PASSWORD}[allo.example"},
    {"base_url": f"http://jo:{PROXY_PASSWORD}@10.0.0.1"},
    {"api_key": f"{KEY} {KEY}"},
    {"api_key": KEY.encode()},
    {"timeout": 0},
    {"merge_appends": "no"},
    {"coordination": f"redis://:{REDIS_PASSWORD}@redis.example"},
]


@pytest.mark.parametrize("options", BAD)
def test_client_that_is_refused_reveals_nothing(options):
    """A setting of no use is refused without the key, and without the password in the URL, in any frame."""
    with pytest.raises((ConfigurationError, TypeError)) as caught:
        AlloClient(**({"api_key": KEY} | options))

    assert revealed(of_error(caught.value, ours=__file__)) == []


@pytest.mark.parametrize("address", ["socks5://jo:{}@p:1", "http://jo:{}@p:port", "http//jo:{}@p", "jo:{}@p:1/x"])
def test_mistyped_proxy_is_refused_without_its_password(monkeypatch, address):
    """The variable is named, and its content is in no frame of the error."""
    monkeypatch.setenv("HTTPS_PROXY", address.format(PROXY_PASSWORD))

    with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught:
        AlloClient(KEY, trust_env=True)

    assert revealed(of_error(caught.value, ours=__file__)) == []


@pytest.mark.parametrize("url", ["redis://:{}/x@h", "redis://:{}@h:port", "http://:{}@h", "redis://:{}@h?db=x"])
def test_mistyped_redis_is_refused_without_its_password(url):
    """So is a URL of Redis."""
    with pytest.raises(ConfigurationError, match="URL of Redis") as caught:
        RedisCoordination(url.format(REDIS_PASSWORD))

    assert revealed(of_error(caught.value, ours=__file__)) == []


def test_client_is_not_pickled():
    """A client's pickle would be its key in the clear; a copy of its settings shares it."""
    allo = AlloClient(KEY)

    with pytest.raises(TypeError, match="make a client in each process"):
        pickle.dumps(allo)

    assert revealed(repr(copy.deepcopy(allo._settings))) == []


async def test_callers_own_exception_keeps_its_frames():
    """What the caller handles meanwhile is not stripped."""
    with pytest.raises(ZeroDivisionError) as mine:
        _ = 1 / 0
    async with AlloClient(KEY, base_url="http://127.0.0.1:1", retry_budget=0) as allo:
        try:
            raise mine.value
        except ZeroDivisionError:
            with pytest.raises(errors.ConnectionFailedError):
                await allo.queue().state()

    assert mine.value.__traceback__ is not None


def test_load_leaves_no_secret_in_files(tmp_path):
    """Neither the journal nor the coordination's files hold the key; nor does the command line or its output."""
    (tmp_path / "leads.csv").write_text("Phone\n" + "\n".join([*LEADS, "n/a"]), "utf-8")
    (tmp_path / "together").mkdir()
    settings = {
        "ALLO_API_KEY": KEY,
        "HTTPS_PROXY": f"http://jo:{PROXY_PASSWORD}@127.0.0.1:1",
        "ALLO_COORDINATION": str(tmp_path / "together"),
        "PYTHONPATH": str(Path.cwd()),
    }
    command = [sys.executable, "-X", "dev", "-m", "allo_async", "load", "leads.csv", "--to", "rep@acme.example"]

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen([*command, "--deadline", "1"], cwd=tmp_path, env=os.environ | settings, **pipes) as process:
        line = Path(f"/proc/{process.pid}/cmdline")
        argv = line.read_text() if line.exists() else ""
        told, _ = process.communicate()

    assert process.returncode == 3, told
    assert len(list((tmp_path / "together").iterdir())) > 0
    assert revealed(argv + told + of_files(tmp_path)) == []


async def test_servers_words_are_in_no_log_and_no_span(client, spans, caplog):
    """A name that the server quotes is in the error that the caller gets, and in no log and no span."""
    caplog.set_level(logging.DEBUG)
    body = b'{"error": {"code": "INTERNAL_SERVER_ERROR", "message": "the row of Zenobia failed"}}'
    async with server(b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as url:
        allo = client(base_url=url, retry_budget=0.2)
        with pytest.raises(errors.ServerError, match="Zenobia"):
            await append(allo)

    assert "500 INTERNAL_SERVER_ERROR" in caplog.text
    assert "Zenobia" not in caplog.text + "".join(span.to_json() for span in spans.get_finished_spans())
