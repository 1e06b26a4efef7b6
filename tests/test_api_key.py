"""Keys as people paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_async import ConfigurationError, MissingApiKeyError
from allo_async.api_key import checked_key

KEY = "ak_live_4f9B2c7D"


@pytest.mark.parametrize(
    "pasted",
    [
        f'"{KEY}"',
        f"'{KEY}'",
        f"“{KEY}”",
        f"`{KEY}`",
        f"Api-Key {KEY}",
        f"api-key {KEY}",
        f"API-KEY: {KEY}",
        f"Bearer {KEY}",
        f"bearer\t{KEY}",
        f"Authorization: Api-Key {KEY}",
        f"ALLO_API_KEY={KEY}",
        f'ALLO_API_KEY="{KEY}"',
        f"export ALLO_API_KEY={KEY}",
        f"export ALLO_API_KEY='Api-Key {KEY}';",
        f"set ALLO_API_KEY={KEY}",
        f'$env:ALLO_API_KEY = "{KEY}"',
        f"ALLO_API_KEY: {KEY}",
        f"\u200b{KEY}\u200b",
        f"\ufeff{KEY}",
        "ak_live_\u200b4f9B2c7D",
        f"\u00a0{KEY}\u202f",
        f"{KEY}\r\n",
        f"\n  {KEY}\n",
    ],
)
def test_pasted_key_is_understood(pasted):
    """Quotes, prefixes, the variable's name, invisible characters and line ends are not part of the key."""
    assert checked_key(pasted) == KEY


@pytest.mark.parametrize(
    "blank", [None, "", " ", '""', "Bearer ", "Api-Key", "ALLO_API_KEY=", "\u200b", "export ALLO_API_KEY=''"]
)
def test_wrapping_without_a_key_is_a_missing_key(blank):
    """What holds no key at all is told as missing."""
    with pytest.raises(MissingApiKeyError):
        checked_key(blank)


@pytest.mark.parametrize(
    "wrong",
    [
        "ak live secret",
        "ak_live_sécret",
        "ak_live_a\nsecret",
        "ak_live_secret…",
        "<secret-key>",
        "a,secret",
        "ak\x1bsecret",
    ],
)
def test_what_cannot_be_a_key_is_refused_unseen(wrong):
    """A clear error, which does not show what was pasted."""
    with pytest.raises(ConfigurationError, match="copying mistake") as caught:
        checked_key(wrong)

    assert "secret" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_key_or_an_error(text):
    """Whatever is pasted, the outcome is a key that a header can carry, or one of the two errors."""
    try:
        key = checked_key(text)
    except ConfigurationError:
        return
    assert key.isascii()
    assert key.isprintable()
    assert " " not in key
