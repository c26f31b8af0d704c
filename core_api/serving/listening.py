"""Where the doors may listen: what the settings say, checked before anything starts."""

import errno
import socket
from collections.abc import Iterable

from django.conf import settings

from core_api.serving.addresses import Address, parse

_KINDS = {socket.SOCK_STREAM: "TCP", socket.SOCK_DGRAM: "UDP"}


class CannotListen(Exception):
    """A door cannot be opened; the message is one sentence that says what to do."""


def http_address() -> Address:
    """Where HTTP listens; CannotListen unless it is well formed, permitted and free."""
    address = _permitted(settings.COAPTURE_HTTP, "--http")
    _check_free(address, socket.SOCK_STREAM, "--http")
    return address


def coap_addresses() -> list[Address]:
    """Where CoAP listens, UDP and TCP; CannotListen unless all are permitted and free.

    [::1] beside other addresses is left out on a machine that has no IPv6.
    """
    written = settings.COAPTURE_COAP
    addresses = list(dict.fromkeys(_permitted(text, "--coap") for text in written))
    if len(addresses) > 1 and not _has_ipv6():
        addresses = [address for address in addresses if address.host != "::1"]
    for address in addresses:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            _check_free(address, kind, "--coap")
    return addresses


def written(addresses: Iterable[Address]) -> str:
    """The addresses as COAPTURE_COAP lists them."""
    return ",".join(str(address) for address in addresses)


def _permitted(text: str, option: str) -> Address:
    try:
        address = parse(text)
    except ValueError as error:
        raise CannotListen(f"{option}: {error}") from None
    if not address.is_loopback and not settings.COAPTURE_OPEN:
        raise CannotListen(
            f"{option}: other machines can reach {address}, and whoever reaches it may write; "
            "add --open (or ACCESS=open) if that is what you want, or listen on 127.0.0.1."
        )
    return address


def _check_free(address: Address, kind: socket.SocketKind, option: str) -> None:
    """CannotListen when the address cannot be bound; the servers' SO_REUSEPORT would share it."""
    try:
        with socket.socket(address.family, kind) as probe:
            if kind == socket.SOCK_STREAM:
                # Connections of an earlier run that linger in TIME_WAIT do no harm.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address.host, address.port))
    except OSError as error:
        raise CannotListen(f"{option}: {_why(error, address, _KINDS[kind])}") from None


def _why(error: OSError, address: Address, kind: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"{kind} {address} is taken; stop what listens there or choose another port."
        case errno.EACCES:
            return f"{kind} {address} needs more rights; choose a port above 1023."
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return f"{address.host} is no address of this machine."
    return f"{kind} {address} cannot be bound: {error.strerror}."


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
