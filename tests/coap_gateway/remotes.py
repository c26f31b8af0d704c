"""Peers as aiocoap describes them, without sockets."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Remote:
    """What the gateway asks of a peer."""

    scheme: str = "coap"
    maximum_block_size_exp: int = 6
    maximum_payload_size: int = 1124
    blockwise_key: Any = (("::ffff:192.0.2.1", 40000, 0, 0), b"local")
    uri_base_local: str = "coap://192.0.2.9"


UDP = Remote()
# A peer with a Max-Message-Size of 4096 + 128 bytes (RFC 8323 section 5.3.1).
TCP = Remote(
    "coap+tcp", 7, 4196, (("192.0.2.1", None), ("192.0.2.9", None)), "coap+tcp://192.0.2.9"
)
