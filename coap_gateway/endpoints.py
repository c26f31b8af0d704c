"""Who asks, and where the question came to."""

from collections.abc import Hashable
from typing import Any

from aiocoap import Message

_MAPPED = "::ffff:"
# The address of a `struct in6_pktinfo` (RFC 3542), and IPv4 addresses in it.
_ADDRESS = slice(0, 16)
_MAPPED_BYTES = bytes(10) + b"\xff\xff"
_BROADCAST = b"\xff" * 4


def peer_of(request: Message) -> Hashable:
    """The address and port that the request came from."""
    return peer_at(request.remote)


def peer_at(remote: Any) -> Hashable:
    """The peer's address and port."""
    key: Hashable = remote.blockwise_key[0][:2]
    return key


def host_of(request: Message) -> str:
    """The IP address that the request came from."""
    return str(request.remote.blockwise_key[0][0]).removeprefix(_MAPPED)


def origin_of(request: Message) -> str:
    """Scheme and authority that the request came to, such as "coap://[::1]"."""
    return str(request.remote.uri_base_local)


def is_group(pktinfo: bytes | None) -> bool:
    """Whether a datagram came to many (multicast or broadcast); `pktinfo` names where it came to.

    Nothing is answered to a group here (RFC 7252 section 8.2 forbids most of it).
    """
    if pktinfo is None:
        return False
    address = pktinfo[_ADDRESS]
    if address[:12] != _MAPPED_BYTES:
        return address[0] == 0xFF
    return address[12] >> 4 == 0xE or address[12:] == _BROADCAST
