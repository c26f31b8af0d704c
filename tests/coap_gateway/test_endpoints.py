"""Where a datagram came to."""

import socket

import pytest

from coap_gateway.endpoints import is_group


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("::1", False),
        ("fe80::1", False),
        ("ff02::fd", True),
        ("ff05::fd", True),
        ("::ffff:127.0.0.1", False),
        ("::ffff:223.255.255.255", False),
        ("::ffff:224.0.1.187", True),
        ("::ffff:239.1.2.3", True),
        ("::ffff:240.0.0.1", False),
        ("::ffff:255.255.255.255", True),
    ],
)
def test_groups(address: str, group: bool) -> None:
    pktinfo = socket.inet_pton(socket.AF_INET6, address) + bytes(4)
    assert is_group(pktinfo) is group


def test_a_destination_that_is_not_known() -> None:
    assert not is_group(None)
