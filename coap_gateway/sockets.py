"""The sockets that the gateway listens on."""

import socket

from core_api.serving.addresses import Address

# Bytes that may wait for us; the kernel may grant less.
RECEIVE_BUFFER = 4 * 2**20


def udp(address: Address) -> socket.socket:
    """A bound datagram socket; an IPv6 one also for IPv4, by a mapped address."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        mapped = address.family == socket.AF_INET
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not mapped)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        sock.bind((f"::ffff:{address.host}" if mapped else address.host, address.port))
    except OSError:
        sock.close()
        raise
    return sock


def tcp(address: Address) -> socket.socket:
    """A bound stream socket."""
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address.host, address.port))
    except OSError:
        sock.close()
        raise
    return sock
