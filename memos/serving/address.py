"""Where a server listens, and the token without which it answers nobody from outside."""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass

from memos.errors import ConfigError
from memos.secret_values import check_variable, key_from


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen and what clients must send.

    Raises:
        ConfigError: other machines can reach it and no token is asked for.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    """0 takes a free one; None: the choice of the kind of server."""
    token: str = ""
    """What clients must send as ``Authorization: Bearer``; empty: nothing."""

    def __post_init__(self) -> None:
        if self.port is not None and not 0 <= self.port < 65536:
            raise ConfigError(f"serve: --port {self.port} is no port")
        if not self.token and not this_machine_only(self.host):
            raise ConfigError(
                f"serve: host {self.host} can be reached from other machines; with --token-env name the variable that "
                "holds a token"
            )

    def admits(self, header: str | None) -> bool:
        """Whether the value of an ``Authorization`` header (None: there is none) is let in."""
        if not self.token:
            return True
        scheme, _, given = (header or "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self.token.encode())


def this_machine_only(host: str) -> bool:
    """Whether a host to listen on is reached from this machine alone. ``0.0.0.0`` and ``::`` are every address."""
    name = host.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def address(host: str, port: int | None, token_env: str | None) -> Address:
    """The address that a command line names; its token comes from a variable.

    Raises:
        ConfigError: the variable is not set, or the address needs a token.
    """
    check_variable(token_env, "--token-env")
    token = key_from(token_env, "--token-env")
    if token_env and not token:
        raise ConfigError(f"--token-env: the variable {token_env} is not set; export {token_env}=…")
    return Address(host, port, token)
