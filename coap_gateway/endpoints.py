"""Who asks, and where the question came to."""

from collections.abc import Hashable

from aiocoap import Message

_MAPPED = "::ffff:"


def peer_of(request: Message) -> Hashable:
    """The address and port that the request came from."""
    key: Hashable = request.remote.blockwise_key[0][:2]
    return key


def host_of(request: Message) -> str:
    """The IP address that the request came from."""
    return str(request.remote.blockwise_key[0][0]).removeprefix(_MAPPED)


def origin_of(request: Message) -> str:
    """Scheme and authority that the request came to, such as "coap://[::1]"."""
    return str(request.remote.uri_base_local)
