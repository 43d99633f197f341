"""What a server is called in identities: its declared name, else its address without what changes nothing."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

IDENTIFIES_ONLY = True
"""What is here computes no outcome: the digests of code (``eval.core.code``) do not follow it."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_loopback(base_url: str) -> bool:
    """Whether an address is this machine's own."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def address(base_url: str) -> str:
    """A server's address for a message: with its port, and without user information and query."""
    url = urlsplit(base_url.strip())
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path.rstrip('/')}"


def served_as(base_url: str, declared: str | None = None) -> str:
    """The identity of the server behind a URL.

    A declared name holds whatever the address is. Without one it is the address: no credentials (user information,
    query), no default port, no trailing slash. The port of a loopback address is left out, because a job that starts
    its own server takes a free one each time; two different servers on one machine need declared names or paths.
    """
    if declared:
        return declared
    url = urlsplit(base_url.strip())
    scheme, host = url.scheme.lower(), (url.hostname or "").rstrip(".")
    try:
        port = "" if url.port in (None, _DEFAULT_PORTS.get(scheme)) or is_loopback(base_url) else f":{url.port}"
    except ValueError:  # no number: whoever connects says so
        port = f":{url.netloc.rpartition(':')[2]}"
    path = re.sub(r"/{2,}", "/", url.path).rstrip("/")
    return f"{scheme}://{f'[{host}]' if ':' in host else host}{port}{path}"
