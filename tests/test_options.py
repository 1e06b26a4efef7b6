"""Options that no load can go by are refused before anything is asked or sent."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from math import inf, nan

import aiohttp
import numpy as np
import pytest

from allo_async import AlloClient, ConfigurationError

NO_SECONDS = [nan, -1, "3", True, b"3", timedelta(seconds=3), Decimal(3), [3], 10**400]
NO_COUNT = [0, -1, 1001, 1.5, 10.0, "10", True, None, nan]
NO_FLAG = [1, 0, "no", None, []]
REFUSED = {
    "deadline": [*NO_SECONDS, -inf],
    "max_rate_limit_wait": NO_SECONDS,
    "chunk_size": NO_COUNT,
    "keep_duplicates": NO_FLAG,
    "skip_queued": NO_FLAG,
    "journal": ["", "  ", "a\0b", "x\ud800.db", 5, b"x"],
    "load_id": ["", "  ", 5, b"x", "x" * 1001, "x\ud800"],
    "on_changed_input": ["ignore", None, 5, []],
}
OF_APPEND = REFUSED | {
    "poll_interval": [*NO_SECONDS, 0, inf, None],
    "on_full_queue": ["ignore", None, True, ["raise"]],
}
OF_SPREAD = REFUSED | {"strategy": ["most", None, 1]}
OF_PLAN = {name: REFUSED[name] for name in ("chunk_size", "keep_duplicates", "skip_queued")}


def each(refused):
    return [(name, value) for name, values in refused.items() for value in values]


@pytest.fixture(name="allo")
def _allo():
    return AlloClient("ak_test", base_url="http://127.0.0.1:9", retry_budget=0)


@pytest.mark.parametrize(("option", "value"), each(OF_APPEND))
def test_append_refuses_what_is_no_value_of_an_option(allo, option, value):
    """Each is named, at the call and not later, in `append` and in a stream alike."""
    with pytest.raises(ConfigurationError, match=rf"^{option} must be .* not "):
        allo.queue().append_stream([], **{option: value})
    with pytest.raises(ConfigurationError, match=rf"^{option} must be "):
        asyncio.run(allo.queue().append([], **{option: value}))


@pytest.mark.parametrize(("option", "value"), each(OF_SPREAD))
def test_spread_refuses_what_is_no_value_of_an_option(allo, option, value):
    """A spread checks as an append does."""
    with pytest.raises(ConfigurationError, match=rf"^{option} must be "):
        asyncio.run(allo.spread([], over=[allo.queue()], **{option: value}))


@pytest.mark.parametrize(("option", "value"), [*each(OF_PLAN), ("strategy", "most")])
def test_plan_refuses_what_is_no_value_of_an_option(allo, option, value):
    """A plan, of one queue or of several, checks as the load would."""
    with pytest.raises(ConfigurationError, match=rf"^{option} must be "):
        asyncio.run(allo.plan([], over=[allo.queue()], **{option: value}))
    if option != "strategy":
        with pytest.raises(ConfigurationError, match=rf"^{option} must be "):
            asyncio.run(allo.queue().plan([], **{option: value}))


@pytest.mark.parametrize(
    "options",
    [
        {"deadline": None},
        {"deadline": inf},
        {"deadline": np.float32(5)},
        {"max_rate_limit_wait": inf},
        {"max_rate_limit_wait": None},
        {"max_rate_limit_wait": 0},
        {"poll_interval": 1},
        {"chunk_size": np.int64(1000)},
        {"chunk_size": 1},
    ],
)
def test_what_is_of_use_is_taken(allo, options):
    """Bounds are part of the range, and a number may be of any type that is one."""
    allo.queue().append_stream([], **options)


def test_text_where_a_number_is_wanted_is_refused_in_words(allo):
    """The error shows what was given."""
    with pytest.raises(ConfigurationError, match=r"deadline must be a number of seconds, 0 or more, or None, not '3'"):
        allo.queue().append_stream([], deadline="3")


@pytest.mark.parametrize(
    ("setting", "value"),
    each(
        {
            "timeout": [*NO_SECONDS, 0, None],
            "retry_budget": [*NO_SECONDS, None],
            "max_reply_bytes": [0, -1, nan, inf, 1.5, "10", True, None],
        }
    ),
)
def test_client_refuses_what_is_no_value_of_a_setting(setting, value):
    """A client that could not work is not made."""
    with pytest.raises(ConfigurationError, match=rf"^{setting} must be "):
        AlloClient("ak_test", **{setting: value})


@pytest.mark.parametrize(
    "odd",
    [
        {"merge_appends": "no"},
        {"trust_env": "no"},
        {"coordination": "allo-together"},
        {"clock": object()},
        {"trace_configs": aiohttp.TraceConfig()},
    ],
    ids=lambda odd: next(iter(odd)),
)
def test_argument_of_the_client_that_would_fail_later_is_refused(odd):
    """What a client cannot work with is told when it is made, by its name."""
    with pytest.raises(ConfigurationError, match=next(iter(odd))):
        AlloClient("ak_live_x", **odd)


@pytest.mark.parametrize("over", [None, 5, ["a@acme.example"], "a@acme.example", AlloClient("ak_live_x").queue()])
async def test_over_that_is_no_list_of_queues_is_refused(over):
    """A single queue, or addresses, are told before anything is read or sent."""
    allo = AlloClient("ak_live_x")

    for load in (allo.spread, allo.plan):
        with pytest.raises(ConfigurationError, match="list of queues"):
            await load(["+12125550010"], over=over)
