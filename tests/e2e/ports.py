"""Ports that are free, below those that the kernel gives to clients."""

import random
import socket

_KINDS = [
    (family, host, kind)
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
]


def has_ipv6() -> bool:
    """Whether this machine has ::1."""
    return _is_free(0, socket.AF_INET6, "::1", socket.SOCK_STREAM)


def free_port() -> int:
    """A port that nobody uses, in TCP and UDP, on 127.0.0.1 and (where there is one) ::1."""
    kinds = [kind for kind in _KINDS if kind[1] != "::1" or has_ipv6()]
    while True:
        port = random.randrange(20_000, 32_000)
        if all(_is_free(port, *kind) for kind in kinds):
            return port


def _is_free(port: int, family: int, host: str, kind: int) -> bool:
    try:
        with socket.socket(family, kind) as probe:
            probe.bind((host, port))
    except OSError:
        return False
    return True
