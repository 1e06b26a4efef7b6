"""The settings of one client: a frozen value, and the only reader of the environment."""

import ipaddress
import os

import attrs
from yarl import URL

from allo_async.api_key import ApiKey
from allo_async.errors import ConfigurationError, InsecureUrlError
from allo_async.models import QUEUE_CAPACITY
from allo_async.proxy import environment_proxy
from allo_async.validators import seconds, whole

#: Where the API lives, as its OpenAPI document says.
DEFAULT_BASE_URL = "https://api.withallo.com"

#: Seconds for one attempt, from asking for a connection to the last byte of the answer.
DEFAULT_TIMEOUT = 30.0

#: Seconds from a request's first failure within which it may be tried again.
DEFAULT_RETRY_BUDGET = 60.0

#: Seconds of a pause that the server may ask for; a longer one is taken for a mistake, as a Unix time is.
DEFAULT_MAX_RETRY_AFTER = 3600.0

#: Bytes of one answer; a full chunk's is well below 1 MiB.
DEFAULT_MAX_REPLY_BYTES = 4 * 1024 * 1024


@attrs.frozen(kw_only=True)
class Settings:
    """The settings of one client, checked.

    Attributes:
        api_key: The key, in no repr.
        base_url: The API's root, without a trailing slash.
        timeout: Seconds for one attempt.
        retry_budget: Seconds from a request's first failure within which it may be tried again.
        max_reply_bytes: The largest answer that is read.
        queue_capacity: Numbers that a queue holds, until the server says otherwise.
        max_retry_after: The longest pause that is believed, in seconds.
        proxy: The proxy to go through, in no repr since it may carry a password.
    """

    api_key: ApiKey = attrs.field(repr=False)
    base_url: URL
    timeout: float = attrs.field(default=DEFAULT_TIMEOUT, validator=seconds(above_zero=True))
    retry_budget: float = attrs.field(default=DEFAULT_RETRY_BUDGET, validator=seconds())
    max_reply_bytes: int = attrs.field(default=DEFAULT_MAX_REPLY_BYTES, validator=whole())
    queue_capacity: int = attrs.field(default=QUEUE_CAPACITY, validator=whole())
    max_retry_after: float = attrs.field(
        default=DEFAULT_MAX_RETRY_AFTER, validator=seconds(above_zero=True, finite=True)
    )
    proxy: str | None = attrs.field(default=None, repr=False)

    @classmethod
    def resolve(
        cls,
        *,
        api_key: str | None,
        base_url: str | None,
        timeout: float,
        retry_budget: float,
        max_reply_bytes: int,
        trust_env: bool,
        queue_capacity: int = QUEUE_CAPACITY,
        max_retry_after: float = DEFAULT_MAX_RETRY_AFTER,
    ) -> "Settings":
        """Fill what was not given from the environment, and check everything.

        Raises:
            MissingApiKeyError: There is no key.
            InsecureUrlError: The base URL would carry the key in the clear.
            ConfigurationError: Any other setting that is of no use.
        """
        url = _checked_url(base_url or os.environ.get("ALLO_BASE_URL") or DEFAULT_BASE_URL)
        return cls(
            api_key=ApiKey(api_key if api_key is not None else os.environ.get("ALLO_API_KEY")),
            base_url=url,
            timeout=timeout,
            retry_budget=retry_budget,
            max_reply_bytes=max_reply_bytes,
            queue_capacity=queue_capacity,
            max_retry_after=max_retry_after,
            proxy=None if _is_loopback(url.host or "") or not trust_env else environment_proxy(url),
        )


def _checked_url(base_url: object) -> URL:
    if not isinstance(base_url, str):
        raise ConfigurationError(f"base_url must be a text, not {type(base_url).__name__}")
    try:
        url = URL(base_url.rstrip("/"))
    except ValueError:
        # yarl quotes the part that it cannot read, which may be that of a password.
        raise ConfigurationError("the base URL cannot be read: it must look like https://api.withallo.com") from None
    if url.scheme not in {"https", "http"} or not url.host:
        raise ConfigurationError("the base URL must look like https://api.withallo.com")
    if url.user or url.password or url.query_string or url.fragment:
        raise ConfigurationError("the base URL may hold a scheme, a host, a port and a path, and nothing else")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise InsecureUrlError(
            f"plain HTTP to {url.host} would show the API key to the network: use https (http is for loopback only)"
        )
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
