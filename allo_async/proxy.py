"""The proxy that the environment names, `HTTPS_PROXY` and its like, in either case."""

import urllib.request

from yarl import URL

from allo_async.errors import ConfigurationError, InsecureUrlError

_UNDERSTOOD = {"http", "https"}


def environment_proxy(url: URL) -> str | None:
    """Return the proxy on the way to *url*, `None` for the direct way; the machine itself is never behind one.

    Raises:
        ConfigurationError: It is of a kind that is not understood, or no URL. The error shows no user and no password.
    """
    # Not aiohttp's trust_env: that reads ~/.netrc too, and refuses a request that already has its Authorization.
    name, given = _named(url)
    return None if name is None else _checked(given, f"{name.upper()}_PROXY")


def check_session(url: URL, session: object) -> None:
    """Refuse a *session* of the caller's that would hand plain HTTP for this machine to the environment's proxy.

    Raises:
        InsecureUrlError: It would: aiohttp's `trust_env` does so unless `NO_PROXY` names the machine.
    """
    if url.scheme == "http" and getattr(session, "trust_env", False) and _named(url)[0] is not None:
        raise InsecureUrlError(
            f"the session's trust_env would show the API key to the environment's proxy: let NO_PROXY name {url.host}"
        )


def _named(url: URL) -> tuple[str | None, str]:
    """Return the kind of proxy that the environment names on the way to *url*, if any, and its address."""
    proxies = urllib.request.getproxies()
    names = () if _bypassed(url, proxies.get("no", "")) else (url.scheme, "all")
    return next(((name, proxies[name]) for name in names if proxies.get(name)), (None, ""))


def _bypassed(url: URL, without: str) -> bool:
    host = (url.host or "").lower()
    # `*.acme.example` is what many write for all hosts of a domain.
    domains = [entry.strip().lower()[1:] for entry in without.split(",") if entry.strip().startswith("*.")]
    return bool(urllib.request.proxy_bypass(f"{host}:{url.port}")) or any(host.endswith(domain) for domain in domains)


def _checked(given: str, variable: str) -> str:
    proxy = given.strip() if "://" in given else f"http://{given.strip()}"
    scheme = proxy.partition("://")[0].lower()
    if scheme.startswith("socks"):
        raise ConfigurationError(
            f"{variable} names a SOCKS proxy, which is not supported: name an HTTP proxy, as in http://proxy.example:3128,"
            " or let NO_PROXY name the host"
        )
    try:
        read = URL(proxy)
        usable = (
            scheme in _UNDERSTOOD
            and bool(read.host and read.port)
            and read.path == "/"
            and ":" not in (read.user or "")
        )
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(f"{variable} is not the address of a proxy: write it as in http://proxy.example:3128")
    return proxy
