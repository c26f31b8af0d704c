"""The sockets of an address."""

import socket

import pytest

from coap_gateway import sockets
from core_api.serving.addresses import Address
from tests.e2e.ports import free_port, has_ipv6


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_they_are_bound(host: str) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no ::1")
    address = Address(host, free_port())
    with sockets.udp(address) as datagrams, sockets.tcp(address) as stream:
        name = f"::ffff:{host}" if "." in host else host
        assert datagrams.getsockname()[:2] == (name, address.port)
        assert stream.getsockname()[:2] == (host, address.port)


def test_a_port_that_is_taken() -> None:
    address = Address("127.0.0.1", free_port())
    with sockets.udp(address), sockets.tcp(address) as stream:
        stream.listen()
        for bind in (sockets.udp, sockets.tcp):
            with pytest.raises(OSError, match="Address already in use"):
                bind(address)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_all_addresses_of_ipv6_leave_ipv4_to_another_socket() -> None:
    port = free_port()
    six, four = Address("::", port), Address("0.0.0.0", port)
    with sockets.udp(six), sockets.udp(four), sockets.tcp(six), sockets.tcp(four) as stream:
        assert stream.family == socket.AF_INET
