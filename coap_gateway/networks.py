"""Which peers are trusted, and which addresses the limits count as one peer."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from coap_gateway.limits import Limits

# Addresses whose group is remembered; working it out takes microseconds.
REMEMBERED = 8192


class Networks:
    """The networks that are trusted; elsewhere the IPv6 addresses of one prefix are one peer."""

    def __init__(self, limits: Limits) -> None:
        self._trusted = limits.trusted_networks
        self._prefix = limits.ipv6_prefix
        self.group = lru_cache(maxsize=REMEMBERED)(self._group)

    def trusts(self, host: str) -> bool:
        """Whether the address, as a socket writes it, is in a trusted network."""
        return self.group(host) is None

    def _group(self, host: str) -> str | None:
        """The peer that an address counts for; None for a trusted one, which has no limits."""
        address = ip_address(host.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in network for network in self._trusted):
            return None
        if isinstance(address, IPv6Address):
            return str(ip_network((address, self._prefix), strict=False))
        return str(address)
