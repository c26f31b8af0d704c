"""One block of a body, and what it belongs to."""

import datetime as dt
from collections.abc import Hashable
from dataclasses import dataclass

from aiocoap import Message

from coap_gateway.blocks import Block, resumable_key, transfer_key
from coap_gateway.endpoints import host_of, peer_of
from coap_gateway.requests import Call
from core_api.uploads.head import KEPT, Target


@dataclass(frozen=True, slots=True)
class Part:
    """One request with a Block1 option.

    `key` is that of its transfer, `peer` the address and port, `received` the clock (UTC);
    `announced` is the Size1 option, in bytes. `resumable` says that the transfer may be continued
    from other endpoints; `host` is the address alone.
    """

    key: bytes
    peer: Hashable
    block: Block
    payload: bytes
    received: dt.datetime
    announced: int | None = None
    resumable: bool = False
    host: str = ""
    call: Call | None = None

    @property
    def target(self) -> Target:
        """The request, as it is kept to go on without this process."""
        if self.call is None:
            return Target("", "")
        headers = {name: self.call.headers[name] for name in KEPT if name in self.call.headers}
        return Target(self.call.method, self.call.path, self.call.query, headers)


def part_of(request: Message, call: Call, block: Block, received: dt.datetime) -> Part:
    """The block that a request carries."""
    key = resumable_key(request)
    return Part(
        key or transfer_key(request),
        peer_of(request),
        block,
        request.payload,
        received,
        call.size1,
        resumable=key is not None,
        host=host_of(request),
        call=call,
    )
