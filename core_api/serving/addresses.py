"""HOST:PORT, as options and the environment write it."""

import ipaddress
import re
import socket
from dataclasses import dataclass

_WRITTEN = re.compile(r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<name>[^\[\]:]+)):(?P<port>[0-9]{1,5})\Z")
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address of this machine (without brackets) and a port from 1 to 65535."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def family(self) -> socket.AddressFamily:
        """IPv4 or IPv6."""
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def reachable(self) -> "Address":
        """Where this machine itself reaches it: of a wildcard the loopback address."""
        return Address(_WILDCARDS.get(self.host, self.host), self.port)

    def authority(self, default_port: int) -> str:
        """Host and port as a URI has them (RFC 3986 section 3.2), without the default port."""
        return _bracketed(self.host) if self.port == default_port else str(self)


def parse(text: str) -> Address:
    """The address that the text names; a name of a host is looked up, IPv4 first.

    Raises ValueError with a sentence about what is wrong.
    """
    match = _WRITTEN.match(text)
    port = int(match["port"]) if match else 0
    if match is None or not 1 <= port <= 65535:
        raise ValueError(f"{text!r} is no HOST:PORT, such as 127.0.0.1:8000 or [::1]:8000.")
    return Address(_look_up(match["v6"] or match["name"]), port)


def _look_up(host: str) -> str:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ValueError(f"{host!r} is no address or name that this machine knows.") from None
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return str(found[0][4][0])


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
