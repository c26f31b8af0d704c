"""The sockets of an address."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

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


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """What is entered here is closed in the end."""
    with ExitStack() as stack:
        yield stack


def bind_groups(opened: ExitStack, address: Address, number: int) -> list[list[socket.socket]]:
    groups = sockets.groups([address], number)
    for group in groups:
        for one in group:
            opened.enter_context(one)
    return groups


def received(sock: socket.socket) -> set[int]:
    """The ports of those whose datagrams wait."""
    sock.setblocking(False)
    ports = set()
    while True:
        try:
            ports.add(sock.recvfrom(16)[1][1])
        except BlockingIOError:
            return ports


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_kernel_spreads_peers_over_a_group_and_each_keeps_its_socket(
    opened: ExitStack, host: str
) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no ::1")
    address = Address(host, free_port())
    groups = bind_groups(opened, address, 3)
    assert len({id(stream) for _, stream in groups}) == 1
    peers = [
        opened.enter_context(socket.socket(address.family, socket.SOCK_DGRAM)) for _ in "x" * 60
    ]
    rounds = []
    for _ in range(2):
        for peer in peers:
            peer.sendto(b"?", (host, address.port))
        rounds.append([received(datagrams) for datagrams, _ in groups])
    assert rounds[0] == rounds[1]
    assert all(rounds[0])
    assert sum(map(len, rounds[0])) == len(peers)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_stranger_who_would_share_is_not_joined(
    opened: ExitStack, number: int, kind: socket.SocketKind
) -> None:
    address = Address("127.0.0.1", free_port())
    stranger = opened.enter_context(socket.socket(type=kind))
    stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    stranger.bind((address.host, address.port))
    if kind == socket.SOCK_STREAM:
        stranger.listen()
    with pytest.raises(OSError, match="Address already in use"):
        sockets.groups([address], number)
    stranger.close()
    bind_groups(opened, address, number)


def test_one_process_shares_with_nobody(opened: ExitStack) -> None:
    address = Address("127.0.0.1", free_port())
    bind_groups(opened, address, 1)
    with pytest.raises(OSError, match="Address already in use"):
        sockets.udp(address, shared=True)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_all_addresses_of_ipv6_leave_ipv4_to_another_socket() -> None:
    port = free_port()
    six, four = Address("::", port), Address("0.0.0.0", port)
    with sockets.udp(six), sockets.udp(four), sockets.tcp(six), sockets.tcp(four) as stream:
        assert stream.family == socket.AF_INET
