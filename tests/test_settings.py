import pytest

from allo_async import AlloClient, ConfigurationError, InsecureUrlError, InvalidTeammateError, MissingApiKeyError


def test_missing_key_says_what_to_do():
    """Without a key the error names the argument and the environment variable."""
    with pytest.raises(MissingApiKeyError, match=r"AlloClient\(api_key=…\) or set ALLO_API_KEY"):
        AlloClient()


@pytest.mark.parametrize("blank", ["", "   ", "\n"])
def test_blank_key_is_a_missing_key(blank):
    """A blank key is told as missing, not sent."""
    with pytest.raises(MissingApiKeyError):
        AlloClient(blank)


def test_key_and_url_come_from_the_environment(monkeypatch):
    """ALLO_API_KEY and ALLO_BASE_URL are used when nothing is passed."""
    monkeypatch.setenv("ALLO_API_KEY", "ak_live_fromenvironment\n")
    monkeypatch.setenv("ALLO_BASE_URL", "http://127.0.0.1:8787/")

    assert repr(AlloClient()) == "<AlloClient http://127.0.0.1:8787>"


@pytest.mark.parametrize("key", ["ak live", "ak_live_é", "ak_live_a\nb"])
def test_unusable_key_is_refused_without_showing_it(key):
    """A key with a space, a line break or a foreign letter is refused, and the error does not repeat it."""
    with pytest.raises(ConfigurationError) as caught:
        AlloClient(key)

    assert key not in str(caught.value)


@pytest.mark.parametrize("url", ["http://api.withallo.com", "http://10.0.0.1", "http://localhost.evil.example"])
def test_plain_http_is_refused_beyond_loopback(url):
    """The key does not travel in the clear."""
    with pytest.raises(InsecureUrlError, match="https"):
        AlloClient("ak_live_x", base_url=url)


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.9.9.9", "http://[::1]:80", "https://api.withallo.com"]
)
def test_loopback_and_https_are_accepted(url):
    """Loopback may be plain HTTP; anything may be HTTPS."""
    AlloClient("ak_live_x", base_url=url)


@pytest.mark.parametrize(
    "url", ["api.withallo.com", "ftp://x", "https://u:p@x", "https://x?a=1", "https://x#f", "https://"]
)
def test_other_urls_are_refused(url):
    """A base URL is a scheme, a host, a port and a path."""
    with pytest.raises(ConfigurationError):
        AlloClient("ak_live_x", base_url=url)


@pytest.mark.parametrize("option", ["timeout", "max_reply_bytes"])
def test_bounds_must_be_positive(option):
    """A bound that nothing can keep is refused by its name."""
    with pytest.raises(ConfigurationError, match=option):
        AlloClient("ak_live_x", **{option: 0})


def test_key_is_in_no_repr():
    """Neither the client, its settings nor its queues print the key."""
    client = AlloClient("ak_live_topsecret")

    assert "topsecret" not in repr(client) + repr(client._settings) + repr(client.queue()) + str(client.__dict__)


@pytest.mark.parametrize(
    "teammate",
    [{"email": None}, {"email": ""}, {"user_id": " "}, {"user_id": None}, {"email": 5}, {"email": "\ud800@x"}],
)
def test_teammate_that_is_none_is_an_error(teammate):
    """A teammate that could not be resolved never becomes the key owner."""
    with pytest.raises(InvalidTeammateError, match=next(iter(teammate))):
        AlloClient("ak_live_x").queue(**teammate)


def test_two_names_for_a_teammate_are_an_error():
    """Both user_id and email is refused: the API would ignore one of them."""
    with pytest.raises(InvalidTeammateError, match="not both"):
        AlloClient("ak_live_x").queue(user_id="usr-1", email="a@acme.com")


def test_proxy_comes_from_the_environment_only_when_trusted(monkeypatch):
    """trust_env passes the environment's proxy on, NO_PROXY respected, and no repr shows its password."""
    monkeypatch.setenv("HTTPS_PROXY", "http://u:secret@proxy.example:3128")

    trusting = AlloClient("ak_live_x", trust_env=True)._settings

    assert trusting.proxy == "http://u:secret@proxy.example:3128"
    assert "secret" not in repr(trusting)
    assert AlloClient("ak_live_x")._settings.proxy is None
    monkeypatch.setenv("NO_PROXY", "api.withallo.com")
    assert AlloClient("ak_live_x", trust_env=True)._settings.proxy is None


@pytest.mark.parametrize(
    "without", ["api.withallo.com", "withallo.com", ".withallo.com", "*.withallo.com", "*", "api.withallo.com:443"]
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_names_hosts_as_people_write_them(monkeypatch, name, without):
    """A host, its domain with or without a dot or a star, and a port are understood, in either case of the name."""
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv(name, f"other.example, {without}" if without != "*" else without)

    assert AlloClient("ak_live_x", trust_env=True)._settings.proxy is None


@pytest.mark.parametrize(
    "without", ["allo.com", "xwithallo.com", "*.api.withallo.com.evil.example", "", "api.withallo.com:80"]
)
def test_no_proxy_names_no_other_host(monkeypatch, without):
    """What names another host lets the proxy be used."""
    monkeypatch.setenv("ALL_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", without)

    assert AlloClient("ak_live_x", trust_env=True)._settings.proxy == "http://proxy.example:3128"


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "60", True, None])
def test_longest_pause_is_a_number_of_seconds(seconds):
    """A pause that may last for ever, or none at all, is no setting."""
    with pytest.raises(ConfigurationError, match="max_retry_after"):
        AlloClient("ak_live_x", max_retry_after=seconds)
