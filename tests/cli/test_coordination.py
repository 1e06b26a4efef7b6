import json
import sys

import pytest
from redis import Redis

from tests.end_to_end.numbers import us_numbers


@pytest.fixture(name="file")
def _file(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text("Phone\n" + "\n".join(us_numbers(3)), "utf-8")
    return file


@pytest.mark.parametrize("by", ["option", "environment"])
def test_load_keeps_step_with_other_processes_of_the_machine(sandbox, run, file, tmp_path, monkeypatch, by):
    """A directory is where the load and the key's other processes count their requests."""
    together = tmp_path / "together"
    if by == "environment":
        monkeypatch.setenv("ALLO_COORDINATION", str(together))

    run("load", file, "--mine", *(["--coordination", together] if by == "option" else []), code=0)

    (shared,) = together.iterdir()
    assert len(json.loads(shared.read_bytes())["windows"]["writes"]["window"]["departures"]) == 1


def test_load_keeps_step_by_redis(sandbox, run, file, redis_server):
    """A URL is a Redis server's."""
    redis_server.flush()

    run("load", file, "--mine", "--coordination", redis_server.url, code=0)

    with Redis.from_url(redis_server.url) as redis:
        assert len(redis.keys("*:state")) == 1


@pytest.mark.parametrize(
    ("where", "told"), [("missing/directory", "there is no directory"), ("http://localhost", "redis://")]
)
def test_place_of_no_use_is_told_before_anything_is_sent(sandbox, run, file, where, told):
    """A mistyped place is an error, not a load that keeps step with nobody."""
    result = run("load", file, "--mine", "--coordination", where, code=1)

    assert told in result.stderr
    assert sandbox.numbers() == []


def test_missing_extra_is_named(sandbox, run, file, monkeypatch):
    """Without redis-py, a URL is wrong usage, and the message says what to install."""
    monkeypatch.setitem(sys.modules, "allo_async.redis", None)

    result = run("load", file, "--mine", "--coordination", "redis://localhost", code=2)

    assert "the extra redis" in result.stderr
