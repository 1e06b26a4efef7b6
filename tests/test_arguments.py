import pytest

from allo_async import AlloClient, ConfigurationError

KEY = "ak_live_secret123"

OF_THE_CLIENT = [
    ("api_key", 5),
    ("api_key", b"ak_live_secret123"),
    ("base_url", 5),
    ("session", "x"),
    ("timeout", "x"),
    ("trace_configs", 5),
    ("trace_configs", [5]),
    ("trust_env", "no"),
    ("coordination", 5),
    ("observers", print),
    ("observers", [5]),
    ("merge_appends", 5),
    ("clock", 5),
]
OF_A_REQUEST = [
    {"method": 5, "path": "/v2/api/me"},
    {"method": "", "path": "/v2/api/me"},
    {"method": "GE T", "path": "/v2/api/me"},
    {"method": "GET\r\nX: y", "path": "/v2/api/me"},
    {"method": "GET", "path": 5},
    {"method": "GET", "path": "v2/api/me"},
    {"method": "GET", "path": "https://elsewhere.example/"},
    {"method": "GET", "path": "/v2/api/me", "params": 5},
    {"method": "POST", "path": "/v2/api/me", "json": {1}},
]


@pytest.mark.parametrize(("name", "value"), OF_THE_CLIENT)
def test_argument_of_the_client_is_refused_by_name(name, value):
    """What is of no use is refused when the client is made, in words, and the key is not shown."""
    with pytest.raises(ConfigurationError, match=name.replace("_", "[_ ]").replace("api", "(?i:api)")) as caught:
        AlloClient(**{"api_key": KEY, name: value})

    assert KEY not in str(caught.value)


@pytest.mark.parametrize("request_", OF_A_REQUEST)
async def test_request_that_is_none_is_refused(request_):
    """What makes no request to the API is refused before anything is sent."""
    async with AlloClient(KEY) as allo:
        with pytest.raises(ConfigurationError, match=r"method|path|params|JSON"):
            await allo.request(**request_)
