"""The sockets that the gateway listens on."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack

from core_api.serving.addresses import Address

# Bytes that may wait for us; the kernel may grant less.
RECEIVE_BUFFER = 4 * 2**20
# Connections that may wait to be accepted.
BACKLOG = 100


def groups(addresses: Sequence[Address], number: int) -> list[list[socket.socket]]:
    """The sockets of each of so many processes; OSError where an address cannot be bound.

    For every address each has a datagram socket of its own, among which the kernel spreads the
    peers, and all have the same listening one.
    """
    with ExitStack() as opened:
        groups: list[list[socket.socket]] = [[] for _ in range(number)]
        for address in addresses:
            stream = opened.enter_context(tcp(address))
            for index, group in enumerate(groups):
                datagrams = opened.enter_context(udp(address, shared=index > 0))
                # Only now: who else held the address has made the first bind fail.
                datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, number > 1)
                group += [datagrams, stream]
        opened.pop_all()
    return groups


def udp(address: Address, *, shared: bool = False) -> socket.socket:
    """A bound datagram socket; an IPv6 one also for IPv4, by a mapped address.

    A `shared` one joins others at its address that are willing (SO_REUSEPORT).
    """
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        mapped = address.family == socket.AF_INET
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not mapped)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
        sock.bind((f"::ffff:{address.host}" if mapped else address.host, address.port))
    except OSError:
        sock.close()
        raise
    return sock


def tcp(address: Address) -> socket.socket:
    """A listening stream socket."""
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address.host, address.port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
