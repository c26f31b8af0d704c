"""Trusted networks, and which addresses are one peer."""

import dataclasses
from ipaddress import ip_network

import pytest

from coap_gateway.limits import Limits
from coap_gateway.networks import Networks

TRUSTED = (ip_network("127.0.0.0/8"), ip_network("2001:db8:1::/48"))


@pytest.fixture
def networks(limits: Limits) -> Networks:
    return Networks(dataclasses.replace(limits, trusted_networks=TRUSTED, ipv6_prefix=64))


@pytest.mark.parametrize(
    ("host", "peer"),
    [
        ("127.0.0.1", None),
        ("::ffff:127.3.2.1", None),
        ("2001:db8:1:2::3", None),
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:2:3:4:5:6:7", "2001:db8:2:3::/64"),
        ("2001:db8:2:3::", "2001:db8:2:3::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_the_peer_of_an_address(networks: Networks, host: str, peer: str | None) -> None:
    assert networks.group(host) == peer
    assert networks.trusts(host) == (peer is None)
